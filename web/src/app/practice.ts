// Practice: which finished campaign fits a campaign that somebody looks at. Its answers and results are public, its contents shown to those who had a part in it.
import type { Hex } from "viem";
import { isRefusal, TooLargeError } from "../api/client";
import { service } from "../api/service";
import type { CampaignLine } from "../api/types";
import type { Spec } from "../protocol/spec";
import { loadSpec } from "./campaign";

/** A campaign of more items has a spec and evidence too large to load for ten of them. */
const MOST_ITEMS = 10_000;
/** So many finished campaigns are looked at, the newest first, and so many that somebody could practise for. */
const [MOST_FINISHED, MOST_WANTED] = [8, 3];
const LIVE = new Set(["created", "open"]);

/** Where one practises for a campaign: the finished one, what it has in common with that one, and what not to show of it. */
export interface Ground {
  finished: CampaignLine;
  /** Whether the task is the very same; otherwise it is of the same kind. */
  sameTask: boolean;
  sameInstructions: boolean;
  /** Contents that the campaign practised for has as well: whoever works on them must not know a result. */
  hidden: ReadonlySet<string>;
}

/**
 * The best ground to practise for a campaign; null where no finished campaign has a task of its kind and shows its contents to this visitor.
 * A failure counts only where nothing was found: it is then thrown, so that nothing to practise on is never said by accident.
 */
export async function groundFor(name: Hex): Promise<Ground | null> {
  const { rows: lines } = await service.campaigns();
  const wanted = lines.find((line) => line.id === name) ?? (await service.campaign(name));
  const finished = lines.filter(isFinished);
  if (isFinished(wanted)) return (await shows(wanted)) ? { finished: wanted, sameTask: true, sameInstructions: true, hidden: new Set() } : null;
  const spec = finished.length && fits(wanted) ? await specOf(wanted) : null;
  if (!spec) return null;
  const hidden = new Set(spec.items.map((item) => item.digest));
  const ground = async (line: CampaignLine) => {
    const other = await specOf(line);
    if (!other || other.task.type !== spec.task.type || other.items.every((item) => hidden.has(item.digest))) return null;
    return (await shows(line)) ? groundOf(line, other, spec, hidden) : null;
  };
  return firstOf(finished.slice(0, MOST_FINISHED), ground, ({ sameTask }) => sameTask);
}

function groundOf(finished: CampaignLine, other: Spec, spec: Spec, hidden: ReadonlySet<string>): Ground {
  return { finished, hidden, sameTask: other.task.config === spec.task.config, sameInstructions: other.instructions === spec.instructions };
}

/** Whether the service shows this visitor the contents: it does so to those who have a part in the campaign. */
async function shows(line: CampaignLine): Promise<boolean> {
  const [first] = (await specOf(line))?.items ?? [];
  return first !== undefined && (await service.hasMedia(line.id, first.digest));
}

/** A campaign's spec; null where the service has none that a page can use. What failed otherwise may be there the next time. */
async function specOf({ specHash }: CampaignLine): Promise<Spec | null> {
  try {
    return await loadSpec(specHash);
  } catch (fault) {
    if (isRefusal(fault) || fault instanceof TooLargeError) return null;
    const { OtherBytesError } = await import("../protocol/spec");
    if (fault instanceof OtherBytesError) return null;
    throw fault;
  }
}

/** The first of what is found row by row that is best, else the first of all; null where nothing is. Fails only where nothing is found and a question failed. */
async function firstOf<Row, Found>(rows: readonly Row[], find: (row: Row) => Promise<Found | null>, isBest: (found: Found) => boolean): Promise<Found | null> {
  let first: Found | null = null;
  const failures: unknown[] = [];
  for (const row of rows) {
    const found = await find(row).catch((fault: unknown) => {
      failures.push(fault);
      return null;
    });
    if (found !== null && isBest(found)) return found;
    first ??= found;
  }
  if (first === null && failures.length) throw failures[0];
  return first;
}

function isFinished(line: CampaignLine): boolean {
  return line.status === "final" && fits(line);
}

function fits(line: CampaignLine): boolean {
  return line.items != null && line.items <= MOST_ITEMS;
}

/** Of several campaigns the one to practise for, those that take work first; null where there is no ground for any. Fails as `groundFor` does. */
export function practicable(lines: readonly CampaignLine[]): Promise<Hex | null> {
  const live = lines.filter((line) => LIVE.has(line.status)).slice(0, MOST_WANTED);
  const finished = lines.filter(isFinished).slice(0, MOST_WANTED);
  const named = async (line: CampaignLine) => ((isFinished(line) ? await shows(line) : await groundFor(line.id)) ? line.id : null);
  return firstOf([...live, ...finished], named, () => true);
}
