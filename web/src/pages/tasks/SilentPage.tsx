// Without the oracle: what it owes the visitor, and every call that makes up for it, straight to the chain.
import type { Hex } from "viem";
import { findIncluded, isCommitted, isRevealed, keepPlace, openingOf, sealBatch, standing, type Here } from "../../app/annotator";
import { paramsOf, type Opened } from "../../app/campaign";
import { useChain } from "../../app/chain";
import { useLoad } from "../../app/load";
import { registryAbi } from "../../protocol/abi";
import { fitting, labelBytes } from "../../protocol/commitments";
import type { Form } from "../../protocol/labels";
import { database, type KeptBatch } from "../../store/database";
import { t } from "../../texts/en";
import { useConfirm } from "../../ui/Confirm";
import { Fault, ToldError } from "../../ui/Fault";
import { relativeText } from "../../ui/format";
import { Card, Loading, Notice, Page, Section } from "../../ui/parts";
import { registryCall } from "../../wallet/join";
import { send, type ContractCall } from "../../wallet/send";
import { lossRules } from "../Rules";
import { Connect } from "./Account";
import { ClaimCard, ProposeCard } from "./FromFile";
import { told } from "./PoolPage";
import { useRules } from "./rules";
import { useWorking } from "./useAnnotator";

const ZERO = `0x${"0".repeat(64)}`;

export default function SilentPage({ parts }: { parts: Record<string, string> }) {
  const name = parts["campaign"] as Hex;
  const { opened, error, reload, here, form, now, batches, reloadBatches } = useWorking(name);
  if (!opened) return error ? <Fault error={error} retry={reload} /> : <Loading />;
  const { campaign } = opened;
  return (
    <Page title={t.silent.title} crumb={{ href: `/tasks/${campaign.id}`, text: campaign.title ?? t.label.back }} lead={t.silent.lead}>
      {opened.kept && <Notice kind="warn" title={t.silent.kept} />}
      {!here && (
        <Section title={t.silent.needWallet}>
          <Connect />
        </Section>
      )}
      {here && batches && <Due {...{ opened, here, form, now, batches }} reload={async () => Promise.all([reload(), reloadBatches()]).then(() => undefined)} />}
      <div className="stack">
        <ClaimCard campaign={campaign} reload={async () => void (await reload())} />
        <ProposeCard campaign={campaign} spec={opened.spec} now={now} reload={async () => void (await reload())} />
      </div>
    </Page>
  );
}

interface DueProps {
  opened: Opened;
  here: Here;
  form: Form | null;
  now: number;
  batches: readonly KeptBatch[];
  reload: () => Promise<void>;
}

/** Where a batch stands on chain. */
interface OnChain {
  batch: KeptBatch;
  committed: boolean;
  included: boolean;
  opened: boolean;
  receiptEnd: bigint;
  roundPosted: boolean;
}

