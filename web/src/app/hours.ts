// What an hour of labelling earns: measured where a campaign is settled, else implied by its own rules.
import { service } from "../api/service";
import type { CampaignAnswer, CampaignLine, HourAnswer } from "../api/types";

const HOUR = 3_600n;

/** Base units an hour, and how much is accepted; null where it is the median of what the settlement paid. */
export interface Hour {
  pay: bigint;
  acceptedBps: number | null;
}

const quotes = new Map<string, ReturnType<typeof service.quote>>();

function quoteOf(specHash: string, spec: unknown): ReturnType<typeof service.quote> {
  const known = quotes.get(specHash);
  if (known) return known;
  const asked = service.quote(spec, 0);
  quotes.set(specHash, asked);
  asked.catch(() => quotes.delete(specHash));
  return asked;
}

type Settled = Pick<CampaignAnswer, "medianLabelPay">;
type Named = Pick<CampaignLine, "id" | "status" | "specHash">;

/** What an hour earned the median annotator of a final campaign; null where it is not final, or no evidence says it. */
export function settledHour({ medianLabelPay }: Settled, seconds: number): Hour | null {
  return medianLabelPay ? { pay: (BigInt(medianLabelPay) * HOUR) / BigInt(seconds), acceptedBps: null } : null;
}

/** The lower of the hours that a quote implies, by how much is accepted. */
export function impliedHour(hours: readonly HourAnswer[]): Hour {
  const [lowest] = [...hours].sort((one, other) => one.acceptedBps - other.acceptedBps);
  return { pay: BigInt(lowest!.pay), acceptedBps: lowest!.acceptedBps };
}

/** Of a line of a list the whole campaign is asked for, where it is final. */
export async function hourOf(line: Named | CampaignAnswer, spec: { seconds_per_label: number }): Promise<Hour> {
  const whole = "progress" in line ? line : line.status === "final" ? await service.campaign(line.id) : null;
  const settled = whole && settledHour(whole, spec.seconds_per_label);
  return settled ?? impliedHour((await quoteOf(line.specHash, spec)).hourly);
}
