// Labels and money of a campaign, drawn: what is there, and what it will come to.
import { useEffect, useRef } from "react";
import type { CampaignAnswer } from "../../api/types";
import { forecastOf, pointsOf, spendOf, type Forecast, type Point } from "../../fund/forecast";
import type { Spec } from "../../protocol/spec";
import { f } from "../../texts/en";
import { AmountIn, useUnit } from "../../ui/Amount";
import { countText, dateText, relativeText } from "../../ui/format";
import { Card, Figures } from "../../ui/parts";

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [640, 260, 8, 8, 34, 40];
const CLOSED = new Set(["cancelled", "expired"]);

export function ProgressCards({ campaign, spec, now }: { campaign: CampaignAnswer; spec: Spec | null; now: number }) {
  const unit = useUnit(campaign.token);
  const forecast = forecastOf(campaign, BigInt(spec?.price ?? campaign.price ?? "0"), now);
  const { progress } = campaign;
  return (
    <>
      <Card title={f.watch.progress}>
        <p className="quote">{f.watch.progressOf(countText(progress.labels), countText(progress.places))}</p>
        <Chart campaign={campaign} forecast={forecast} now={now} />
        {progress.rounds.length > 1 && (
          <p className="quiet small-text">{progress.rounds.map((each) => f.watch.round(each.round + 1, countText(each.labels))).join(" · ")}</p>
        )}
        <Figures
          rows={[
            [f.watch.expectedLabels, forecast.labels === null ? <Early key="labels" /> : countText(forecast.labels)],
            [f.watch.expectedCost, forecast.expected === null ? <Early key="cost" /> : <AmountIn key="cost" of={forecast.expected} unit={unit} />],
            ...(forecast.end ? [[f.watch.expectedEnd, relativeText(forecast.end, now), dateText(forecast.end)] as const] : []),
          ]}
        />
      </Card>
      {!CLOSED.has(campaign.status) && <Spend campaign={campaign} forecast={forecast} />}
    </>
  );
}

function Early() {
  return <small>{f.watch.early}</small>;
}

function Spend({ campaign, forecast }: { campaign: CampaignAnswer; forecast: Forecast }) {
  const unit = useUnit(campaign.token);
  const settled = campaign.proposal !== null && campaign.proposal !== undefined;
  // A final campaign's escrow is handed out: what was locked is then what it paid and what came back.
  const escrow = useEscrow(campaign);
  const sum = escrow > forecast.soFar ? escrow : forecast.soFar;
  const ahead = spendOf(forecast, sum);
  const rows = [
    ["tone-a", settled ? f.watch.spendPaid : f.watch.spendNow, forecast.soFar],
    ...(settled || !ahead ? [] : [["tone-b", f.watch.spendMore, ahead.more] as const]),
    ...(ahead ? [["tone-d", f.watch.spendBack, ahead.back] as const] : []),
  ] as const;
  const untold = ahead ? 0n : sum - forecast.soFar;
  const width = (amount: bigint) => ({ flexGrow: Number((amount * 10_000n) / (sum || 1n)), flexBasis: 0 });
  return (
    <Card title={f.watch.spend}>
      <div className="stacked" role="img" aria-label={f.watch.spend}>
        {rows.map(([tone, name, amount]) => amount > 0n && <span key={name} className={tone} style={width(amount)} />)}
        {untold > 0n && <span style={width(untold)} />}
      </div>
      <ul className="legend">
        {rows.map(([tone, name, amount]) => (
          <li key={name}>
            <span><span className={`swatch ${tone}`} aria-hidden="true" />{name}</span>
            <AmountIn of={amount} unit={unit} />
          </li>
        ))}
        <li>
          <span>{f.watch.locked}</span>
          <strong><AmountIn of={sum} unit={unit} /></strong>
        </li>
      </ul>
      {!ahead && <p className="quiet small-text">{f.watch.spendEarly}</p>}
    </Card>
  );
}

/** What was locked, as long as the state says so; afterwards as it was last seen, or as it must have been. */
function useEscrow(campaign: CampaignAnswer): bigint {
  const seen = useRef(0n);
  const { escrow } = campaign.state;
  if (BigInt(escrow) > seen.current) seen.current = BigInt(escrow);
  const { params, progress, price } = campaign;
  const least = (BigInt(progress.places) * BigInt(price ?? "0") * BigInt(10_000 + params.feeBps) + 9_999n) / 10_000n;
  return seen.current > least ? seen.current : least;
}

function Chart({ campaign, forecast, now }: { campaign: CampaignAnswer; forecast: Forecast; now: number }) {
  const seen = useSeen(campaign);
  const { workStart, commitEnd } = campaign.timeline;
  const { labels, places } = campaign.progress;
  const x = (time: number) => LEFT + ((time - workStart) / Math.max(1, commitEnd - workStart)) * (WIDTH - LEFT - RIGHT);
  const y = (count: number) => HEIGHT - BOTTOM - (count / Math.max(1, places)) * (HEIGHT - TOP - BOTTOM);
  const points = pointsOf(campaign, seen, now);
  const line = points.map((each) => `${x(each.time).toFixed(1)},${y(each.labels).toFixed(1)}`).join(" ");
  const last = points.at(-1)!;
  const ahead = forecast.labels !== null && now < commitEnd && now > workStart;
  const told = f.watch.chart(countText(labels), forecast.labels === null ? f.watch.early : countText(forecast.labels));
  return (
    <svg className="chart large" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={told}>
      <line className="axis" x1={LEFT} x2={WIDTH - RIGHT} y1={y(0)} y2={y(0)} />
      <line className="limit" x1={LEFT} x2={WIDTH - RIGHT} y1={y(places)} y2={y(places)} />
      <text x={LEFT} y={y(places) - 7}>{`${f.watch.places}: ${countText(places)}`}</text>
      <polygon className="area" points={`${x(workStart)},${y(0)} ${line} ${x(last.time)},${y(0)}`} />
      <polyline className="line" points={line} />
      {ahead && <line className="ahead" x1={x(last.time)} y1={y(last.labels)} x2={x(commitEnd)} y2={y(forecast.labels!)} />}
      <circle className="dot" cx={x(last.time)} cy={y(last.labels)} r="5" />
      <text x={LEFT} y={HEIGHT - 10}>{dateText(workStart)}</text>
      <text x={WIDTH - RIGHT} y={HEIGHT - 10} textAnchor="end">{dateText(commitEnd)}</text>
    </svg>
  );
}

/** Counts as this page saw them come. */
function useSeen(campaign: CampaignAnswer): Point[] {
  const seen = useRef<Point[]>([]);
  const { labels } = campaign.progress;
  const time = campaign.timeline.now;
  useEffect(() => {
    if (seen.current.at(-1)?.labels !== labels) seen.current.push({ time, labels });
  }, [labels, time]);
  return seen.current;
}
