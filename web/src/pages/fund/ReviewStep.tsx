// The quote in full, the gold to keep safe, and the funding: one signature and one transaction where the token can.
import { useMemo, useState } from "react";
import type { Address as Account, Hex, PublicClient } from "viem";
import { useChain } from "../../app/chain";
import { impliedHour } from "../../app/hours";
import { useLoad } from "../../app/load";
import { navigate } from "../../app/router";
import { useSite } from "../../app/site";
import { service } from "../../api/service";
import type { AcceptanceAnswer, QuoteAnswer } from "../../api/types";
import { declinedFor, type Offered } from "../../fund/acceptance";
import { askedBy, dropAsked } from "../../fund/asked";
import { gasOf } from "../../fund/gas";
import { goldFile, freshSecret, isRevealable, sealGold, type SealedGold } from "../../fund/gold";
import { sliceOf } from "../../fund/chain";
import { milestones, scheduleOf } from "../../fund/lengths";
import { escrowFor, shareCapFor, specBytes, specOf } from "../../fund/makeSpec";
import type { Spec } from "../../protocol/spec";
import { f, t } from "../../texts/en";
import { AmountIn, Shares } from "../../ui/Amount";
import { useConfirm } from "../../ui/Confirm";
import { Fault, ToldError } from "../../ui/Fault";
import { amountText, bpsText, countText, decimal, spanText } from "../../ui/format";
import { Address, Card, Check, Facts, Figures, Loading, Notice } from "../../ui/parts";
import { save } from "../../ui/save";
import { purseOf, type Unit } from "../../wallet/chain";
import { NoTypedDataError } from "../../wallet/request";
import { useSession } from "../../wallet/session";
import { useWallet } from "../../wallet/wallet";
import { hourWords } from "../LandingPage";
import { Connect, SignIn } from "../tasks/Account";
import { AskedNotice } from "./AskedNotice";
import { CheckField } from "./fields";
import { TakenNotice } from "./TakenNotice";
import { decidedOf, termsOf, type Terms } from "./form";
import { approvalWords, fund, paymentWords, untilSeen, type Way } from "./funding";
import type { Filling } from "./useForm";

/** A campaign as it would be funded: its spec, to the byte, and what the service says of it. */
export interface Ready {
  terms: Terms;
  spec: ReturnType<typeof specOf>;
  bytes: Uint8Array<ArrayBuffer>;
  hash: Hex;
  gold: SealedGold | null;
  quote: QuoteAnswer;
  escrow: bigint;
  shareCap: bigint;
  /** What the oracle asks of a campaign. */
  asked: AcceptanceAnswer;
}

export function ReviewStep({ filling }: { filling: Filling }) {
  const { form, task, items, gold, ground } = filling;
  const read = ground && items ? termsOf(form, ground, items.made.items.length).terms : null;
  const labels = useMemo(() => new Map([...gold].map(([item, answer]) => [item, task.form!.encode(answer)])), [gold, task]);
  const { value, error, reload } = useLoad(async (): Promise<Ready | null> => {
    if (!read || !items || !ground?.unit) return null;
    const sealed = labels.size ? await sealGold(freshSecret(), labels) : null;
    if (sealed && !isRevealable(sealed)) throw new ToldError(f.review.goldTooLarge);
    const spec = specOf(decidedOf(form, task, read, items.made, sealed && { root: sealed.root, count: sealed.items.length }));
    const { bytes, hash } = await specBytes(spec);
    const assumed = {
      stakesPerLabel: read.stakes, annotators: read.people, rounds: read.lengths.rounds,
      arbitrationRefund: String(read.pool.params.arbitrationRefund), symbol: ground.unit.symbol, decimals: ground.unit.decimals,
    };
    const [quote, asked] = await Promise.all([service.quote(spec, read.feeBps, assumed), service.acceptance()]);
    const asSpec = spec as unknown as Spec;
    const [escrow, shareCap] = [escrowFor(asSpec, read.feeBps), shareCapFor(asSpec)];
    if (quote.specHash !== hash) throw new ToldError(f.review.differs);
    if (BigInt(quote.escrow) !== escrow || BigInt(quote.shareCap) !== shareCap) throw new ToldError(f.review.differsMoney);
    return { terms: read, spec, bytes, hash, gold: sealed, quote, escrow, shareCap, asked };
  }, [form, task, items, labels, ground]);
  if (error !== undefined) return <Fault error={error} retry={reload} />;
  if (!value || !ground?.unit) return <p role="status" className="quiet">{f.review.computing}</p>;
  return <Reviewed filling={filling} ready={value} unit={ground.unit} />;
}

