// A campaign's time line, drawn: what is over, what runs, what is to come. On a narrow screen it stands upright.
import type { CSSProperties } from "react";
import type { CampaignAnswer } from "../api/types";
import { t } from "../texts/en";
import { dateText, relativeText } from "./format";

export interface Phase {
  name: string;
  start: number | null;
  end: number;
  /** Over before its time. */
  done?: boolean;
  /** A result is final with its end. */
  last?: boolean;
}

/** The phases of a campaign in order, as its schedule has them. */
export function phasesOf(campaign: CampaignAnswer): Phase[] {
  const { schedule } = campaign.params;
  const line = campaign.timeline;
  const isStopped = campaign.status === "cancelled" || campaign.status === "expired";
  const accepted = isStopped ? wasAccepted(campaign.state) : campaign.status !== "created";
  const phases: Phase[] = [
    { name: t.phases.accept, start: null, end: line.acceptEnd, done: accepted },
    { name: t.phases.enrol, start: campaign.status === "open" ? campaign.state.since : line.acceptEnd, end: line.enrolEnd },
  ];
  for (let round = 0; round < Math.min(schedule.rounds, 6); round += 1) {
    const start = line.workStart + round * schedule.roundLength;
    phases.push({ name: schedule.rounds === 1 ? t.phases.work : t.phases.round(round + 1), start, end: start + schedule.roundLength });
  }
  if (schedule.rounds > 6) {
    phases.push({ name: t.phases.moreRounds(schedule.rounds - 6), start: line.workStart + 6 * schedule.roundLength, end: line.commitEnd });
  }
  phases.push({ name: t.phases.reveal, start: line.commitEnd, end: line.revealEnd });
  const isProposed = ["proposed", "disputed", "final"].includes(campaign.status);
  phases.push({ name: t.phases.settle, start: line.revealEnd, end: line.settleEnd, done: isProposed });
  const since = isProposed ? campaign.state.since : line.settleEnd;
  phases.push({ name: t.phases.window, start: since, end: campaign.status === "final" ? since : since + schedule.window, done: campaign.status === "final", last: true });
  return phases;
}

/** How much of a phase is over, from 0 to 1, and what is said of its end. */
export interface Mark {
  part: number;
  said: string;
}

export function marksOf(campaign: CampaignAnswer, now: number): { phases: Phase[]; marks: Mark[]; current: number } {
  const phases = phasesOf(campaign);
  if (campaign.status === "cancelled" || campaign.status === "expired") return { phases, marks: phases.map((phase) => stopped(campaign, phase)), current: -1 };
  const current = campaign.status === "final" ? -1 : phases.findIndex((phase) => !phase.done && now < phase.end);
  const marks = phases.map((phase, at): Mark => {
    const start = phase.start ?? phases[at - 1]?.end ?? phase.end;
    const passed = (now - start) / Math.max(1, phase.end - start);
    const isOver = phase.done || current < 0 || at < current;
    const part = isOver ? 1 : at === current ? Math.max(0.04, Math.min(1, passed)) : 0;
    return { part, said: phase.done ? t.phases.done : t.phases.until(dateText(phase.end)) };
  });
  return { phases, marks, current };
}

/** Of a campaign that ended without a result: the phases until then, and none after. */
function stopped({ status, state }: CampaignAnswer, phase: Phase): Mark {
  const ended = t.phases.stopped(t.status[status], dateText(state.since));
  if (!wasAccepted(state)) return phase.start === null ? { part: 0, said: ended } : { part: 0, said: t.phases.never };
  if (phase.done) return { part: 1, said: t.phases.done };
  if (phase.start !== null && state.since < phase.start) return { part: 0, said: t.phases.never };
  if (phase.last) return { part: 0, said: ended };
  if (phase.start !== null && state.since < phase.end) return { part: (state.since - phase.start) / (phase.end - phase.start), said: ended };
  return { part: 1, said: t.phases.until(dateText(phase.end)) };
}

/** What ends a campaign that was accepted frees its place in the pool. */
function wasAccepted({ placeFreed, committed }: CampaignAnswer["state"]): boolean {
  return placeFreed || committed;
}

export function TimeLine({ campaign, now }: { campaign: CampaignAnswer; now: number }) {
  const { phases, marks, current } = marksOf(campaign, now);
  return (
    <ol className="timeline" aria-label={t.phases.label}>
      {phases.map((phase, at) => {
        const { part, said } = marks[at]!;
        const isNow = at === current;
        return (
          <li key={phase.name} aria-current={isNow ? "step" : undefined}>
            <span className="track" aria-hidden="true">
              <span />
              <span style={{ "--part": `${part * 100}%` } as CSSProperties} />
            </span>
            <span className="name">{phase.name}</span>
            <span className="when">
              {said}
              {isNow && (
                <>
                  <br /> <strong>{t.phases.ends(relativeText(phase.end, now))}</strong>
                </>
              )}
            </span>
          </li>
        );
      })}
    </ol>
  );
}
