// What is paid, to whom, how often each item is labelled, and how long it all takes.
import { allowsTrial, milestones, type Lengths } from "../../fund/lengths";
import { marks } from "../../fund/config";
import type { Aggregation, Paid } from "../../fund/makeSpec";
import { f } from "../../texts/en";
import { amountText, shortHex, spanText } from "../../ui/format";
import { Card, Notice } from "../../ui/parts";
import { CheckField, Options, SelectField, TextField } from "./fields";
import { SLASH_GOLD, termsOf, type FundForm, type Ground, type TimeLine } from "./form";
import type { Filling } from "./useForm";

export function TermsStep({ filling }: { filling: Filling }) {
  const { form, change, ground, items, gold } = filling;
  if (!ground) return null;
  const words = f.terms;
  const symbol = ground.unit?.symbol ?? "";
  const read = termsOf(form, ground, items?.made.items.length ?? 0);
  return (
    <>
      <Card>
        <div className="field-row">
          <TextField label={words.price(symbol)} hint={words.priceHint} value={form.price} change={(price) => change({ price })} numeric />
          <TextField label={words.redundancy} hint={words.redundancyHint} value={form.k} change={(k) => change({ k })} numeric />
          <TextField label={words.seconds} hint={words.secondsHint} value={form.seconds} change={(seconds) => change({ seconds })} numeric />
          <TextField label={words.shares} hint={words.sharesHint} value={form.shares} change={(shares) => change({ shares })} numeric />
        </div>
        {read.terms && <p className="quiet">{words.people(read.terms.each, read.terms.people)}</p>}
      </Card>
      <Card>
        <Pools form={form} ground={ground} change={change} />
      </Card>
      <Card>
        <Time form={form} ground={ground} change={change} />
      </Card>
      <Card title={f.more}>
        <More form={form} change={change} gold={gold.size} />
      </Card>
    </>
  );
}

type Change = Filling["change"];

function Pools({ form, ground, change }: { form: FundForm; ground: Ground; change: Change }) {
  if (!ground.pools.length) {
    return (
      <Notice kind="warn" title={f.terms.noPools}>
        <p>{f.terms.noPoolsTodo}</p>
      </Notice>
    );
  }
  return (
    <Options
      label={f.terms.pool}
      value={form.pool}
      change={(pool) => change({ pool })}
      options={ground.pools.map(({ id, params, open, seats, unit }) => [
        id,
        unit ? f.terms.poolName(unit.symbol, amountText(params.seatStake, unit, unit.decimals), f.terms.poolSeats(seats)) : f.terms.poolSeats(seats),
        f.terms.poolOne(shortHex(id), open, Number(params.maxOpen)),
      ])}
    />
  );
}

function Time({ form, ground, change }: { form: FundForm; ground: Ground; change: Change }) {
  const words = f.terms;
  const names = (Object.keys(words.times) as TimeLine[]).filter((name) => name !== "trial" || allowsTrial(ground.limits));
  const read = termsOf(form, ground, 1).terms;
  const times = read && milestones(read.lengths);
  return (
    <>
      <Options label={words.time} value={form.time} change={(time) => change({ time })} options={names.map((name) => [name, ...words.times[name]])} />
      {form.time === "own" && (
        <>
          <p className="quiet small-text">{words.lengthHint}</p>
          <div className="field-row">
            {(Object.keys(words.lengths) as (keyof Lengths)[]).map((name) => (
              <TextField key={name} label={words.lengths[name]} value={form.lengths[name]} change={(text) => change({ lengths: { ...form.lengths, [name]: text } })} numeric />
            ))}
          </div>
        </>
      )}
      {times && (
        <p className="quiet small-text">
          {`${f.review.final}: ${spanText(times.final)}`}
        </p>
      )}
    </>
  );
}

function More({ form, change, gold }: { form: FundForm; change: Change; gold: number }) {
  const words = f.terms;
  const enough = gold >= SLASH_GOLD;
  const aggregations = Object.entries(words.aggregations) as [Aggregation, string][];
  return (
    <>
      <CheckField label={words.slash} hint={enough ? undefined : words.slashNeeds(SLASH_GOLD)} checked={form.slash && enough} disabled={!enough} change={(slash) => change({ slash })} />
      <details>
        <summary>{f.show}</summary>
        <div className="stack reasons">
          {marks(form.asked.kind) && <p className="quiet small-text">{words.majorityOnly}</p>}
          <div className="field-row">
            {!marks(form.asked.kind) && <SelectField label={words.aggregation} value={form.aggregation} options={aggregations} change={(aggregation) => change({ aggregation: aggregation as Aggregation })} />}
            <SelectField label={words.pay} value={form.pay} options={[["skill.v1", words.payBySkill], ["flat.v1", words.payFlat]]} change={(pay) => change({ pay: pay as Paid })} />
            <TextField label={words.acceptance} value={form.acceptance} change={(acceptance) => change({ acceptance })} numeric />
            <TextField label={words.fee} value={form.fee} change={(fee) => change({ fee })} numeric />
            <TextField label={words.stakes} hint={words.stakesHint} value={form.stakes} change={(stakes) => change({ stakes })} numeric />
            <TextField label={words.cap} value={form.cap} change={(cap) => change({ cap })} numeric />
          </div>
        </div>
      </details>
    </>
  );
}