function Reviewed({ filling, ready, unit }: { filling: Filling; ready: Ready; unit: Unit }) {
  const { connected } = useWallet();
  const offered = offeredBy(ready, connected?.account ?? null);
  const declined = declinedFor(ready.asked, offered);
  return (
    <div className="columns">
      <div className="stack">
        <Money ready={ready} unit={unit} />
        <Work ready={ready} unit={unit} />
        <Warnings quote={ready.quote} />
      </div>
      <div className="stack">
        <TakenNotice declined={declined} asked={ready.asked} offered={offered} unit={unit} />
        <Funding filling={filling} ready={ready} unit={unit} isDeclined={declined.length > 0} />
      </div>
    </div>
  );
}

/** What counts for the oracle, with a schedule that begins at zero. */
function offeredBy({ terms, quote, escrow }: Ready, requester: Account | null): Offered {
  const { params } = terms.pool;
  return {
    requester, escrow, pay: BigInt(quote.payAtMost), feeBps: terms.feeBps, slice: sliceOf(params),
    unbonding: Number(params.unbonding), schedule: scheduleOf(terms.lengths, 0),
  };
}

function Money({ ready: { quote, escrow }, unit }: { ready: Ready; unit: Unit }) {
  const [pay, fee] = [BigInt(quote.payAtMost), BigInt(quote.feeAtMost)];
  const rows = [["tone-a", f.review.pay, pay], ["tone-c", f.review.fee, fee]] as const;
  return (
    <Card title={f.review.escrow}>
      <p className="quote">{amountText(escrow, unit, unit.decimals)}</p>
      <div className="stacked" role="img" aria-label={f.review.bars}>
        {rows.map(([tone, name, amount]) => (
          <span key={name} className={tone} style={{ flexGrow: Number((amount * 10_000n) / (escrow || 1n)), flexBasis: 0 }} />
        ))}
      </div>
      <ul className="legend">
        {rows.map(([tone, name, amount]) => (
          <li key={name}>
            <span><span className={`swatch ${tone}`} aria-hidden="true" />{name}</span>
            <AmountIn of={amount} unit={unit} />
          </li>
        ))}
      </ul>
      <p className="quiet small-text">
        {`${countText(quote.items)} × ${quote.labels / quote.items} = ${countText(quote.labels)} ${f.review.labels}, ${amountText(quote.price, unit)} ${f.review.perLabel}`}
      </p>
    </Card>
  );
}

function Work({ ready: { quote, terms, hash, shareCap, spec }, unit }: { ready: Ready; unit: Unit }) {
  const chain = useChain();
  const { value: price } = useLoad(async () => (chain ? chain.getGasPrice() : null), [chain]);
  const hour = impliedHour(quote.hourly);
  const [hourName, hourWhy] = hourWords(hour, Number(spec["seconds_per_label"]));
  const gas = gasOf(quote);
  return (
    <Card>
      <Figures
        wide
        rows={[
          [hourName, <AmountIn key="hour" of={hour.pay} unit={unit} digits={2} />, hourWhy],
          [f.review.people, countText(terms.people)],
          [f.review.final, spanText(milestones(terms.lengths).final), f.review.finalWhy],
          [f.review.shares, <Shares key="shares" of={shareCap} symbol="" />],
          [f.review.loss, <AmountIn key="loss" of={quote.lossAtMost} unit={unit} />],
          [f.review.bond, <AmountIn key="bond" of={quote.bond} unit={unit} />],
          [f.review.gasOwn, price == null ? t.unknown : f.review.coins(decimal(price * BigInt(gas.own), 18, 8)), f.review.gasOwnWhy(countText(gas.own))],
          [f.review.gas, f.review.gasUnits(countText(gas.all)), f.review.gasWhy(countText(gas.all - gas.own))],
        ]}
      />
      <ul className="checks">
        <Check good title={f.review.same}>
          <code className="small-text">{hash}</code>
        </Check>
      </ul>
      <Facts
        rows={quote.hourly
          .filter((each) => each.acceptedBps !== hour.acceptedBps)
          .map((each) => [f.review.hourlyOther(bpsText(each.acceptedBps)), <AmountIn key={each.acceptedBps} of={each.pay} unit={unit} digits={2} />])}
      />
    </Card>
  );
}

function Warnings({ quote }: { quote: QuoteAnswer }) {
  if (!quote.warnings.length) return <Notice kind="good" title={f.review.noWarnings} />;
  return (
    <Notice kind="warn" title={f.review.warnings}>
      <ul className="warn-list">
        {quote.warnings.map((each) => (
          <li key={each.code}>{each.text}</li>
        ))}
      </ul>
    </Notice>
  );
}

