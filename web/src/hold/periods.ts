// Payments by time and source, for the chart and the table beside it.
import type { Payment } from "./history";

const DAY = 86_400;
/** Lengths of a period, in days, the shortest first; one is chosen so that there are few enough. */
const LENGTHS = [1, 7, 30, 91, 365];
const MOST = 16;
const LEAST = 7;

/** What arrived in a stretch of time, in base units, by source. */
export interface Period {
  start: number;
  end: number;
  licences: bigint;
  direct: bigint;
}

/** Periods of whole days (UTC) that reach from the first payment until now, the oldest first; none without payments. */
export function periodsOf(payments: readonly Payment[], now: number): Period[] {
  if (!payments.length) return [];
  const first = Math.min(...payments.map((each) => each.at));
  const last = Math.max(now, ...payments.map((each) => each.at));
  const end = (Math.floor(last / DAY) + 1) * DAY;
  const days = LENGTHS.find((each) => end - first <= each * DAY * MOST) ?? LENGTHS.at(-1)!;
  const length = days * DAY;
  const count = Math.max(LEAST, Math.ceil((end - first) / length));
  const periods = Array.from({ length: count }, (_, at) => {
    const start = end - (count - at) * length;
    return { start, end: start + length, licences: 0n, direct: 0n };
  });
  for (const each of payments) {
    const period = periods[Math.floor((each.at - periods[0]!.start) / length)]!;
    if (each.licence !== null) period.licences += each.amount;
    else period.direct += each.amount;
  }
  return periods;
}

export function totalOf(period: Period): bigint {
  return period.licences + period.direct;
}
