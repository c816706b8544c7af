// The regions of an answer as a list: each with its class and its numbers, so that a keyboard alone can do it all.
import { useEffect, useId, useRef, useState } from "react";
import { Boxes, Spans, type Answer, type Regions } from "../protocol/labels";
import { WHOLE, type Box } from "../protocol/labels/boxes";
import { MAX_REGIONS, type Part } from "../protocol/labels/regions";
import type { Span } from "../protocol/labels/spans";
import { t } from "../texts/en";
import { digitOf } from "../ui/keys";
import { useMarking } from "./marking";
import { TONES } from "./Marks";

const words = t.label.regions;
/** Where a box begins that is put there by its button: in the middle. */
const MIDDLE = { x: 4_000, y: 4_000, w: 2_000, h: 2_000 };
const MOST_SPAN = 2 ** 32 - 1;

interface Props {
  form: Regions;
  answer: Answer | null;
  choose: (answer: Answer | null) => void;
}

export function RegionForm({ form, answer, choose }: Props) {
  const marking = useMarking();
  const [own, setOwn] = useState(0);
  const of = marking?.of ?? own;
  const { rows, keep } = useRows(form, answer, choose);
  const list = useRef<HTMLOListElement>(null);
  const add = (part: Part) => {
    keep([...rows, part]);
    setTimeout(() => list.current?.lastElementChild?.querySelector("input")?.focus());
  };
  const pick = (next: number) => {
    (marking?.choose ?? setOwn)(next);
    if (form instanceof Spans && marking?.selected.current) {
      keep([...rows, { of: next, ...marking.selected.current } as Part]);
      marking.selected.current = null;
      document.getSelection()?.removeAllRanges();
    }
  };
  usePickKeys(form.classes.length, pick);
  // The numbers are those on the item, where regions stand in the order of the answer.
  const places = form.parts(form.of(rows)).map((part) => form.of([part]));
  const isEmpty = answer !== null && rows.length === 0;
  const full = rows.length >= MAX_REGIONS;
  return (
    <div className="stack">
      <Classes form={form} of={of} pick={pick} />
      <p className="quiet small-text">{form instanceof Boxes ? words.drawBox : words.drawSpan}</p>
      {rows.length > 0 && (
        <ol className="regions" ref={list} aria-label={words.list}>
          {rows.map((part, at) => (
            <Row key={at} {...{ form, part }} number={places.indexOf(form.of([part])) + 1} change={(next) => keep(rows.with(at, next))} remove={() => keep(rows.toSpliced(at, 1))} />
          ))}
        </ol>
      )}
      <div className="row">
        <button type="button" className="button small" disabled={full} onClick={() => add(form instanceof Boxes ? ({ of, ...MIDDLE } as Box) : ({ of, start: 0, end: 1 } as Span))}>
          {form instanceof Boxes ? words.addBox : words.addSpan}
        </button>
        {full && <span className="quiet small-text">{words.full(MAX_REGIONS)}</span>}
      </div>
      <label className="answer">
        <input type="checkbox" checked={isEmpty} disabled={rows.length > 0} onChange={() => choose(isEmpty ? null : form.of([]))} />
        <kbd aria-hidden="true">{isEmpty ? "✓" : "\u00a0"}</kbd>
        <span>{words.nothing}</span>
      </label>
    </div>
  );
}

/** The regions in the order in which they were made, while they make the answer; an answer from elsewhere comes in as it is. */
function useRows(form: Regions, answer: Answer | null, choose: Props["choose"]) {
  const [kept, setKept] = useState<readonly Part[]>([]);
  const parts = answer === null ? [] : form.parts(answer);
  const same = form.of(kept) === form.of(parts);
  const has = (list: readonly Part[], part: Part) => list.some((each) => form.of([each]) === form.of([part]));
  const rows = same ? kept : [...kept.filter((part) => has(parts, part)), ...parts.filter((part) => !has(kept, part))];
  const keep = (next: readonly Part[]) => {
    setKept(next);
    choose(next.length ? form.of(next) : null);
  };
  return { rows, keep };
}

/** 1 to 9 and 0 choose a class, as everywhere. */
function usePickKeys(count: number, pick: (of: number) => void): void {
  const latest = useRef(pick);
  latest.current = pick;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const busy = event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]") || isTyping(event.target);
      const digit = digitOf(event);
      if (busy || digit === null) return;
      const of = digit === "0" ? 9 : Number(digit) - 1;
      if (of < count) latest.current(of);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [count]);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.matches("input:not([type=radio]):not([type=checkbox]), textarea, select");
}