function Funding({ filling, ready, unit, isDeclined }: { filling: Filling; ready: Ready; unit: Unit; isDeclined: boolean }) {
  const site = useSite();
  const chain = useChain();
  const { connected } = useWallet();
  const { account } = useSession();
  const [safe, setSafe] = useState(false);
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const confirm = useConfirm();
  const { token } = ready.terms.pool.params;
  const { value, error: lost, reload } = useLoad(
    async () => {
      if (!chain || !connected) return null;
      const [purse, before] = await Promise.all([purseOf(chain, site, token, connected.account), askedBy(chain, site, connected.account)]);
      return { purse, before };
    },
    [chain, connected?.account, token],
    site.development ? 3_000 : 15_000,
  );
  if (!connected || !account) {
    return (
      <Card title={f.dataset.who}>
        {!connected ? <Connect /> : (
          <>
            <p className="quiet">{f.dataset.signIn}</p>
            <div className="row"><SignIn /></div>
          </>
        )}
      </Card>
    );
  }
  if (!value || !chain) return lost === undefined ? <Loading /> : <Fault error={lost} retry={reload} />;
  const { purse, before } = value;
  const { escrow, gold } = ready;
  const needed = escrow > purse.credit ? escrow - purse.credit : 0n;
  const missing = needed > purse.wallet ? needed - purse.wallet : 0n;

  /** The campaign; null where the requester would not, and "unable" where the wallet cannot sign the permission. */
  const lock = async ({ payment, lines }: Way): Promise<Hex | "unable" | null> => {
    let campaign: Hex | "unable" | null = null;
    await confirm({
      title: f.review.confirm.title(amountText(escrow, unit, unit.decimals)),
      lines: [...lines, ...f.review.confirm.common(spanText(ready.terms.lengths.accept))],
      yes: f.review.confirm.yes,
      run: async (tell) => {
        try {
          campaign = await fund(chain, site, connected, { filling, ready, unit, payment }, tell);
        } catch (fault) {
          if (!(fault instanceof NoTypedDataError)) throw fault;
          campaign = "unable";
        }
      },
    });
    return campaign;
  };
  const goOn = async (campaign: Hex) => {
    await filling.startOver();
    await dropAsked(connected.account); // last: until then a page that is loaded anew finds it
    navigate(`/fund/${campaign}`);
  };
  const start = async () => {
    setError(undefined);
    setBusy(true);
    const given = [chain, site, ready, connected.account, needed, unit] as const;
    try {
      let campaign = await lock(await paymentWords(...given));
      if (campaign === "unable") campaign = await lock(await approvalWords(...given));
      if (campaign === null || campaign === "unable") await reload();
      else await goOn(campaign);
    } catch (fault) {
      setError(fault);
    } finally {
      setBusy(false);
    }
  };
  if (before && before.cameOf !== "failed" && !busy) {
    const follow = async (campaign: Hex) => {
      await untilSeen(campaign);
      await goOn(campaign);
    };
    return <AskedNotice {...before} connected={connected} same={before.asked.specHash === ready.hash} goOn={follow} reload={reload} />;
  }

  return (
    <>
      {gold && <Gold gold={gold} title={filling.form.title} safe={safe} setSafe={setSafe} />}
      <Card>
        <Figures
          rows={[
            [f.review.inWallet, <AmountIn key="wallet" of={purse.wallet} unit={unit} />],
            ...(purse.credit ? [[f.review.inCredit, <AmountIn key="credit" of={purse.credit} unit={unit} />] as const] : []),
          ]}
        />
        <Facts rows={[[f.dataset.who, <Address key="who" of={connected.account} />]]} />
        {missing > 0n && (
          <Notice kind="warn" title={f.review.noMoney(amountText(missing, unit, unit.decimals))}>
            <Faucet chain={chain} account={connected.account} done={reload} />
          </Notice>
        )}
        {purse.coins === 0n && <Notice kind="warn" title={f.review.noCoins} />}
        <div className="row">
          <button type="button" className="button primary" disabled={isDeclined || missing > 0n || purse.coins === 0n || (gold !== null && !safe)} onClick={() => void start()}>
            {f.review.fund(amountText(escrow, unit, unit.decimals))}
          </button>
        </div>
        {error !== undefined && <Fault error={error} />}
      </Card>
    </>
  );
}

function Gold({ gold, title, safe, setSafe }: { gold: SealedGold; title: string; safe: boolean; setSafe: (safe: boolean) => void }) {
  return (
    <Notice kind="warn" title={f.review.goldTitle}>
      <ul>
        {f.review.goldLines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      <button type="button" className="button small" onClick={() => save(goldName(title), goldFile(gold), "application/json")}>
        {f.review.goldSave}
      </button>
      <CheckField label={f.review.goldSaved} checked={safe} change={setSafe} />
    </Notice>
  );
}

export function goldName(title: string): string {
  return `gold-${title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 40) || "campaign"}.json`;
}

/** On a chain that the service runs for development, tokens for whoever asks. */
function Faucet({ chain, account, done }: { chain: PublicClient; account: string; done: () => Promise<void> }) {
  const site = useSite();
  const [error, setError] = useState<unknown>();
  if (!site.development || !site.rpc?.startsWith("/")) return null;
  const ask = async () => {
    setError(undefined);
    await chain.request({ method: "labelshare_faucet", params: [account] } as never).catch(setError);
    await done();
  };
  return (
    <>
      <button type="button" className="button small" onClick={() => void ask()}>{t.pool.faucet}</button>
      {error !== undefined && <Fault error={error} />}
    </>
  );
}
