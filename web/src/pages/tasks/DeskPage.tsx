// One campaign's work, from enrolment to money: what is done, what is due now, and what comes next.
import { useEffect, useRef, useState } from "react";
import type { Hex } from "viem";
import { enrol, handIn, isOpened, keepPlace, openBatch, type Here } from "../../app/annotator";
import { keepCampaign, type Opened } from "../../app/campaign";
import { useChain } from "../../app/chain";
import { useLoad } from "../../app/load";
import { Link } from "../../app/router";
import { ApiError } from "../../api/client";
import { service } from "../../api/service";
import type { AssignmentAnswer } from "../../api/types";
import { database, type KeptBatch } from "../../store/database";
import { t } from "../../texts/en";
import { useUnit } from "../../ui/Amount";
import { useConfirm } from "../../ui/Confirm";
import { Fault } from "../../ui/Fault";
import { amountText, relativeText } from "../../ui/format";
import { Loading, Notice, Page, Section, StatusPill, Step } from "../../ui/parts";
import { TimeLine } from "../../ui/TimeLine";
import { seatOf, takesWork } from "../../wallet/chain";
import { lossRules } from "../Rules";
import { Connect, SignIn } from "./Account";
import { sliceOf } from "./PoolPage";
import { PracticeCard } from "./PracticeOffer";
import { useRules } from "./rules";
import { useWorking, type Working } from "./useAnnotator";

const POLL = 3_000;

