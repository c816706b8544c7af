// What a dataset's publisher does with licences: offers them, ends offers, and takes the own part of sales.
import { useId, useState } from "react";
import type { PublicClient } from "viem";
import { useLoad } from "../../app/load";
import { useSite } from "../../app/site";
import { parseAmount, parseWhole } from "../../fund/money";
import type { Share } from "../../hold/chain";
import { hashOf, licenceCall, offerCall, proceedsOf, type Offer } from "../../hold/licences";
import { licencesAbi } from "../../protocol/abi";
import { h } from "../../texts/en";
import { AmountIn, useUnit } from "../../ui/Amount";
import { useConfirm } from "../../ui/Confirm";
import { amountText, shortHex } from "../../ui/format";
import { Card, Figures, Section } from "../../ui/parts";
import type { Unit } from "../../wallet/chain";
import { send } from "../../wallet/send";
import type { Connected } from "../../wallet/wallet";
import { told } from "../tasks/PoolPage";
import { Entry } from "./Entry";
import { useEvery } from "./Frame";
import { lastsText } from "./OfferCard";

const DAY = 86_400;
const MOST_DAYS = 49_710; // in seconds under 2^32

interface Props {
  chain: PublicClient;
  connected: Connected;
  share: Share;
  reload: () => Promise<void>;
}

/** Shows nothing to anyone but the publisher. */
export function Publisher(props: Props) {
  const unit = useUnit(props.share.token);
  if (props.connected.account.toLowerCase() !== props.share.publisher.toLowerCase() || !unit) return null;
  return (
    <Section title={h.publisher.title} note={h.publisher.note}>
      <Proceeds {...props} unit={unit} />
      <MakeOffer {...props} unit={unit} />
    </Section>
  );
}

function Proceeds({ chain, connected, share, unit }: Props & { unit: Unit }) {
  const site = useSite();
  const confirm = useConfirm();
  const { value, reload } = useLoad(() => proceedsOf(chain, site, connected.account, share.token), [chain, site, connected.account, share.token], useEvery());
  if (value === undefined) return null;
  const take = async () => {
    const words = h.publisher.withdrawWords;
    await confirm({
      title: words.title,
      lines: words.lines(amountText(value, unit, unit.decimals)),
      yes: words.yes,
      run: async (tell) => {
        await send(site, connected, licenceCall(site, "withdraw", [share.token]), told(tell));
      },
    });
    await reload();
  };
  return (
    <div className="card">
      <div className="row apart">
        <Figures rows={[[h.publisher.proceeds, <AmountIn key="proceeds" of={value} unit={unit} />]]} />
        <button type="button" className="button" disabled={value === 0n} onClick={() => void take()}>
          {h.publisher.withdraw}
        </button>
      </div>
    </div>
  );
}

function MakeOffer({ chain, connected, share, unit, reload }: Props & { unit: Unit }) {
  const site = useSite();
  const confirm = useConfirm();
  const file = useId();
  const [priceText, setPrice] = useState("");
  const [daysText, setDays] = useState("365");
  const [terms, setTerms] = useState<File | null>(null);
  const [asked, setAsked] = useState(false);
  const price = parseAmount(priceText, unit.decimals);
  const days = parseWhole(daysText, 0, MOST_DAYS);

  const start = async () => {
    setAsked(true);
    if (!price || days === null || !terms) return;
    const termsHash = await hashOf(terms);
    const duration = days * DAY;
    const split = await chain.readContract({ address: site.licences, abi: licencesAbi, functionName: "split", args: [share.address, price] });
    const [holders, own] = split.map((amount) => amountText(amount, unit, unit.decimals)) as [string, string];
    const words = h.publisher.words;
    const agreed = await confirm({
      title: words.title,
      lines: words.lines(share.name, amountText(price, unit, unit.decimals), lastsText(duration), holders, own, shortHex(termsHash)),
      exact: termsHash,
      yes: words.yes,
      run: async (tell) => {
        const call = await offerCall(chain, site, { dataset: share.address, price, duration, termsHash });
        await send(site, connected, call, told(tell));
      },
    });
    if (!agreed) return;
    setPrice("");
    setAsked(false);
    await reload();
  };

  return (
    <Card title={h.publisher.make}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void start();
        }}
      >
        <Entry label={h.publisher.price} hint={h.publisher.priceHint(unit.symbol)} value={priceText} change={setPrice} fault={asked && !price ? h.publisher.faults.price : null} numeric />
        <Entry label={h.publisher.days} hint={h.publisher.daysHint} value={daysText} change={setDays} fault={asked && days === null ? h.publisher.faults.days : null} numeric />
        <div className="field wide-field">
          <label htmlFor={file}>{h.publisher.terms}</label>
          <input id={file} type="file" aria-invalid={asked && !terms} aria-describedby={`${file}-hint`} onChange={(event) => setTerms(event.target.files?.[0] ?? null)} />
          <span id={`${file}-hint`} className={asked && !terms ? "fault small-text" : "quiet small-text"}>
            {asked && !terms ? h.publisher.faults.terms : h.publisher.termsHint}
          </span>
        </div>
        <div>
          <button type="submit" className="button">
            {h.publisher.go}
          </button>
        </div>
      </form>
    </Card>
  );
}

export function CloseOffer({ connected, offer, done }: { connected: Connected; offer: Offer; done: () => void }) {
  const site = useSite();
  const confirm = useConfirm();
  const close = async () => {
    const words = h.publisher.closeWords;
    const agreed = await confirm({
      title: words.title,
      lines: words.lines,
      yes: words.yes,
      run: async (tell) => {
        await send(site, connected, licenceCall(site, "closeOffer", [offer.id]), told(tell));
      },
    });
    if (agreed) done();
  };
  return (
    <div>
      <button type="button" className="button small" onClick={() => void close()}>
        {h.publisher.close}
      </button>
    </div>
  );
}
