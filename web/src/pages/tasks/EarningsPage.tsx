// What work has come to: pending, claimable, paid; why labels were not paid; shares owned.
import { useMemo, useState } from "react";
import type { Address as AddressText, Hex } from "viem";
import { claimOf } from "../../app/claims";
import { loadSpec, MOST_ITEMS } from "../../app/campaign";
import { useChain } from "../../app/chain";
import { useList, useLoad } from "../../app/load";
import { Link } from "../../app/router";
import { useSite } from "../../app/site";
import { service } from "../../api/service";
import type { EarningsAnswer, ReasonAnswer } from "../../api/types";
import { Drawn, labelInShort } from "../../editor/Answered";
import { shareAbi } from "../../protocol/abi";
import { answerOr, type Answer, type Form } from "../../protocol/labels";
import { formOr, type Spec } from "../../protocol/spec";
import { t } from "../../texts/en";
import { AmountIn, Shares, useUnit } from "../../ui/Amount";
import { useConfirm } from "../../ui/Confirm";
import { Fault } from "../../ui/Fault";
import { amountText, countText, decimal, relativeText, sharesText } from "../../ui/format";
import { byName, GoesOn, Pager, usePages, type Mark } from "../../ui/Pages";
import { Figures, Loading, Notice, Page, Section, StatusPill } from "../../ui/parts";
import { purseOf, sharesOf } from "../../wallet/chain";
import { registryCall } from "../../wallet/join";
import { send } from "../../wallet/send";
import { useSession } from "../../wallet/session";
import { useWallet } from "../../wallet/wallet";
import { Connect, SignIn } from "./Account";
import { told } from "./PoolPage";

export default function EarningsPage() {
  const { connected } = useWallet();
  const { account } = useSession();
  return (
    <Page title={t.earnings.title} lead={t.earnings.lead}>
      {!connected ? (
        <Section title={t.work.steps.connect} note={t.work.connectWhy}>
          <Connect />
        </Section>
      ) : !account ? (
        <Section title={t.work.steps.signIn} note={t.work.signInWhy}>
          <SignIn />
        </Section>
      ) : (
        <All account={account} />
      )}
    </Page>
  );
}

const NOTHING: readonly EarningsAnswer[] = [];

function All({ account }: { account: AddressText }) {
  const site = useSite();
  const { value, error, reload } = useLoad(service.everyEarning, [account], site.development ? 3_000 : 20_000);
  const pages = usePages(value ?? NOTHING);
  if (!value) return error ? <Fault error={error} retry={reload} /> : <Loading />;
  const tokens = [...new Set(value.map((each) => each.token))];
  const datasets = [...new Set(value.map((each) => each.dataset))];
  return (
    <>
      {value.length === 0 && (
        <Notice title={t.earnings.empty}>
          <Link href="/tasks">{t.landing.start}</Link>
        </Notice>
      )}
      {pages.rows.map((each) => (
        <One key={each.campaign} earned={each} reload={reload} />
      ))}
      <Pager pages={pages} name={t.earnings.title} />
      {datasets.length > 0 && <Owned account={account} datasets={datasets} />}
      {tokens.map((token) => (
        <Credit key={token} token={token} account={account} />
      ))}
    </>
  );
}

function One({ earned, reload }: { earned: EarningsAnswer; reload: () => Promise<void> }) {
  const unit = useUnit(earned.token);
  const { value: campaign } = useLoad(() => service.campaign(earned.campaign), [earned.campaign, earned.status]);
  const settled = earned.leaf != null || earned.score != null;
  const now = campaign?.timeline.now;
  const claimable = BigInt(earned.claimable) > 0n || BigInt(earned.sharesClaimable) > 0n;
  return (
    <section className="card" aria-label={campaign?.title ?? earned.campaign}>
      <div className="row apart">
        <h2>
          <Link href={`/tasks/${earned.campaign}`}>{campaign?.title ?? "…"}</Link>
        </h2>
        <StatusPill status={earned.status} />
      </div>
      <Figures
        rows={[
          ...(!settled ? [[t.earnings.atMost, <AmountIn key="most" of={earned.atMost} unit={unit} />, t.desk.labels(earned.labels)] as const] : []),
          [t.earnings.pending, <AmountIn key="pending" of={earned.pending} unit={unit} />, expected(earned, now)],
          [t.earnings.claimable, <AmountIn key="claimable" of={earned.claimable} unit={unit} />],
          [t.earnings.paid, <AmountIn key="paid" of={earned.paid} unit={unit} />],
          [t.earnings.shares, <Shares key="shares" of={sharesIn(earned)} symbol="" />],
        ]}
      />
      {earned.score && (
        <p className="quiet">
          {t.earnings.score(earned.score.accepted, earned.score.labels, decimal(BigInt(Math.round((earned.score.skillQ16 * 100) / 65_536)), 2, 2))}
        </p>
      )}
      {BigInt(earned.slash) > 0n && unit && <Notice kind="bad" title={t.earnings.slash(amountText(earned.slash, unit, unit.decimals))} />}
      {claimable && <Claim earned={earned} reload={reload} />}
      {earned.score && earned.score.accepted < earned.score.labels + earned.score.unopened && <Reasons campaign={earned.campaign} digest={campaign?.specHash} items={campaign?.items} />}
      {earned.score && earned.score.accepted === earned.score.labels && earned.score.unopened === 0 && <p className="quiet">{t.earnings.allAccepted}</p>}
    </section>
  );
}

