// Practice: which finished campaign fits a campaign that somebody looks at. Its answers and results are public, its contents shown to those who had a part in it.
import type { Hex } from "viem";
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

/** The best ground to practise for a campaign; null where no finished campaign has a task of its kind. */
export async function groundFor(name: Hex): Promise<Ground | null> {
  const lines = await service.campaigns();
  const wanted = lines.find((line) => line.id === name) ?? (await service.campaign(name));
  const finished = lines.filter(isFinished);
  if (isFinished(wanted)) return (await shows(wanted)) ? { finished: wanted, sameTask: true, sameInstructions: true, hidden: new Set() } : null;
  if (!finished.length || !fits(wanted)) return null;
  const spec = await loadSpec(wanted.specHash);
  const hidden = new Set(spec.items.map((item) => item.digest));
  let likeIt: Ground | null = null;
  for (const line of finished.slice(0, MOST_FINISHED)) {
    // A spec that is not to be had is no reason to offer none of the others.
    const other = await loadSpec(line.specHash).catch(() => null);
    if (!other || other.task.type !== spec.task.type || other.items.every((item) => hidden.has(item.digest))) continue;
    if (!(await shows(line))) continue;
    const ground = groundOf(line, other, spec, hidden);
    if (ground.sameTask) return ground;
    likeIt ??= ground;
  }
  return likeIt;
}

function groundOf(finished: CampaignLine, other: Spec, spec: Spec, hidden: ReadonlySet<string>): Ground {
  return { finished, hidden, sameTask: other.task.config === spec.task.config, sameInstructions: other.instructions === spec.instructions };
}

/** Whether the service shows this visitor the contents: it does so to those who have a part in the campaign. */
async function shows(line: CampaignLine): Promise<boolean> {
  try {
    const [first] = (await loadSpec(line.specHash)).items;
    return first !== undefined && (await service.hasMedia(line.id, first.digest));
  } catch {
    return false;
  }
}

function isFinished(line: CampaignLine): boolean {
  return line.status === "final" && fits(line);
}

function fits(line: CampaignLine): boolean {
  return line.items != null && line.items <= MOST_ITEMS;
}

/** Of several campaigns the one to practise for, those that take work first; null where there is no ground for any. */
export async function practicable(lines: readonly CampaignLine[]): Promise<Hex | null> {
  const live = lines.filter((line) => LIVE.has(line.status)).slice(0, MOST_WANTED);
  for (const line of live) if (await groundFor(line.id).catch(() => null)) return line.id;
  for (const line of lines.filter(isFinished).slice(0, MOST_WANTED)) if (await shows(line)) return line.id;
  return null;
}