function Classes({ form, of, pick }: { form: Regions; of: number; pick: (of: number) => void }) {
  return (
    <div className="classes" role="group" aria-label={form instanceof Boxes ? words.classOfBox : words.classOfSpan}>
      {form.classes.map((name, at) => (
        // The press must not take the selection away before it is read.
        <button key={name} type="button" className="class-button" data-tone={at % TONES} aria-pressed={of === at} onPointerDown={(event) => event.preventDefault()} onClick={() => pick(at)}>
          <kbd aria-hidden="true">{at < 9 ? at + 1 : at === 9 ? 0 : "·"}</kbd>
          <span>{name}</span>
        </button>
      ))}
    </div>
  );
}

function Row({ form, part, number, change, remove }: { form: Regions; part: Part; number: number; change: (part: Part) => void; remove: () => void }) {
  const id = useId();
  const name = words.region(number, form.classes[part.of]!);
  return (
    <li>
      <div className="region" role="group" aria-label={name}>
        <div className="row apart">
          <label className="visually-hidden" htmlFor={id}>
            {words.classOf(name)}
          </label>
          <span className="region-number" data-tone={part.of % TONES} aria-hidden="true">
            {number}
          </span>
          <select id={id} value={part.of} onChange={(event) => change({ ...part, of: Number(event.target.value) })}>
            {form.classes.map((each, index) => (
              <option key={each} value={index}>
                {each}
              </option>
            ))}
          </select>
          <button type="button" className="button small plain" onClick={remove} aria-label={words.removeOf(name)}>
            {words.remove}
          </button>
        </div>
        <div className="region-numbers">
          {form instanceof Boxes ? <BoxNumbers box={part as Box} change={change} /> : <SpanNumbers span={part as Span} change={change} />}
        </div>
      </div>
    </li>
  );
}

function BoxNumbers({ box, change }: { box: Box; change: (box: Box) => void }) {
  const { x, y, w, h } = box;
  const place = (part: Partial<Box>) => {
    const next = { ...box, ...part };
    change({ ...next, w: Math.min(next.w, WHOLE - next.x), h: Math.min(next.h, WHOLE - next.y) });
  };
  const size = (part: Partial<Box>) => {
    const next = { ...box, ...part };
    change({ ...next, x: Math.min(next.x, WHOLE - next.w), y: Math.min(next.y, WHOLE - next.h) });
  };
  return (
    <>
      <NumberField label={words.left} value={x} unit={100} least={0} most={WHOLE - 1} change={(value) => place({ x: value })} />
      <NumberField label={words.top} value={y} unit={100} least={0} most={WHOLE - 1} change={(value) => place({ y: value })} />
      <NumberField label={words.width} value={w} unit={100} least={1} most={WHOLE} change={(value) => size({ w: value })} />
      <NumberField label={words.height} value={h} unit={100} least={1} most={WHOLE} change={(value) => size({ h: value })} />
    </>
  );
}

function SpanNumbers({ span, change }: { span: Span; change: (span: Span) => void }) {
  return (
    <>
      <NumberField label={words.start} value={span.start} least={0} most={MOST_SPAN - 1} change={(start) => change({ ...span, start, end: Math.max(span.end, start + 1) })} />
      <NumberField label={words.end} value={span.end} least={1} most={MOST_SPAN} change={(end) => change({ ...span, end, start: Math.min(span.start, end - 1) })} />
    </>
  );
}

/** A whole number, shown in `unit` parts; what is typed counts as soon as it is one within the bounds. */
function NumberField({ label, value, unit = 1, least, most, change }: { label: string; value: number; unit?: number; least: number; most: number; change: (value: number) => void }) {
  const id = useId();
  const [typed, setTyped] = useState<string | null>(null);
  const type = (text: string) => {
    setTyped(text);
    const next = Math.round(Number(text) * unit);
    if (text.trim() && next >= least && next <= most) change(next);
  };
  return (
    <div>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type="number"
        step="any"
        min={least / unit}
        max={most / unit}
        value={typed ?? String(value / unit)}
        onChange={(event) => type(event.target.value)}
        onBlur={() => setTyped(null)}
      />
    </div>
  );
}
