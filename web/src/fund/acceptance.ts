// What the oracle asks of a campaign (labelshare.oracle.acceptance), held against one before it is funded or while it waits.
import type { Address } from "viem";
import type { AcceptanceAnswer, CampaignAnswer } from "../api/types";
import type { Schedule } from "../protocol/ids";
import { endsOf } from "./lengths";

/** What counts of a campaign. Amounts in base units. */
export interface Offered {
  /** Null where nobody is connected yet. */
  requester: Address | null;
  escrow: bigint;
  /** If every place is filled and accepted. */
  pay: bigint;
  feeBps: number;
  /** What one campaign may slash of a seat. */
  slice: bigint;
  unbonding: number;
  schedule: Schedule;
}

export type Declined =
  | { kind: "requester"; requester: Address | null }
  | { kind: "escrow"; given: bigint; least: bigint }
  /** `enoughBps` is the fee that would do; null where none does. */
  | { kind: "fee"; given: bigint; least: bigint; enoughBps: number | null }
  /** In seconds from the latest acceptance. */
  | { kind: "long"; given: number; most: number };

/** Each reason for which the oracle will not accept a campaign as it is, whenever it looks. */
export function declinedFor(asked: AcceptanceAnswer, offered: Offered): Declined[] {
  const found: Declined[] = [];
  const { requester, escrow, pay, schedule } = offered;
  if (asked.requesters?.length && !asked.requesters.some((each) => each.toLowerCase() === requester?.toLowerCase())) found.push({ kind: "requester", requester });
  const least = asked.leastEscrow == null ? offered.slice : BigInt(asked.leastEscrow);
  if (escrow < least) found.push({ kind: "escrow", given: escrow, least });
  const [fee, leastFee] = [(pay * BigInt(offered.feeBps)) / 10_000n, BigInt(asked.leastFee)];
  if (fee < leastFee) found.push({ kind: "fee", given: fee, least: leastFee, enoughBps: enoughBps(leastFee, pay) });
  const held = heldUntil(schedule) - schedule.acceptEnd;
  if (asked.longestSeconds != null && held > asked.longestSeconds) found.push({ kind: "long", given: held, most: asked.longestSeconds });
  return found;
}

/** From when on it is short enough, by the schedule's clock: for the oracle, and for the pool's seats. */
export function takenFrom(asked: AcceptanceAnswer, { schedule, unbonding }: Offered): number {
  const bound = endsOf(schedule).hardEnd - unbonding;
  return asked.longestSeconds == null ? bound : Math.max(bound, heldUntil(schedule) - asked.longestSeconds);
}

/** The same of a campaign that waits. */
export function offeredBy(campaign: CampaignAnswer): Offered {
  const { params, poolParams, progress, state } = campaign;
  return {
    requester: campaign.requester,
    escrow: BigInt(state.escrow),
    pay: BigInt(progress.places) * BigInt(campaign.price ?? 0),
    feeBps: params.feeBps,
    slice: BigInt(poolParams.seatStake) / BigInt(poolParams.maxOpen || 1),
    unbonding: poolParams.unbonding,
    schedule: params.schedule,
  };
}

function enoughBps(leastFee: bigint, pay: bigint): number | null {
  if (pay === 0n) return null;
  const enough = (leastFee * 10_000n + pay - 1n) / pay;
  return enough > 10_000n ? null : Number(enough);
}

/** When a settlement in time frees its place. */
function heldUntil(schedule: Schedule): number {
  return endsOf(schedule).settleEnd + schedule.window + schedule.slashWindow;
}
