// Answers with regions that are near enough count as one: the groups of an item, as labelshare.protocol.groups makes them.
import { concatHex, keccak256, type Hex } from "viem";
import { uint } from "./bytes";
import { digest, hasAnswer, type Form } from "./labels/form";
import { Regions, type Part } from "./labels/regions";
import type { Spec } from "./spec";

/** What is near enough, in 1/10,000: of two regions their overlap, of two answers the regions that have a partner. */
export interface Near {
  form: Regions;
  overlapBps: number;
  alikeBps: number;
}

/** Answers of one item that count as one; the centre's label is what the group says. */
export interface Group {
  centre: Hex;
  labels: Hex[];
  /** How many labels it has. */
  count: number;
}

/** The rule of nearness of a task; null where answers are alike only if they are the same. */
export function nearOf({ task }: Pick<Spec, "task">, form: Form | null): Near | null {
  if (!(form instanceof Regions) || task.overlap_bps === undefined || task.alike_bps === undefined) return null;
  return { form, overlapBps: task.overlap_bps, alikeBps: task.alike_bps };
}

/** Whether two answers are near enough: both empty, or enough of their regions partnered one to one. */
export function areAlike(near: Near, one: Hex, other: Hex): boolean {
  const [left, right] = [near.form.parts(one), near.form.parts(other)];
  if (!left.length || !right.length) return left.length === right.length;
  return 2 * partnered(near, left, right) * 10_000 >= near.alikeBps * (left.length + right.length);
}

/**
 * The groups of an item, from the labels that count and how often each was given: the empty label first where somebody
 * gave it, then the others by how many labels are alike to their centre. Bytes that are no label are in none.
 */
export function groupsOf(near: Near, seed: Hex, item: number, votes: ReadonlyMap<Hex, number>): Group[] {
  const empty = near.form.of([]);
  const groups = votes.has(empty) ? [{ centre: empty, labels: [empty], count: votes.get(empty)! }] : [];
  let left = [...votes.keys()].filter((label) => label !== empty && hasAnswer(near.form, label));
  const likes = new Map(left.map((label) => [label, left.filter((other) => areAlike(near, label, other))]));
  while (left.length) {
    const within = (label: Hex) => likes.get(label)!.filter((other) => left.includes(other));
    const weight = (labels: readonly Hex[]) => labels.reduce((sum, label) => sum + votes.get(label)!, 0);
    const most = Math.max(...left.map((label) => weight(within(label))));
    const centre = last(left.filter((label) => weight(within(label)) === most), (label) => tieKey(seed, item, label));
    const labels = within(centre);
    groups.push({ centre, labels, count: weight(labels) });
    left = left.filter((label) => !labels.includes(label));
  }
  return groups;
}

/** keccak256(seed ‖ item ‖ digest of the label): the largest wins a tie. */
function tieKey(seed: Hex, item: number, label: Hex): Hex {
  return keccak256(concatHex([seed, uint(item, 8), digest(label)]));
}

function last(labels: readonly Hex[], key: (label: Hex) => Hex): Hex {
  return labels.reduce((best, label) => (key(label) > key(best) ? label : best));
}

/** The most pairs of regions of one class that overlap enough, none in two pairs: by augmenting paths. */
function partnered(near: Near, left: readonly Part[], right: readonly Part[]): number {
  const fits = left.map((one) => right.flatMap((other, at) => (overlap(near, one, other) ? [at] : [])));
  const partner = new Map<number, number>();
  const finds = (at: number, tried: Set<number>): boolean =>
    fits[at]!.some((to) => {
      if (tried.has(to)) return false;
      tried.add(to);
      const before = partner.get(to);
      if (before !== undefined && !finds(before, tried)) return false;
      partner.set(to, at);
      return true;
    });
  return left.filter((_, at) => finds(at, new Set())).length;
}

/** Equal class, and 10,000 · |intersection| ≥ overlap · |union|: sizes are below 2^32, so all of it is exact. */
function overlap({ form, overlapBps }: Near, one: Part, other: Part): boolean {
  if (one.of !== other.of) return false;
  const shared = form.shared(one, other);
  return 10_000 * shared >= overlapBps * (form.size(one) + form.size(other) - shared);
}
