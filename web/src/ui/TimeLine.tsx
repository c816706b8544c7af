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
}

/** The phases of a campaign in order, as its schedule has them. */
export function phasesOf(campaign: CampaignAnswer): Phase[] {
  const { schedule } = campaign.params;
  const line = campaign.timeline;
  const accepted = campaign.status !== "created";
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
  phases.push({ name: t.phases.window, start: since, end: campaign.status === "final" ? since : since + schedule.window, done: campaign.status === "final" });
  return phases;
}

export function TimeLine({ campaign, now }: { campaign: CampaignAnswer; now: number }) {
  const over = ["final", "cancelled", "expired"].includes(campaign.status);
  const phases = phasesOf(campaign);
  const current = over ? -1 : phases.findIndex((phase) => !phase.done && now < phase.end);
  return (
    <ol className="timeline" aria-label={t.phases.label}>
      {phases.map((phase, at) => {
        const start = phase.start ?? phases[at - 1]?.end ?? phase.end;
        const length = Math.max(1, phase.end - start);
        const part = over || phase.done || (current >= 0 && at < current) ? 1 : at === current ? Math.max(0.04, Math.min(1, (now - start) / length)) : 0;
        const isNow = at === current;
        return (
          <li key={phase.name} aria-current={isNow ? "step" : undefined}>
            <span className="track" aria-hidden="true">
              <span />
              <span style={{ "--part": `${part * 100}%` } as CSSProperties} />
            </span>
            <span className="name">{phase.name}</span>
            <span className="when">
              {phase.done ? t.phases.done : t.phases.until(dateText(phase.end))}
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