function Due({ opened, here, form, now, batches, reload }: DueProps) {
  const { campaign } = opened;
  const { account } = here.connected;
  const chain = useChain();
  const { schedule } = campaign.params;
  const line = campaign.timeline;
  const standingBatches = batches.filter((batch) => batch.state !== "refused" || now < line.commitEnd);
  const { value, error, reload: again } = useLoad(
    async () => {
      if (!chain) return null;
      const placed = await keepPlace(chain, here, account).catch(() => false);
      const state = await chain.readContract({ address: here.site.registry, abi: registryAbi, functionName: "campaignOf", args: [campaign.id] });
      const rows = await Promise.all(standingBatches.map((batch) => whereabouts(batch)));
      return { placed, rosterPosted: state.rosterRoot !== ZERO, rows };
    },
    [chain, campaign.id, account, batches],
    here.site.development ? 3_000 : 20_000,
  );

  async function whereabouts(given: KeptBatch): Promise<OnChain> {
    const registry = here.site.registry;
    const batch = (await database.batch(given)) ?? given; // its place may have been found by an earlier look
    const committed = await isCommitted(chain!, here.site, batch);
    const included = committed || (await findIncluded(chain!, here, batch).catch(() => batch.proof !== null));
    const [revealed, receiptEnd, root] = await Promise.all([
      // Not every node gives logs from so far back: then what this browser knows stands.
      now >= line.commitEnd && isRevealed(chain!, here.site, batch).catch(() => batch.postedReveal),
      chain!.readContract({ address: registry, abi: registryAbi, functionName: "receiptEndOf", args: [batch.campaign, account, batch.commitHash] }),
      chain!.readContract({ address: registry, abi: registryAbi, functionName: "roundRootOf", args: [batch.campaign, batch.commit.round] }),
    ]);
    await keepFound(batch, committed, revealed);
    const opened = revealed || batch.openingReceipt !== "0x";
    return { batch, committed, included, opened, receiptEnd, roundPosted: root !== ZERO };
  }

  const after = async () => {
    await reload();
    await again();
  };
  if (!chain) return <Notice kind="warn" title={t.faults.noChain.what} />;
  if (error !== undefined) return <Fault error={error} retry={again} />;
  if (!value) return <Loading />;

  const roundEnd = (batch: KeptBatch) => line.workStart + (batch.commit.round + 1) * schedule.roundLength;
  const closeOf = (batch: KeptBatch) => roundEnd(batch) - schedule.grace;
  const canEnrol = !value.placed && campaign.status === "open" && now < line.enrolEnd && now >= line.enrolEnd - schedule.grace;
  const commits = value.rows.filter(({ batch, included }) => !included && now < roundEnd(batch) && (batch.state !== "received" || now >= closeOf(batch)));
  const receipts = value.rows.filter(({ batch, included, receiptEnd }) => !included && batch.receipt !== "0x" && receiptEnd === 0n && now >= line.commitEnd && now < line.revealEnd);
  const reveals = campaign.status === "open" && now >= line.commitEnd ? value.rows.filter(({ included, opened }) => included && !opened) : [];
  const draftDue = now >= line.workStart && now < line.commitEnd && value.placed;
  const common = { here, after };
  const nothing = !canEnrol && !commits.length && !receipts.length && !reveals.length;
  return (
    <Section title={t.silent.due}>
      {nothing && <Notice kind="good" title={t.silent.nothing} />}
      {canEnrol && <EnrolAlone {...common} opened={opened} />}
      {commits.map(({ batch }) => (
        <Call
          {...common}
          key={`commit ${batch.commitHash}`}
          title={t.silent.commit(batch.commit.batch)}
          todo={t.silent.commitTodo(relativeText(roundEnd(batch), now))}
          button={t.silent.commitAlone}
          lines={t.silent.commitAloneLines}
          call={() => commitCall(here, batch)}
        />
      ))}
      {receipts.map(({ batch }) => (
        <Call
          {...common}
          key={`receipt ${batch.commitHash}`}
          title={t.silent.receipt(batch.commit.batch)}
          todo={t.silent.receiptTodo}
          button={t.silent.postReceipt}
          lines={t.silent.postReceiptLines}
          call={async () => registryCall(here.site, "postReceipt", [paramsOf(campaign), account, batch.commitHash, batch.receipt])}
        />
      ))}
      {reveals.map(({ batch, committed }) => (
        <Call
          {...common}
          key={`reveal ${batch.commitHash}`}
          title={t.silent.reveal(batch.commit.batch)}
          todo={t.silent.revealTodo(relativeText(Math.max(line.revealEnd, now), now))}
          button={t.silent.postReveal}
          lines={t.silent.postRevealLines(batch.items.length)}
          call={() => revealCall(here, batch, committed)}
          done={async () => {
            const kept = (await database.batch(batch)) ?? batch;
            await database.saveBatch({ ...kept, postedReveal: true });
          }}
        />
      ))}
      {draftDue && form && <SealAlone {...{ here, form, now, opened, after }} />}
    </Section>
  );
}

function EnrolAlone({ opened, ...common }: { opened: Opened; here: Here; after: () => Promise<void> }) {
  const { spec, missing } = useRules(opened);
  if (!spec) return missing;
  const call = async () => registryCall(common.here.site, "enrol", [paramsOf(opened.campaign)]);
  return <Call {...common} title={t.silent.roster} todo={t.silent.rosterTodo} button={t.silent.enrolAlone} lines={t.silent.enrolAloneLines(lossRules(spec))} call={call} />;
}

