// The time line of a campaign from how long each of its steps takes, in seconds (labelshare.client.schedules).
import type { Schedule } from "../protocol/ids";

export interface Lengths {
  accept: number;
  enrol: number;
  pause: number;
  roundLength: number;
  grace: number;
  rounds: number;
  tries: number;
  reveal: number;
  settle: number;
  window: number;
  ruling: number;
  rescue: number;
  public: number;
  slash: number;
}

/** What a deployment asks of a time line. */
export interface Limits {
  minPeriod: number;
  minRescue: number;
  maxPeriod: number;
  maxHorizon: number;
}

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;
const LEAST_ACCEPT = MINUTE; // so that the campaign is on chain before it must be accepted

/** The defaults of the command line: what public deployments allow. */
export const USUAL: Lengths = {
  accept: DAY, enrol: 3 * DAY, pause: HOUR, roundLength: 5 * DAY, grace: 2 * DAY, rounds: 1, tries: 2, reveal: 2 * DAY,
  settle: 3 * DAY, window: 2 * DAY, ruling: 7 * DAY, rescue: 7 * DAY, public: 2 * DAY, slash: 7 * DAY,
};

/** A campaign in half an hour, for chains whose limits let one try things out. */
export const TRIAL: Lengths = {
  accept: 5 * MINUTE, enrol: 8 * MINUTE, pause: MINUTE, roundLength: 8 * MINUTE, grace: 2 * MINUTE, rounds: 1, tries: 2,
  reveal: 5 * MINUTE, settle: 8 * MINUTE, window: 5 * MINUTE, ruling: 5 * MINUTE, rescue: 5 * MINUTE, public: 5 * MINUTE,
  slash: 5 * MINUTE,
};

export const SLOW: Lengths = { ...USUAL, enrol: 5 * DAY, roundLength: 9 * DAY, rounds: 2 };

/** Which of the ready-made time lines a deployment allows. */
export function allowsTrial(limits: Limits): boolean {
  return limits.minPeriod <= MINUTE && limits.minRescue <= TRIAL.rescue;
}

export function scheduleOf(lengths: Lengths, now: number): Schedule {
  const acceptEnd = now + lengths.accept;
  const enrolEnd = acceptEnd + lengths.enrol;
  return {
    acceptEnd,
    enrolEnd,
    workStart: enrolEnd + lengths.pause,
    roundLength: lengths.roundLength,
    grace: lengths.grace,
    rounds: lengths.rounds,
    tries: lengths.tries,
    revealPeriod: lengths.reveal,
    settlePeriod: lengths.settle,
    window: lengths.window,
    rulingPeriod: lengths.ruling,
    rescuePeriod: lengths.rescue,
    publicPeriod: lengths.public,
    slashWindow: lengths.slash,
  };
}

/** When all is committed, revealed, and at the earliest final, in seconds from funding. */
export function milestones(lengths: Lengths) {
  return endsOf(scheduleOf(lengths, 0));
}

/** The same of a time line, by its own clock. */
export function endsOf(line: Schedule) {
  const commitEnd = line.workStart + line.rounds * line.roundLength;
  const revealEnd = commitEnd + line.revealPeriod;
  const settleEnd = revealEnd + line.settlePeriod;
  const contest = 4 * line.window + 3 * line.rulingPeriod;
  const proposeEnd = settleEnd + line.tries * (line.rescuePeriod + line.publicPeriod + contest);
  const hardEnd = proposeEnd + contest + line.slashWindow;
  return { enrolEnd: line.enrolEnd, workStart: line.workStart, commitEnd, revealEnd, settleEnd, final: revealEnd + line.window, hardEnd };
}

export type LengthFault =
  | { kind: "range"; name: keyof Lengths; least: number; most: number }
  | { kind: "horizon"; given: number; most: number }
  | { kind: "unbonding"; given: number; most: number };

/** What the registry would refuse, or the pool's oracle could never accept; the first fault, or null. */
export function lengthFault(lengths: Lengths, limits: Limits, unbonding: number): LengthFault | null {
  const { minPeriod: least, maxPeriod: most, maxHorizon: horizon } = limits;
  const bounds: Record<keyof Lengths, [number, number]> = {
    accept: [LEAST_ACCEPT, horizon], enrol: [lengths.grace, horizon], pause: [1, horizon],
    roundLength: [lengths.grace + 1, most], rounds: [1, 65_535], tries: [1, 8], rescue: [limits.minRescue, most],
    grace: [least, most], reveal: [least, most], settle: [least, most], window: [least, most], ruling: [least, most],
    public: [least, most], slash: [least, most],
  };
  for (const name of Object.keys(bounds) as (keyof Lengths)[]) {
    const [low, high] = bounds[name];
    const given = lengths[name];
    if (!Number.isSafeInteger(given) || given < low || given > high) return { kind: "range", name, least: low, most: high };
  }
  const { hardEnd } = milestones(lengths);
  if (hardEnd > horizon) return { kind: "horizon", given: hardEnd, most: horizon };
  const bound = hardEnd - lengths.accept;
  return bound > unbonding ? { kind: "unbonding", given: bound, most: unbonding } : null;
}