function expected(earned: EarningsAnswer, now: number | undefined) {
  return earned.expectedAt != null && now !== undefined ? t.earnings.expected(relativeText(earned.expectedAt, now)) : undefined;
}

function sharesIn(earned: EarningsAnswer): bigint {
  return BigInt(earned.sharesPending) + BigInt(earned.sharesClaimable) + BigInt(earned.sharesPaid);
}

function Claim({ earned, reload }: { earned: EarningsAnswer; reload: () => Promise<void> }) {
  const site = useSite();
  const chain = useChain();
  const { connected } = useWallet();
  const unit = useUnit(earned.token);
  const confirm = useConfirm();
  const claim = async () => {
    const shares = sharesText(earned.sharesClaimable);
    await confirm({
      title: t.earnings.words.title,
      lines: t.earnings.words.lines(amountText(earned.claimable, unit!, unit!.decimals), shares),
      yes: t.earnings.words.yes,
      run: async (tell) => {
        tell(t.earnings.words.proving);
        const campaign = await service.campaign(earned.campaign);
        const { call } = await claimOf(chain!, site, campaign, connected!.account);
        await send(site, connected!, call, told(tell));
      },
    });
    await reload();
  };
  if (!chain || !connected || !unit) return <Notice kind="warn" title={t.faults.noChain.what} />;
  return (
    <div className="stack tight">
      <div className="row">
        <button type="button" className="button primary" onClick={() => void claim()}>
          {t.earnings.claim}
        </button>
      </div>
      <p className="quiet small-text">{t.earnings.alsoAuto}</p>
    </div>
  );
}

const NONE: readonly ReasonAnswer[] = [];

function Reasons({ campaign, digest, items }: { campaign: Hex; digest: Hex | undefined; items: number | null | undefined }) {
  const { account } = useSession();
  const [soFar, setSoFar] = useState<readonly ReasonAnswer[]>();
  const { value: all, error, reload, ...reading } = useList((most) => service.reasons(campaign, most, setSoFar), [campaign]);
  const value = all ?? soFar;
  const { value: spec } = useLoad(async () => (digest && items && items <= MOST_ITEMS ? loadSpec(digest) : null), [digest, items]);
  const pages = usePages(value ?? NONE);
  const nameOf = (item: number) => spec?.items[item]?.name ?? t.audit.itemTitle(item);
  if (error !== undefined) return <Fault error={error} retry={reload} />;
  if (!value || !account) return <Loading />;
  if (!value.length) return null;
  return (
    <details>
      <summary>
        <strong>{t.earnings.reasons}</strong> <span className="quiet">({all && !reading.goOn ? countText(all.length) : t.earnings.soFar(countText(value.length))})</span>
      </summary>
      <div className="stack tight reasons">
        <p className="quiet small-text">{t.earnings.reasonsNote}</p>
        <div className="table-wrap" tabIndex={0} role="region" aria-label={t.earnings.reasons}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t.earnings.item}</th>
                <th scope="col">{t.earnings.yourAnswer}</th>
                <th scope="col">{t.earnings.winner}</th>
                <th scope="col">{t.earnings.others}</th>
                <th scope="col">{t.earnings.rule}</th>
              </tr>
            </thead>
            <tbody>
              {pages.rows.map((each, at) => (
                <ReasonRow key={`${each.batch}/${each.item}`} reason={each} campaign={campaign} spec={spec ?? null} name={nameOf(each.item)} mark={pages.mark(at)} />
              ))}
            </tbody>
          </table>
        </div>
        <Pager pages={pages} name={t.earnings.reasons} find={byName(value, (each) => [nameOf(each.item), String(each.item + 1)])} />
        <GoesOn {...reading} />
      </div>
    </details>
  );
}

