// How good the labels of a proposed settlement are, from its published evidence. It informs; it pays nobody.
import type { Address, Hex } from "viem";
import type { Bundle, ScoreRow, TruthRow } from "../protocol/bundle";
import { groupsOf, type Near } from "../protocol/groups";
import type { Form } from "../protocol/labels";

export interface Interval {
  raw: number;
  low: number;
  high: number;
}

export interface Skill {
  annotator: Address;
  labels: number;
  accepted: number;
  /** What pay goes by, from -1 to 1. */
  skill: number;
  /** The skill before it was drawn towards the prior, with a 90% interval; null where nothing could show skill. */
  interval: Interval | null;
  gold: number;
  goldRight: number;
}

export interface Quality {
  labels: number;
  /** Labels that equal their item's winner. */
  agreeing: number;
  /** Pairs of labels of one item, and those that are alike. */
  pairs: number;
  alike: number;
  items: number;
  accepted: number;
  /** Items whose winner is not certain enough, the least certain first. */
  contested: TruthRow[];
  /** Rows: the winner; columns: what was answered. Null where there are too many answers to draw. */
  confusion: { names: string[]; counts: number[][] } | null;
  skills: Skill[];
  gold: { count: number; void: number; right: number; answered: number };
}

export const MOST_DRAWN = 12;
const Z = 1.645; // to either side of the normal distribution's middle: 90%

/** Answers that are near enough are taken for one, by `near` and the campaign's seed. */
export function qualityOf(bundle: Bundle, form: Form | null, goldWeight: number, near: Near | null, seed: Hex): Quality {
  const winners = new Map(bundle.truths.map((row) => [row.item, row.winner]));
  const byItem = counted(bundle, near, seed);
  let [labels, agreeing, pairs, alike] = [0, 0, 0, 0];
  for (const [item, counts] of byItem) {
    const n = [...counts.values()].reduce((sum, count) => sum + count, 0);
    labels += n;
    agreeing += counts.get(winners.get(item)!) ?? 0;
    pairs += (n * (n - 1)) / 2;
    for (const count of counts.values()) alike += (count * (count - 1)) / 2;
  }
  const contested = bundle.truths.filter((row) => !row.accepted).sort((one, other) => one.confidenceQ16 - other.confidenceQ16 || one.item - other.item);
  return {
    labels, agreeing, pairs, alike, contested,
    items: bundle.truths.length,
    accepted: bundle.truths.length - contested.length,
    confusion: form && form.nClasses <= MOST_DRAWN ? confusionOf(form, byItem, winners) : null,
    skills: bundle.scores.map((row) => skillOf(row, goldWeight)).sort((one, other) => other.skill - one.skill),
    gold: {
      count: bundle.gold.length,
      void: bundle.gold.filter((row) => row.void).length,
      right: bundle.scores.reduce((sum, row) => sum + row.goldRight, 0),
      answered: bundle.scores.reduce((sum, row) => sum + row.gold, 0),
    },
  };
}

/** How often each label was given, by item. */
export function votes(bundle: Pick<Bundle, "openings">): Map<number, Map<Hex, number>> {
  const byItem = new Map<number, Map<Hex, number>>();
  for (const opening of bundle.openings) {
    opening.items.forEach((item, at) => {
      let counts = byItem.get(item);
      if (!counts) byItem.set(item, (counts = new Map()));
      const label = opening.labels[at]!;
      counts.set(label, (counts.get(label) ?? 0) + 1);
    });
  }
  return byItem;
}

/** The same with the labels of a group counted as its centre's. */
export function counted(bundle: Pick<Bundle, "openings">, near: Near | null, seed: Hex): Map<number, Map<Hex, number>> {
  const byItem = votes(bundle);
  if (!near) return byItem;
  return new Map([...byItem].map(([item, counts]) => [item, new Map(groupsOf(near, seed, item, counts).map((group) => [group.centre, group.count]))]));
}

function confusionOf(form: Form, byItem: ReadonlyMap<number, ReadonlyMap<Hex, number>>, winners: ReadonlyMap<number, Hex>): Quality["confusion"] {
  const names = Array.from({ length: form.nClasses }, (_, at) => form.describe(at));
  const counts = names.map(() => names.map(() => 0));
  for (const [item, given] of byItem) {
    const winner = winners.get(item);
    if (!winner) continue;
    for (const [label, count] of given) counts[form.decode(winner) as number]![form.decode(label) as number]! += count;
  }
  return { names, counts };
}

function skillOf(row: ScoreRow, weight: number): Skill {
  const { annotator, labels, accepted, gold, goldRight } = row;
  return { annotator, labels, accepted, gold, goldRight, skill: row.skillQ16 / 65_536, interval: intervalOf(row, weight) };
}

/** As labelshare.report.interval, by Agresti and Coull: A is binomial, chance is known, an answer on gold is one however often it counts. */
export function intervalOf(row: Pick<ScoreRow, "compared" | "agreed" | "chance" | "items" | "gold">, weight: number): Interval | null {
  const [n, chance] = [row.compared, row.items ? Number(row.chance) / row.items : 0];
  if (n - chance <= 0) return null;
  const alike = n ** 2 / (n + weight * (weight - 1) * row.gold);
  const whole = alike + Z ** 2;
  const middle = ((alike * row.agreed) / n + Z ** 2 / 2) / whole;
  const half = Z * Math.sqrt((middle * (1 - middle)) / whole);
  const skill = (part: number) => (n * part - chance) / (n - chance);
  return { raw: skill(row.agreed / n), low: skill(Math.max(middle - half, 0)), high: skill(Math.min(middle + half, 1)) };
}
