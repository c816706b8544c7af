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

export async function hourOf({ id, status, specHash }: Named, spec: { seconds_per_label: number }): Promise<Hour> {
  const settled = status === "final" ? settledHour(await service.campaign(id), spec.seconds_per_label) : null;
  return settled ?? impliedHour((await quoteOf(specHash, spec)).hourly);
}