function ReasonRow({ reason, campaign, spec, name, mark }: { reason: ReasonAnswer; campaign: Hex; spec: Spec | null; name: string; mark: Mark }) {
  const form = useMemo(() => (spec ? formOr(spec) : null), [spec]);
  const words = (label: Hex, text: string) => (form && label !== "0x" ? labelInShort(form, label) : text);
  return (
    <tr {...mark}>
      <td>
        <Link href={`/campaigns/${campaign}/audit/${reason.item}`}>{name}</Link>
      </td>
      <td>
        {words(reason.label, reason.text) || t.earnings.noAnswer}
        {form && spec?.items[reason.item] && <Drawn {...{ campaign, form }} config={spec.task.config} item={{ ...spec.items[reason.item]!, index: reason.item }} answers={drawnOf(form, reason)} />}
      </td>
      <td>{reason.verdict ? words(reason.verdict.winner, reason.verdict.winnerText) : "—"}</td>
      <td>{reason.votes.map((vote) => `${words(vote.label, vote.text)} × ${vote.count}`).join(", ") || "—"}</td>
      <td>
        {t.earnings.why[reason.why]} {t.earnings.gold[reason.gold]}
      </td>
    </tr>
  );
}

/** The annotator's label and the winner, as answers that can be drawn. */
function drawnOf(form: Form, { label, verdict }: ReasonAnswer): [string, Answer][] {
  const given: [string, Hex | undefined][] = [[t.earnings.yourAnswer, label], [t.earnings.winner, verdict?.winner]];
  return given.flatMap(([who, each]): [string, Answer][] => {
    const answer = each ? answerOr(form, each) : null;
    return answer === null ? [] : [[who, answer]];
  });
}

function Owned({ account, datasets }: { account: AddressText; datasets: readonly AddressText[] }) {
  const site = useSite();
  const chain = useChain();
  const { value } = useLoad(
    async () => {
      if (!chain) return null;
      return Promise.all(
        datasets.map(async (address) => {
          const read = { address, abi: shareAbi } as const;
          const [name, shares, claimable, token] = await Promise.all([
            chain.readContract({ ...read, functionName: "name" }),
            sharesOf(chain, address, account),
            chain.readContract({ ...read, functionName: "claimable", args: [account] }),
            chain.readContract({ ...read, functionName: "revenueToken" }),
          ]);
          return { address, name, shares, claimable, token };
        }),
      );
    },
    [chain, account, datasets.join()],
    site.development ? 3_000 : 20_000,
  );
  const held = value?.filter((each) => each.shares > 0n) ?? [];
  return (
    <Section title={t.earnings.owned} note={t.earnings.ownedNote}>
      {!held.length && <p className="quiet">{t.earnings.noneOwned}</p>}
      <div className="grid">
        {held.map((each) => (
          <OwnedCard key={each.address} {...each} />
        ))}
      </div>
    </Section>
  );
}

function OwnedCard({ address, name, shares, claimable, token }: { address: AddressText; name: string; shares: bigint; claimable: bigint; token: AddressText }) {
  const unit = useUnit(token);
  return (
    <Link className="card" href={`/own/${address}`}>
      <h3>{name}</h3>
      <Figures
        rows={[
          [t.earnings.shares, <Shares key="shares" of={shares} symbol="" />],
          [t.earnings.claimableRevenue, <AmountIn key="revenue" of={claimable} unit={unit} />],
        ]}
      />
    </Link>
  );
}

/** Payments that could not reach the wallet, and freed stakes, wait as credit. */
function Credit({ token, account }: { token: AddressText; account: AddressText }) {
  const site = useSite();
  const chain = useChain();
  const { connected } = useWallet();
  const confirm = useConfirm();
  const unit = useUnit(token);
  const { value, reload } = useLoad(async () => (chain ? purseOf(chain, site, token, account) : null), [chain, token, account], 10_000);
  if (!value || value.credit === 0n || !unit || !connected) return null;
  const amount = amountText(value.credit, unit, unit.decimals);
  const move = async () => {
    await confirm({
      title: t.pool.words.creditToWalletTitle,
      lines: t.pool.words.creditToWalletLines(amount),
      yes: t.pool.words.creditToWalletYes,
      run: async (tell) => {
        await send(site, connected, registryCall(site, "withdraw", [token, value.credit]), told(tell));
      },
    });
    await reload();
  };
  return (
    <Section title={t.earnings.credit}>
      <div className="row">
        <AmountIn of={value.credit} unit={unit} />
        <button type="button" className="button small" onClick={() => void move()}>
          {t.earnings.toWallet}
        </button>
      </div>
    </Section>
  );
}
