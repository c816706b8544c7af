// What a campaign will come to, from where it stands: labels by the end of the work, money, and when it is final.
import type { CampaignAnswer } from "../api/types";

export interface Point {
  time: number;
  labels: number;
}

export interface Forecast {
  /** Labels by the end of the work; null while too little of it is over to tell. */
  labels: number | null;
  /** Of the escrow, in base units: what all labels so far, and all expected, cost at most with the fee. */
  soFar: bigint;
  expected: bigint | null;
  /** When it is final if nobody contests; null once it is over. */
  end: number | null;
}

const LEAST_PART = 0.05; // of the work's time, before its speed says anything
const OVER = new Set(["final", "cancelled", "expired"]);

export function forecastOf(campaign: CampaignAnswer, price: bigint, now: number): Forecast {
  const { progress, timeline, params, proposal } = campaign;
  const cost = (labels: number) => withFee(BigInt(labels) * price, params.feeBps);
  const end = OVER.has(campaign.status) ? null : (timeline.finalExpected ?? timeline.revealEnd + params.schedule.window);
  if (proposal) {
    const paid = withFee(BigInt(proposal.payoutTotal), params.feeBps);
    return { labels: progress.labels, soFar: paid, expected: paid, end };
  }
  const part = (now - timeline.workStart) / (timeline.commitEnd - timeline.workStart);
  const labels = part >= 1 ? progress.labels : part < LEAST_PART ? null : Math.min(progress.places, Math.round(progress.labels / part));
  return { labels, soFar: cost(progress.labels), expected: labels === null ? null : cost(labels), end };
}

/** Of what is locked: what is expected beyond what is earned so far, and what comes back; null while that cannot be told. */
export function spendOf({ soFar, expected }: Pick<Forecast, "soFar" | "expected">, locked: bigint): { more: bigint; back: bigint } | null {
  return expected === null ? null : { more: expected - soFar, back: locked - expected };
}

/** Pay with the proposer's fee, rounded down. */
export function withFee(pay: bigint, feeBps: number): bigint {
  return pay + (pay * BigInt(feeBps)) / 10_000n;
}

/** Labels over time as far as they are known: none at the start, the rounds that are over, what was seen, and now. */
export function pointsOf(campaign: CampaignAnswer, seen: readonly Point[], now: number): Point[] {
  const { timeline, progress, params } = campaign;
  const points: Point[] = [{ time: timeline.workStart, labels: 0 }];
  let sum = 0;
  for (const row of [...progress.rounds].sort((one, other) => one.round - other.round)) {
    sum += row.labels;
    const end = timeline.workStart + (row.round + 1) * params.schedule.roundLength;
    if (end <= now) points.push({ time: end, labels: sum });
  }
  // Who watched before the work began saw no labels: the drawing begins with it.
  points.push(...seen.filter((each) => each.time > timeline.workStart));
  const last = Math.min(Math.max(now, timeline.workStart), timeline.commitEnd);
  points.push({ time: last, labels: progress.labels });
  return points.sort((one, other) => one.time - other.time || one.labels - other.labels).filter((each) => each.time <= last);
}
