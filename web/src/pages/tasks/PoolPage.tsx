// Joining a pool: what it costs, what could be lost, and the way in. With a seat: refill, leave, withdraw.
import { useState } from "react";
import type { Hex } from "viem";
import { poolParamsOf } from "../../app/campaign";
import { useChain } from "../../app/chain";
import { useLoad } from "../../app/load";
import { Link } from "../../app/router";
import { useSite } from "../../app/site";
import type { CampaignAnswer, CampaignLine } from "../../api/types";
import { t } from "../../texts/en";
import { AmountIn, useUnit } from "../../ui/Amount";
import { useConfirm } from "../../ui/Confirm";
import { Fault } from "../../ui/Fault";
import { amountText, dateText, spanText } from "../../ui/format";
import { Address, Card, Facts, Figures, Loading, Notice, Page } from "../../ui/parts";
import { purseOf, seatOf, takesWork, type Purse, type Seat, type Unit } from "../../wallet/chain";
import { approvalsOf, approve, type Approval, type ApprovalStep } from "../../wallet/approve";
import { joinByPermit, permitOf, registryCall } from "../../wallet/join";
import { signTyped } from "../../wallet/request";
import { send, type ContractCall, type Stage } from "../../wallet/send";
import { useWallet } from "../../wallet/wallet";
import { Connect } from "./Account";
import { poolsOf } from "./pools";
import { PracticeCard } from "./PracticeOffer";
import { SeatPill } from "./WorkPage";

const NOBODY = "0x0000000000000000000000000000000000000000";

export default function PoolPage({ parts }: { parts: Record<string, string> }) {
  const site = useSite();
  const id = parts["pool"] as Hex;
  const { value, error, reload } = useLoad(async () => (await poolsOf(null, site, null, Infinity)).rows.find((each) => each.id === id) ?? null, [id, site]);
  if (value === undefined) return error ? <Fault error={error} retry={reload} /> : <Loading />;
  if (value === null) return <Notice title={t.faults.problems["not-found"]} />;
  return <Shown id={id} campaign={value.sample} lines={value.campaigns} />;
}

function Shown({ id, campaign, lines }: { id: Hex; campaign: CampaignAnswer; lines: readonly CampaignLine[] }) {
  const site = useSite();
  const chain = useChain();
  const { connected } = useWallet();
  const unit = useUnit(campaign.poolParams.token);
  const { value, error, reload } = useLoad(
    async () => {
      if (!chain || !connected) return null;
      const [purse, seat] = await Promise.all([
        purseOf(chain, site, campaign.poolParams.token, connected.account),
        seatOf(chain, site, id, connected.account),
      ]);
      return { purse, seat };
    },
    [chain, connected?.account, id],
    site.development ? 2_000 : 10_000,
  );
  const seated = Boolean(value && value.seat.fullSince !== 0);
  const here = value && unit ? { id, campaign, unit, reload, ...value } : null;
  return (
    <Page
      title={seated ? t.pool.titleSeat : t.pool.title}
      crumb={{ href: "/tasks", text: t.pool.back }}
      wide={value && <SeatPill seat={value.seat} />}
    >
      <div className="columns">
        <div className="stack">
          <Rules campaign={campaign} unit={unit} />
          <Lose campaign={campaign} unit={unit} />
        </div>
        <div className="stack">
          {!connected && (
            <Card title={t.connect.choose}>
              <Connect />
            </Card>
          )}
          {error !== undefined && <Fault error={error} retry={reload} />}
          {connected && !chain && <Notice kind="warn" title={t.faults.noChain.what} />}
          {here && (seated ? <SeatCard {...here} /> : <JoinCard {...here} />)}
          <PracticeCard lines={lines} />
        </div>
      </div>
    </Page>
  );
}

interface Here {
  id: Hex;
  campaign: CampaignAnswer;
  unit: Unit;
  purse: Purse;
  seat: Seat;
  reload: () => Promise<void>;
}

function Rules({ campaign, unit }: { campaign: CampaignAnswer; unit: Unit | null | undefined }) {
  const pool = campaign.poolParams;
  return (
    <Card>
      <Figures
        rows={[
          [t.pool.stake, <AmountIn key="stake" of={pool.seatStake} unit={unit} />],
          [t.pool.slice, <AmountIn key="slice" of={sliceOf(campaign)} unit={unit} />],
          [t.pool.unbonding, spanText(pool.unbonding)],
          [t.pool.most, pool.maxOpen],
        ]}
      />
      <Facts
        rows={[
          [t.campaign.facts.oracle, <Address key="oracle" of={pool.oracle} />],
          [t.campaign.facts.token, <Address key="token" of={pool.token} />],
          [t.campaign.arbitratorName, pool.arbitrator === NOBODY ? t.none : <Address key="arbitrator" of={pool.arbitrator} />],
        ]}
      />
    </Card>
  );
}