export default function DeskPage({ parts }: { parts: Record<string, string> }) {
  const name = parts["campaign"] as Hex;
  const working = useWorking(name);
  const { opened, error, reload, now, here, signedIn } = working;
  useEffect(() => {
    if (opened && here) void keepCampaign(opened).catch(() => undefined);
    // Once a visit: the parameters never change.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [opened?.campaign.id, opened?.campaign.state.rosterRoot, here === null]);
  if (!opened) return error ? <Fault error={error} retry={reload} /> : <Loading />;
  const { campaign } = opened;
  return (
    <Page
      title={campaign.title ?? t.landing.untitled}
      crumb={{ href: "/tasks", text: t.desk.back }}
      wide={<StatusPill status={campaign.status} />}
    >
      {opened.kept && <Notice kind="warn" title={t.silent.kept} />}
      <TimeLine campaign={campaign} now={now} />
      {!here ? (
        <Section title={t.work.steps.connect}>
          <Connect />
        </Section>
      ) : !signedIn ? (
        <Section title={t.work.steps.signIn} note={t.work.signInWhy}>
          <SignIn />
        </Section>
      ) : (
        <Life working={working} opened={opened} here={here} />
      )}
      {(campaign.status === "created" || campaign.status === "open") && <PracticeCard lines={[campaign]} />}
      <nav className="row" aria-label={t.desk.about}>
        <Link className="button small" href={`/campaigns/${campaign.id}`}>
          {t.desk.about}
        </Link>
        <Link className="button small" href={`/tasks/${campaign.id}/silent`}>
          {t.desk.silent}
        </Link>
      </nav>
    </Page>
  );
}

type Assigned = AssignmentAnswer | "waiting" | "outside";

/** What is assigned; "waiting" before the draw, "outside" for whoever is not on the roster. */
async function assigned(name: Hex): Promise<Assigned> {
  try {
    return await service.assignment(name);
  } catch (fault) {
    if (fault instanceof ApiError && fault.slug === "refused") return "waiting";
    if (fault instanceof ApiError && fault.slug === "forbidden") return "outside";
    throw fault;
  }
}

function Life({ working, opened, here }: { working: Working; opened: Opened; here: Here }) {
  const { now, batches, reloadBatches } = working;
  const { campaign } = opened;
  const { account } = here.connected;
  const chain = useChain();
  const poll = here.site.development ? POLL : 15_000;
  const before = now < campaign.timeline.enrolEnd;
  const enrolled = useLoad(async () => isEnrolled(campaign.id), [campaign.id, account], before ? poll : 0);
  const work = useLoad(() => assigned(campaign.id), [campaign.id, account], poll);
  const receipts = useLoad(() => service.receipts(campaign.id), [campaign.id, account, batches?.length]);
  const seat = useLoad(async () => (chain ? seatOf(chain, here.site, campaign.pool, account) : null), [chain, account, campaign.pool]);

  useEffect(() => {
    if (chain && work.value && typeof work.value === "object") void keepPlace(chain, here, account).catch(() => undefined);
  }, [chain, work.value, here, account]);

  const isOutside = work.value === "outside";
  const isIn = enrolled.value || (work.value !== undefined && typeof work.value === "object");
  const { timeline, status } = campaign;
  const over = now >= timeline.commitEnd;
  const revealing = over && now < timeline.revealEnd && status === "open";
  const ended = status === "final" || status === "cancelled" || status === "expired";
  const unopened = batches?.some((batch) => batch.state !== "refused" && !isOpened(batch)) ?? false;
  const mark = (done: boolean, current: boolean) => (done ? "done" : current ? "now" : "later");
  const missing = (receipts.value ?? []).filter((each) => !batches?.some((batch) => batch.commitHash === each.commitHash)).length;

  return (
    <>
      {work.error !== undefined && <Fault error={work.error} retry={work.reload} />}
      {missing > 0 && (
        <Notice kind="warn" title={t.desk.elsewhere(missing)}>
          <Link href="/backup">{t.desk.toBackup}</Link>
        </Notice>
      )}
      <ol className="steps card">
        <Step number={1} state={mark(Boolean(isIn), !isOutside)} title={t.desk.steps.enrol}>
          {isIn ? <p>{t.desk.enrolled}</p> : isOutside ? <p>{t.desk.notEnrolled}</p> : <Enrol opened={opened} here={here} now={now} hasSeat={seat.value ? takesWork(seat.value) : true} done={enrolled.reload} />}
        </Step>
        <Step number={2} state={mark(over, Boolean(isIn))} title={t.desk.steps.label}>
          {isIn && !over && <Work work={work.value} opened={opened} here={here} now={now} />}
          {batches && batches.length > 0 && <Batches batches={batches} here={here} reload={reloadBatches} revealing={revealing} />}
        </Step>
        <Step number={3} state={mark(now >= timeline.revealEnd || ended || (over && !unopened), revealing)} title={t.desk.steps.open}>
          {isIn && <Opening working={working} here={here} opened={opened} revealing={revealing} unopened={unopened} />}
        </Step>
        <Step number={4} state={mark(status === "final", now >= timeline.revealEnd && !ended)} title={t.desk.steps.settle}>
          {status === "final" && <p>{t.desk.final}</p>}
          {status === "proposed" && <p>{t.desk.proposed(relativeText(timeline.finalExpected ?? now, now))}</p>}
          {status === "open" && now >= timeline.revealEnd && <p className="quiet">{t.desk.settling}</p>}
        </Step>
        <Step number={5} state={mark(false, status === "final")} title={t.desk.steps.paid}>
          {status === "final" && (
            <Link className="button primary" href="/earnings">
              {t.desk.toEarnings}
            </Link>
          )}
        </Step>
      </ol>
      {batches && batches.some((batch) => !isOpened(batch)) && (
        <Notice title={t.desk.keepBackup}>
          <Link href="/backup">{t.desk.toBackup}</Link>
        </Notice>
      )}
    </>
  );
}

async function isEnrolled(name: Hex): Promise<boolean> {
  return (await service.everyEarning()).some((each) => each.campaign === name);
}

function Enrol({ opened, here, now, hasSeat, done }: { opened: Opened; here: Here; now: number; hasSeat: boolean; done: () => Promise<void> }) {
  const { campaign } = opened;
  const { spec, missing } = useRules(opened);
  const confirm = useConfirm();
  const unit = useUnit(campaign.token);
  const ends = campaign.timeline.enrolEnd - campaign.params.schedule.grace;
  if (!hasSeat) {
    return (
      <Notice kind="warn" title={t.desk.needSeat}>
        <Link href={`/tasks/pools/${campaign.pool}`}>{t.desk.toPool}</Link>
      </Notice>
    );
  }
  if (campaign.status === "created") return <p className="quiet">{t.desk.notAccepted}</p>;
  if (now >= ends) return <p className="quiet">{t.desk.enrolOver}</p>;
  if (!spec) return missing;
  if (!unit) return <Loading />;
  const most = amountText(sliceOf(campaign), unit, unit.decimals);
  const words = t.desk.enrolWords;
  const start = async () => {
    await confirm({
      title: words.title,
      lines: words.lines(campaign.title ?? campaign.id, most, lossRules(spec)),
      exact: `Enrol\ncampaignId: ${campaign.id}`,
      yes: words.yes,
      run: (tell) => enrol(here, tell),
    });
    await done();
  };
  return (
    <>
      <p>{t.desk.enrolWhy(most)}</p>
      <p className="quiet">{t.desk.enrolUntil(relativeText(ends, now))}</p>
      <button type="button" className="button primary" onClick={() => void start()}>
        {t.desk.enrol}
      </button>
    </>
  );
}

function Work({ work, opened, here, now }: { work: Assigned | undefined; opened: Opened; here: Here; now: number }) {
  const { campaign } = opened;
  const draft = useLoad(() => database.draft(campaign.id, here.connected.account), [campaign.id, here.connected.account]);
  if (work === undefined) return <Loading />;
  if (work === "outside") return <p>{t.desk.noPart}</p>;
  if (work === "waiting") return <p className="quiet">{t.desk.waitSeed(relativeText(campaign.timeline.workStart, now))}</p>;
  if (work.round == null) return <p className="quiet">{t.desk.waitNext(relativeText(work.opensAt ?? campaign.timeline.workStart, now))}</p>;
  if (!work.takesBatches) {
    const closed = work.closesAt != null && now >= work.closesAt;
    return <p className="quiet">{closed ? t.desk.waitNext(relativeText(work.endsAt ?? now, now)) : t.desk.waitRound}</p>;
  }
  const open = Math.min(work.openCount, work.limit - work.committed);
  const answered = draft.value?.answers.filter(([item]) => work.items.some((each) => each.index === item)).length ?? 0;
  if (open <= 0) return <p className="quiet">{t.desk.openNone}</p>;
  return (
    <>
      <p>
        <strong>{t.desk.open(open)}</strong> <span className="quiet">{t.desk.closes(relativeText(work.closesAt ?? now, now))}</span>
      </p>
      <Link className="button primary" href={`/tasks/${campaign.id}/label`}>
        {answered ? t.desk.goOn(answered, open) : t.desk.label}
      </Link>
    </>
  );
}

function Batches({ batches, here, reload, revealing }: { batches: readonly KeptBatch[]; here: Here; reload: () => Promise<void>; revealing: boolean }) {
  return (
    <div className="stack tight fill">
      <h4 className="quiet small-text">{t.desk.batches}</h4>
      <ul className="plain-list stack tight">
        {batches.map((batch) => (
          <BatchLine key={batch.commitHash} batch={batch} here={here} reload={reload} revealing={revealing} />
        ))}
      </ul>
    </div>
  );
}

/** By whom: the oracle signed for it, or it stands on the chain. */
export function openedText({ openingReceipt }: Pick<KeptBatch, "openingReceipt">): string {
  return openingReceipt === "0x" ? t.desk.openedOnChain : t.desk.opened;
}

const STATES = { sealed: "bad", received: "live", refused: "bad", alone: "waiting" } as const;

function BatchLine({ batch, here, reload, revealing }: { batch: KeptBatch; here: Here; reload: () => Promise<void>; revealing: boolean }) {
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const run = async (act: () => Promise<unknown>) => {
    setBusy(true);
    setError(undefined);
    await act().catch(setError);
    setBusy(false);
    await reload();
  };
  return (
    <li className="stack tight">
      <div className="row">
        <strong>{t.desk.batch(batch.commit.batch)}</strong>
        <span className="quiet">{t.desk.labels(batch.items.length)}</span>
        <span className={`pill ${STATES[batch.state]}`}>{isOpened(batch) ? openedText(batch) : t.desk.states[batch.state]}</span>
        {batch.state === "sealed" && (
          <button type="button" className="button small" disabled={busy} onClick={() => void run(() => handIn(here, batch, () => undefined))}>
            {t.desk.handIn}
          </button>
        )}
        {revealing && batch.state === "received" && !isOpened(batch) && (
          <button type="button" className="button small" disabled={busy} onClick={() => void run(() => openBatch(here, batch))}>
            {t.desk.openNow}
          </button>
        )}
      </div>
      {error !== undefined && <Fault error={error} />}
    </li>
  );
}

/** Opens what is due as soon as the reveal begins: it needs no signature, only this browser. */
function Opening({ working, here, opened, revealing, unopened }: { working: Working; here: Here; opened: Opened; revealing: boolean; unopened: boolean }) {
  const { batches, reloadBatches, now } = working;
  const { timeline } = opened.campaign;
  const [error, setError] = useState<unknown>();
  const running = useRef(false);
  useEffect(() => {
    const due = batches?.filter((batch) => batch.state === "received" && !isOpened(batch)) ?? [];
    if (!revealing || !due.length || running.current || error !== undefined) return;
    running.current = true;
    void (async () => {
      try {
        for (const batch of due) await openBatch(here, batch);
      } catch (fault) {
        setError(fault);
      } finally {
        running.current = false;
        await reloadBatches();
      }
    })();
  }, [batches, revealing, here, error, reloadBatches]);

  if (error !== undefined) return <Fault error={error} retry={() => setError(undefined)} />;
  if (!batches?.length) return null;
  if (!unopened) return <p>{t.desk.allOpened}</p>;
  if (revealing) return <p role="status">{t.desk.openAuto(relativeText(timeline.revealEnd, now))}</p>;
  if (now < timeline.commitEnd) return <p className="quiet">{t.desk.openLater(relativeText(timeline.commitEnd, now))}</p>;
  return <Notice kind="warn" title={t.desk.openMissed} />;
}

