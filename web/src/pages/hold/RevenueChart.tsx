// Revenue over time, by source: bars drawn by hand at the width that there is, and the same as a table.
import { useEffect, useRef, useState } from "react";
import type { Address } from "viem";
import { periodsOf, totalOf, type Period } from "../../hold/periods";
import type { Payment } from "../../hold/history";
import { h } from "../../texts/en";
import { AmountIn, useUnit } from "../../ui/Amount";
import { amountText, decimal } from "../../ui/format";
import { Notice } from "../../ui/parts";
import type { Unit } from "../../wallet/chain";

const HEIGHT = 240;
const EDGE = { top: 14, right: 6, bottom: 30, left: 56 };
const LINES = 4;
const DAY = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", timeZone: "UTC" });
const LONG_DAY = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
const LABEL_WIDTH = 62;

export function RevenueChart({ payments, token, now }: { payments: readonly Payment[]; token: Address; now: number }) {
  const unit = useUnit(token);
  const periods = periodsOf(payments, now);
  if (!periods.length) {
    return (
      <Notice title={h.chart.none}>
        <p>{h.chart.noneTodo}</p>
      </Notice>
    );
  }
  if (!unit) return null;
  const total = payments.reduce((sum, each) => sum + each.amount, 0n);
  return (
    <figure className="revenue">
      <figcaption className="row">
        <span className="key licences">{h.chart.licences}</span>
        <span className="key direct">{h.chart.direct}</span>
      </figcaption>
      <Bars periods={periods} unit={unit} label={h.chart.label(amountText(total, unit), payments.length)} />
      <details>
        <summary>{h.chart.table}</summary>
        <Table periods={periods.filter((each) => totalOf(each) > 0n)} unit={unit} />
      </details>
    </figure>
  );
}

/** The width of an element, kept up to date. */
function useWidth() {
  const element = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const seen = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)));
    seen.observe(element.current!);
    return () => seen.disconnect();
  }, []);
  return { element, width };
}

function Bars({ periods, unit, label }: { periods: readonly Period[]; unit: Unit; label: string }) {
  const { element, width } = useWidth();
  const most = roundUp(periods.reduce((found, each) => (totalOf(each) > found ? totalOf(each) : found), 1n));
  const inner = { width: width - EDGE.left - EDGE.right, height: HEIGHT - EDGE.top - EDGE.bottom };
  const y = (amount: bigint) => EDGE.top + inner.height * (1 - Number((amount * 10_000n) / most) / 10_000);
  const step = inner.width / periods.length;
  const every = Math.max(1, Math.ceil((periods.length * LABEL_WIDTH) / Math.max(1, inner.width)));
  return (
    <div ref={element} className="bars-drawn">
      {width > 0 && (
        <svg width={width} height={HEIGHT} viewBox={`0 0 ${width} ${HEIGHT}`} role="img" aria-label={label}>
          <Hatching />
          {Array.from({ length: LINES + 1 }, (_, at) => (most * BigInt(at)) / BigInt(LINES)).map((amount, at) => (
            <g key={at}>
              <line className={at ? "grid-line" : "ground-line"} x1={EDGE.left} x2={width - EDGE.right} y1={y(amount)} y2={y(amount)} />
              <text x={EDGE.left - 8} y={y(amount) + 4} textAnchor="end">{decimal(amount, unit.decimals, 2)}</text>
            </g>
          ))}
          {periods.map((each, at) => (
            <g key={each.start}>
              <Bar period={each} unit={unit} x={EDGE.left + step * (at + 0.18)} width={Math.min(step * 0.64, 64)} y={y} />
              {(periods.length - 1 - at) % every === 0 && (
                <text x={EDGE.left + step * at + Math.min(step, 100) / 2} y={HEIGHT - 8} textAnchor="middle">{DAY.format(each.start * 1000)}</text>
              )}
            </g>
          ))}
        </svg>
      )}
    </div>
  );
}

/** Direct payments are hatched, so that colour is not all that tells them apart. */
function Hatching() {
  return (
    <defs>
      <pattern id="hatching" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect className="hatched-ground" width="7" height="7" />
        <rect className="hatched-line" width="3" height="7" />
      </pattern>
    </defs>
  );
}

function Bar({ period, unit, x, width, y }: { period: Period; unit: Unit; x: number; width: number; y: (amount: bigint) => number }) {
  const total = totalOf(period);
  if (total === 0n) return null;
  const words = h.chart.bar(LONG_DAY.format(period.start * 1000), amountText(period.licences, unit), amountText(period.direct, unit));
  const [ground, middle, top] = [y(0n), y(period.licences), y(total)];
  return (
    <g>
      <title>{words}</title>
      {period.licences > 0n && <rect className="bar-licences" x={x} y={middle} width={width} height={Math.max(1, ground - middle)} />}
      {period.direct > 0n && <rect className="bar-direct" x={x} y={top} width={width} height={Math.max(1, middle - top)} fill="url(#hatching)" />}
    </g>
  );
}

/** The next 1, 2 or 5 times a power of ten, so that the scale has round numbers. */
function roundUp(amount: bigint): bigint {
  let power = 1n;
  while (power * 10n <= amount) power *= 10n;
  const found = [1n, 2n, 4n, 6n, 8n].find((each) => each * power >= amount) ?? 10n;
  return found * power;
}

function Table({ periods, unit }: { periods: readonly Period[]; unit: Unit }) {
  return (
    <div className="table-wrap" tabIndex={0} role="region" aria-label={h.dataset.revenue}>
      <table className="stacking">
        <thead>
          <tr>
            <th scope="col">{h.chart.period}</th>
            <th scope="col" className="amount">{h.chart.licences}</th>
            <th scope="col" className="amount">{h.chart.direct}</th>
            <th scope="col" className="amount">{h.chart.sum}</th>
          </tr>
        </thead>
        <tbody>
          {periods.map((each) => (
            <tr key={each.start}>
              <td className="nowrap">{LONG_DAY.format(each.start * 1000)}</td>
              <td className="amount" data-name={h.chart.licences}><AmountIn of={each.licences} unit={unit} /></td>
              <td className="amount" data-name={h.chart.direct}><AmountIn of={each.direct} unit={unit} /></td>
              <td className="amount" data-name={h.chart.sum}><AmountIn of={totalOf(each)} unit={unit} /></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