export function sliceOf(campaign: CampaignAnswer): bigint {
  const { seatStake, maxOpen } = campaign.poolParams;
  return maxOpen ? BigInt(seatStake) / BigInt(maxOpen) : 0n;
}

function Lose({ campaign, unit }: { campaign: CampaignAnswer; unit: Unit | null | undefined }) {
  if (!unit) return null;
  const pool = campaign.poolParams;
  const [stake, slice] = [amountText(pool.seatStake, unit, unit.decimals), amountText(sliceOf(campaign), unit, unit.decimals)];
  return (
    <Card title={t.pool.lose}>
      <ul>
        {t.pool.loseLines(stake, slice, pool.maxOpen, spanText(pool.unbonding)).map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </Card>
  );
}

function JoinCard({ campaign, unit, purse, reload }: Here) {
  const site = useSite();
  const chain = useChain()!;
  const { connected } = useWallet();
  const confirm = useConfirm();
  const [evidence, setEvidence] = useState("0x");
  const pool = poolParamsOf(campaign);
  const needed = pool.seatStake > purse.credit ? pool.seatStake - purse.credit : 0n;
  const missing = needed > purse.wallet ? needed - purse.wallet : 0n;
  const hasGate = pool.gate !== NOBODY;
  const goodEvidence = /^0x([0-9a-fA-F]{2})*$/.test(evidence);

  const join = async () => {
    const { account } = connected!;
    const words = t.pool.words;
    const amount = amountText(needed, unit, unit.decimals);
    const permit = needed ? await permitOf(chain, site, pool.token, account, needed) : null;
    const approvals = needed && !permit ? await approvalsOf(chain, pool.token, account, site.registry, needed) : [];
    const [title, lines] = !needed
      ? [words.creditTitle, words.creditLines(amountText(pool.seatStake, unit, unit.decimals))]
      : permit
        ? [words.permitTitle, words.permitLines(amount)]
        : [words.approveTitle(approvals.length), words.approveLines(approvals.length, amount)];
    await confirm({
      title,
      lines,
      yes: words.yes,
      run: async (tell) => {
        if (permit) {
          const signature = await signTyped(site, connected!, permit, () => tell(words.signing));
          await send(site, connected!, joinByPermit(site, pool, evidence as Hex, permit, signature), told(tell));
        } else {
          await approve(site, connected!, approvals, toldApproving(tell));
          await send(site, connected!, registryCall(site, "join", [pool, evidence]), told(tell));
        }
      },
    });
    await reload();
  };

  const take = async () => {
    const words = t.pool.words;
    const call = registryCall(site, "withdraw", [pool.token, purse.credit]);
    await confirm({
      title: words.creditToWalletTitle,
      lines: words.creditToWalletLines(amountText(purse.credit, unit, unit.decimals)),
      yes: words.creditToWalletYes,
      run: async (tell) => {
        await send(site, connected!, call, told(tell));
      },
    });
    await reload();
  };

  return (
    <Card title={t.pool.title}>
      <Figures
        rows={[
          [t.pool.inWallet, <AmountIn key="wallet" of={purse.wallet} unit={unit} />],
          [t.pool.inCredit, <AmountIn key="credit" of={purse.credit} unit={unit} />],
        ]}
      />
      {missing > 0n && (
        <Notice kind="warn" title={t.pool.noMoney(amountText(missing, unit, unit.decimals))}>
          <Faucet account={connected!.account} done={reload} />
        </Notice>
      )}
      {purse.coins === 0n && <Notice kind="warn" title={t.pool.noCoins} />}
      {hasGate && (
        <div className="field">
          <p>{t.pool.gate}</p>
          <label htmlFor="evidence">{t.pool.evidence}</label>
          <input id="evidence" value={evidence} onChange={(event) => setEvidence(event.target.value.trim())} />
        </div>
      )}
      <button type="button" className="button primary" disabled={missing > 0n || purse.coins === 0n || !goodEvidence} onClick={() => void join()}>
        {t.work.join}
      </button>
      {purse.credit > 0n && (
        <button type="button" className="button" onClick={() => void take()}>
          {t.pool.creditToWallet}
        </button>
      )}
    </Card>
  );
}

/** On a chain that the service runs for development, tokens for whoever asks. */
function Faucet({ account, done }: { account: string; done: () => Promise<void> }) {
  const site = useSite();
  const chain = useChain();
  const [error, setError] = useState<unknown>();
  if (!site.development || !site.rpc?.startsWith("/") || !chain) return null;
  const ask = async () => {
    setError(undefined);
    await chain.request({ method: "labelshare_faucet", params: [account] } as never).catch(setError);
    await done();
  };
  return (
    <>
      <button type="button" className="button small" onClick={() => void ask()}>
        {t.pool.faucet}
      </button>
      {error !== undefined && <Fault error={error} />}
    </>
  );
}

function SeatCard({ id, campaign, unit, purse, seat, reload }: Here) {
  const site = useSite();
  const chain = useChain()!;
  const { connected } = useWallet();
  const confirm = useConfirm();
  const pool = poolParamsOf(campaign);
  const words = t.pool.words;
  const short = pool.seatStake - seat.stake;

  const act = async (title: string, lines: readonly string[], yes: string, call: ContractCall, approvals: readonly Approval[] = []) => {
    await confirm({
      title,
      lines,
      yes,
      run: async (tell) => {
        await approve(site, connected!, approvals, toldApproving(tell));
        await send(site, connected!, call, told(tell));
      },
    });
    await reload();
  };
  const refill = async () => {
    const needed = short > purse.credit ? short - purse.credit : 0n;
    const approvals = needed ? await approvalsOf(chain, pool.token, connected!.account, site.registry, needed) : [];
    const how = needed ? words.refillApprove(approvals.length, amountText(needed, unit, unit.decimals)) : [];
    await act(words.refillTitle, [...words.refillLines(amountText(short, unit, unit.decimals)), ...how], words.refillYes, registryCall(site, "refill", [pool]), approvals);
  };
  return (
    <Card title={t.work.seat}>
      <Figures
        rows={[
          [t.pool.stake, <AmountIn key="stake" of={seat.stake} unit={unit} />],
          [t.pool.inWallet, <AmountIn key="wallet" of={purse.wallet} unit={unit} />],
          [t.pool.inCredit, <AmountIn key="credit" of={purse.credit} unit={unit} />],
        ]}
      />
      {takesWork(seat) && (
        <Notice kind="good" title={t.pool.joined}>
          <Link href={`/tasks/${campaign.id}`}>{campaign.title ?? t.landing.untitled}</Link>
        </Notice>
      )}
      {seat.releaseAt !== 0 && <Notice title={t.pool.leavingUntil(dateText(seat.releaseAt))} />}
      <div className="row">
        {short > 0n && seat.releaseAt === 0 && (
          <button type="button" className="button primary" onClick={() => void refill()}>
            {t.pool.refill}
          </button>
        )}
        {seat.releaseAt === 0 && (
          <button type="button" className="button" onClick={() => void act(words.leaveTitle, words.leaveLines(spanText(pool.unbonding)), words.leaveYes, registryCall(site, "leave", [id]))}>
            {t.pool.leave}
          </button>
        )}
        {seat.releaseAt !== 0 && (
          <button type="button" className="button" onClick={() => void act(words.withdrawTitle, words.withdrawLines(amountText(seat.stake, unit, unit.decimals)), words.withdrawYes, registryCall(site, "withdrawSeat", [pool, connected!.account]))}>
            {t.pool.withdraw}
          </button>
        )}
        {purse.credit > 0n && (
          <button type="button" className="button" onClick={() => void act(words.creditToWalletTitle, words.creditToWalletLines(amountText(purse.credit, unit, unit.decimals)), words.creditToWalletYes, registryCall(site, "withdraw", [pool.token, purse.credit]))}>
            {t.pool.creditToWallet}
          </button>
        )}
      </div>
    </Card>
  );
}

/** What the stages of a transaction are called in a dialog. */
export function told(tell: (line: string) => void): (stage: Stage) => void {
  return (stage) => tell({ trying: t.confirm.trying, signing: t.confirm.inWallet, waiting: t.confirm.waiting }[stage]);
}

/** The same for approvals, each of which says what it is where it goes to the wallet. */
export function toldApproving(tell: (line: string) => void): (step: ApprovalStep, stage: Stage) => void {
  return (step, stage) => (stage === "signing" ? tell(t.approval[step]) : told(tell)(stage));
}