interface CallProps {
  here: Here;
  title: string;
  todo: string;
  button: string;
  lines: readonly string[];
  call: () => Promise<ContractCall>;
  done?: () => Promise<unknown>;
  after: () => Promise<void>;
}

function Call({ here, title, todo, button, lines, call, done, after }: CallProps) {
  const confirm = useConfirm();
  const start = async () => {
    const went = await confirm({
      title: button,
      lines,
      yes: button,
      run: async (tell) => {
        await send(here.site, here.connected, await call(), told(tell));
        await done?.();
      },
    });
    if (went) await after();
  };
  return (
    <Card title={title}>
      <p>{todo}</p>
      <div className="row">
        <button type="button" className="button primary" onClick={() => void start()}>
          {button}
        </button>
      </div>
    </Card>
  );
}

/** What the chain has of a batch is kept as it is there, not as somebody meant to send it: the campaign's page goes by it. */
async function keepFound(batch: KeptBatch, committed: boolean, revealed: boolean): Promise<void> {
  const kept = (await database.batch(batch)) ?? batch;
  const state = committed ? "alone" : kept.state;
  if (state !== kept.state || revealed !== kept.postedReveal) await database.saveBatch({ ...kept, state, postedReveal: revealed });
}

async function commitCall(here: Here, batch: KeptBatch): Promise<ContractCall> {
  const place = await database.place(batch.campaign, batch.account);
  return registryCall(here.site, "commit", [paramsOf(here.campaign), batch.commit, place?.proof ?? []]);
}

async function revealCall(here: Here, given: KeptBatch, committed: boolean): Promise<ContractCall> {
  const batch = (await database.batch(given)) ?? given; // its place may have been found a moment ago
  if (!committed && !batch.proof) throw new ToldError(t.faults.reverts.NotIncluded);
  const { annotator, secret, items, labels } = openingOf(batch);
  const inclusion = { annotator, commit: batch.commit, signature: committed ? "0x" : batch.signature, proof: committed ? [] : batch.proof };
  return registryCall(here.site, "postReveal", [paramsOf(here.campaign), inclusion, secret, labelBytes(items, labels)]);
}

/** Answers that no oracle takes are sealed here, and go to the chain. */
function SealAlone({ here, form, now, opened, after }: { here: Here; form: Form; now: number; opened: Opened; after: () => Promise<void> }) {
  const { campaign } = opened;
  const { account } = here.connected;
  const { schedule, stakePerLabel } = campaign.params;
  const confirm = useConfirm();
  const draft = useLoad(() => database.draft(campaign.id, account), [campaign.id, account]);
  const drafted = draft.value?.answers ?? [];
  const answers = drafted.slice(0, fitting(drafted.map(([, answer]) => form.encode(answer))));
  if (!answers.length || !stakePerLabel) return null;
  const round = Math.floor((now - campaign.timeline.workStart) / schedule.roundLength);
  const start = async () => {
    const went = await confirm({
      title: t.silent.sealAlone,
      lines: t.silent.commitAloneLines,
      yes: t.silent.sealAlone,
      run: async (tell) => {
        const before = await standing(campaign.id, account);
        const last = before.at(-1)?.commit;
        const given = { nextBatch: last ? last.batch + 1 : 0, committed: last?.cumulativeCount ?? 0, alone: true };
        const batch = await sealBatch(here, form, round, new Map(answers), given, tell);
        await database.saveDraft({ ...draft.value!, answers: drafted.slice(answers.length), savedAt: Date.now() }, draft.value!);
        await send(here.site, here.connected, await commitCall(here, batch), told(tell));
      },
    });
    await draft.reload();
    if (went) await after();
  };
  return (
    <Card title={t.silent.draft}>
      <p>
        {t.silent.draftTodo} <strong>{t.desk.labels(answers.length)}</strong>
      </p>
      <div className="row">
        <button type="button" className="button" onClick={() => void start()}>
          {t.silent.sealAlone}
        </button>
      </div>
    </Card>
  );
}
