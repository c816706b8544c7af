// From what a requester decided to the spec: every default stated, as labelshare.protocol.spec states it.
import type { Hex } from "viem";
import { sha256, type Spec } from "../protocol/spec";
import { canonicalBytes, type Json } from "./canonical";

export type TaskKind = "single-choice.v1" | "multi-label.v1" | "pairwise.v1" | "numeric.v1" | "boxes.v1" | "spans.v1";
export type Aggregation = "dawid-skene.v1" | "majority.v1" | "committee.v1";
export type Paid = "skill.v1" | "flat.v1";

/** What is decided about a campaign's rules. Amounts in base units. */
export interface Decided {
  title: string;
  instructions: string;
  kind: TaskKind;
  config: string;
  /** Of the two kinds that mark regions: what is near enough, in 1/10,000. */
  near?: { overlapBps: number; alikeBps: number } | null;
  items: readonly { digest: string; name?: string }[];
  price: bigint;
  shareWeight: bigint;
  seconds: number;
  k: number;
  capBps: number;
  aggregation: Aggregation;
  /** In percent. */
  acceptance: number;
  pay: Paid;
  shares: Paid;
  /** Whether stakes can be lost, which needs gold. */
  slash: boolean;
  gold: { root: Hex; count: number } | null;
}

const MODEL = { strength: 4, iterations: 20 };

const AGGREGATIONS: Readonly<Record<Aggregation, Json>> = {
  "majority.v1": { policy: "majority.v1" },
  "dawid-skene.v1": { policy: "dawid-skene.v1", ...MODEL },
  "committee.v1": { policy: "committee.v1", ...MODEL, average_strength: 15, average_iterations: 100 },
};

const SLASH = {
  policy: "skill-and-gold.v1", part_bps: 5_000, forfeit_bps: 5_000, below_bps: 2_000, min_labels: 20, evidence: "gold",
  min_gold: 3, breaker_gold: 10, breaker_floor_bps: 4_000, breaker_margin_bps: 300, breaker_void_bps: 3_333,
};

/** The spec's values. */
export function specOf(decided: Decided): { readonly [key: string]: Json } {
  const part = lowest(decided.acceptance, 100);
  return {
    version: "labelshare.spec.v1",
    title: decided.title,
    instructions: decided.instructions,
    task: taskOf(decided),
    items: decided.items.map(({ digest, name }) => (name ? { digest, name } : { digest })),
    price: decided.price.toString(),
    share_weight: decided.shareWeight.toString(),
    seconds_per_label: decided.seconds,
    redundancy: { policy: "fixed.v1", k: decided.k },
    assignment: { policy: "rendezvous.v1", cap_bps: decided.capBps },
    aggregation: AGGREGATIONS[decided.aggregation],
    acceptance: { policy: "threshold.v1", numerator: part[0], denominator: part[1] },
    skill: { policy: "leave-one-out.v1", strength: 6, prior_bps: 0, from_bps: 1_000, full_bps: 4_000 },
    pay: { policy: decided.pay },
    shares: { policy: decided.shares },
    slash: decided.slash && decided.gold ? SLASH : { policy: "none.v1" },
    gold: decided.gold
      ? { policy: "merkle.v1", root: decided.gold.root, count: decided.gold.count, weight: 5, void_bps: 8_000 }
      : { policy: "none.v1" },
  };
}

function taskOf({ kind, config, near }: Decided): { readonly [key: string]: Json } {
  return near ? { type: kind, config, overlap_bps: near.overlapBps, alike_bps: near.alikeBps } : { type: kind, config };
}

/** The canonical bytes of a spec, and their sha256: the hash that goes on chain. */
export async function specBytes(spec: { readonly [key: string]: Json }): Promise<{ bytes: Uint8Array<ArrayBuffer>; hash: Hex }> {
  const bytes = canonicalBytes(spec);
  return { bytes, hash: await sha256(bytes) };
}

/** The least escrow that pays every place and the fee, rounded up (labelshare.protocol.quote). */
export function escrowFor(spec: Pick<Spec, "items" | "redundancy" | "price">, feeBps: number): bigint {
  const pay = BigInt(spec.items.length * spec.redundancy.k) * BigInt(spec.price);
  return (pay * BigInt(10_000 + feeBps) + 9_999n) / 10_000n;
}

/** The shares that every place could earn. */
export function shareCapFor(spec: Pick<Spec, "items" | "redundancy" | "share_weight">): bigint {
  return BigInt(spec.items.length * spec.redundancy.k) * BigInt(spec.share_weight);
}

/** The labels that one annotator may give: within the cap, and no more than the slice of a seat stands behind. */
export function labelLimit(items: number, capBps: number, slice: bigint, stakePerLabel: bigint): number {
  const cap = Math.ceil((items * capBps) / 10_000);
  if (stakePerLabel === 0n) return cap;
  const covered = slice / stakePerLabel;
  return covered < BigInt(cap) ? Number(covered) : cap;
}

function lowest(part: number, whole: number): [number, number] {
  let [one, other] = [part, whole];
  while (other) [one, other] = [other, one % other];
  return [part / one, whole / one];
}
