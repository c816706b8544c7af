// The regions of an answer, drawn over what they are of: boxes on a picture, spans in a text. All of it is text to React.
import { useEffect, useRef, useState, type CSSProperties, type PointerEvent, type ReactNode, type SyntheticEvent } from "react";
import { Boxes, Regions, Spans, type Answer, type Form } from "../protocol/labels";
import { WHOLE, type Box } from "../protocol/labels/boxes";
import type { Part } from "../protocol/labels/regions";
import { codePoints, type Span } from "../protocol/labels/spans";
import type { Shown } from "./content";
import { useMarking, type Marking } from "./marking";

/** Colours there are for classes; the styles name as many. */
export const TONES = 8;
/** A box that is smaller than this is a slip of the hand, in 1/10,000 of the picture. */
const LEAST = 50;

interface Props {
  form: Form;
  answer: Answer | null;
  shown: Shown;
  title: string;
}

/** What a form marks of an item, drawn with the answer's regions; null where it marks nothing of this. */
export function marked({ form, answer, shown, title }: Props): ReactNode {
  if (form instanceof Boxes && shown.kind === "image") return <Boxed form={form} boxes={partsOf(form, answer)} src={shown.value} title={title} />;
  if (form instanceof Spans && shown.kind === "text") return <Spanned form={form} spans={partsOf(form, answer)} text={shown.value} />;
  return null;
}

function partsOf<P extends Part>(form: Regions<P>, answer: Answer | null): P[] {
  return answer === null ? [] : form.parts(answer);
}

function Boxed({ form, boxes, src, title }: { form: Boxes; boxes: readonly Box[]; src: string; title: string }) {
  const marking = useMarking();
  const { drawn, events } = useDrawing(marking);
  const [natural, setNatural] = useState<CSSProperties>();
  const onLoad = ({ currentTarget: { naturalWidth, naturalHeight } }: SyntheticEvent<HTMLImageElement>) =>
    setNatural({ "--width": `${naturalWidth}px`, "--ratio": naturalWidth / naturalHeight } as CSSProperties);
  return (
    <div className={marking ? "marked drawing" : "marked"} style={natural} {...events}>
      <img src={src} alt={title} draggable={false} onLoad={onLoad} />
      {boxes.map((box, at) => (
        <div key={at} className="box" data-tone={box.of % TONES} style={styleOf(box)}>
          <span className="mark-name">{`${at + 1} ${form.classes[box.of]}`}</span>
        </div>
      ))}
      {drawn && <div className="box" data-tone={(marking?.of ?? 0) % TONES} style={styleOf(drawn)} />}
    </div>
  );
}

function styleOf({ x, y, w, h }: Omit<Box, "of">) {
  return { left: `${x / 100}%`, top: `${y / 100}%`, width: `${w / 100}%`, height: `${h / 100}%` };
}

/** A box is drawn by mouse, pen or finger, from one corner to the other. */
function useDrawing(marking: Marking | null) {
  const [from, setFrom] = useState<{ x: number; y: number } | null>(null);
  const [drawn, setDrawn] = useState<Omit<Box, "of"> | null>(null);
  if (!marking) return { drawn: null, events: {} };
  const end = (event: PointerEvent<HTMLElement>) => {
    const box = from && boxOf(from, pointOf(event));
    if (box && box.w >= LEAST && box.h >= LEAST) marking.add({ of: marking.of, ...box } as Box);
    stop();
  };
  const stop = () => {
    setFrom(null);
    setDrawn(null);
  };
  const events = {
    onPointerDown: (event: PointerEvent<HTMLElement>) => {
      if (event.button !== 0 || !event.isPrimary) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      setFrom(pointOf(event));
    },
    onPointerMove: (event: PointerEvent<HTMLElement>) => {
      if (from) setDrawn(boxOf(from, pointOf(event)));
    },
    onPointerUp: end,
    onPointerCancel: stop,
  };
  return { drawn, events };
}

/** Where a pointer is on the picture, in 1/10,000. */
function pointOf(event: PointerEvent<HTMLElement>) {
  const { left, top, width, height } = event.currentTarget.getBoundingClientRect();
  const part = (at: number, whole: number) => Math.min(Math.max(Math.round((at / whole) * WHOLE), 0), WHOLE);
  return { x: part(event.clientX - left, width), y: part(event.clientY - top, height) };
}

function boxOf(from: { x: number; y: number }, to: { x: number; y: number }): Omit<Box, "of"> {
  const [x, y] = [Math.min(from.x, to.x), Math.min(from.y, to.y)];
  return { x, y, w: Math.max(from.x, to.x) - x, h: Math.max(from.y, to.y) - y };
}

interface Piece {
  text: string;
  /** The spans that hold it, and those that end with it. */
  within: number[];
  ending: number[];
}

function Spanned({ form, spans, text }: { form: Spans; spans: readonly Span[]; text: string }) {
  const box = useRef<HTMLDivElement>(null);
  useSelected(box, useMarking());
  return (
    <div className="item-text" ref={box} tabIndex={text.length > 1_200 ? 0 : undefined}>
      {piecesOf(text, spans).map(({ text: piece, within, ending }, at) =>
        within.length ? (
          // Names stand in attributes: what is selected and read out is the text alone.
          <mark key={at} className="span" data-tone={spans[within[0]!]!.of % TONES} data-names={ending.map((each) => `${each + 1} ${form.classes[spans[each]!.of]}`).join(", ") || undefined}>
            {piece}
          </mark>
        ) : (
          <span key={at}>{piece}</span>
        ),
      )}
    </div>
  );
}

/** A text cut where spans begin and end. What lies beyond its end is left out. */
export function piecesOf(text: string, spans: readonly Span[]): Piece[] {
  const starts = codePoints(text);
  const length = starts.length - 1;
  const cuts = [...new Set([0, length, ...spans.flatMap(({ start, end }) => [start, end])])].filter((at) => at <= length).sort((one, other) => one - other);
  return cuts.slice(0, -1).map((start, at) => {
    const end = cuts[at + 1]!;
    const within = spans.flatMap((span, index) => (span.start <= start && span.end >= end ? [index] : []));
    return { text: text.slice(starts[start], starts[end]), within, ending: within.filter((index) => spans[index]!.end === end) };
  });
}

/** Keeps what is selected in a text, in code points. */
function useSelected(box: { current: HTMLElement | null }, marking: Marking | null): void {
  const selected = marking?.selected;
  useEffect(() => {
    if (!selected) return;
    const onChange = () => {
      selected.current = box.current && selectedIn(box.current);
    };
    document.addEventListener("selectionchange", onChange);
    return () => document.removeEventListener("selectionchange", onChange);
  }, [selected, box]);
}

function selectedIn(box: HTMLElement): { start: number; end: number } | null {
  const found = document.getSelection();
  const range = found?.rangeCount ? found.getRangeAt(0) : null;
  if (!range || !box.contains(range.startContainer) || !box.contains(range.endContainer)) return null;
  const before = document.createRange();
  before.setStart(box, 0);
  before.setEnd(range.startContainer, range.startOffset);
  const [start, length] = [before, range].map((each) => [...each.toString()].length) as [number, number];
  return length ? { start, end: start + length } : null;
}
