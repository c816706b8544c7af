// Long lists in pages: however many rows there are, one page of them is drawn, and any row is to be found by its name.
import { useId, useState } from "react";
import type { Reading } from "../app/load";
import { t } from "../texts/en";
import { countText } from "./format";
import { Notice } from "./parts";

const SIZE = 50;

export interface Mark {
  className?: string;
  ref?: (element: HTMLElement | null) => void;
}

export interface Paging<Row> {
  /** Those of this page. */
  rows: readonly Row[];
  /** The place of the first of them in the list. */
  first: number;
  count: number;
  size: number;
  go: (first: number) => void;
  /** Go to a row and mark it. */
  show: (place: number) => void;
  /** What the element of a row on this page is given: the one that was looked for is marked and brought into view. */
  mark: (at: number) => Mark;
}

/** One page of a list; a list that shrinks stays on its last page. */
export function usePages<Row>(all: readonly Row[], size = SIZE): Paging<Row> {
  const [start, setStart] = useState(0);
  const [found, setFound] = useState<number | null>(null);
  const first = Math.min(start, startOf(Math.max(0, all.length - 1), size));
  return {
    rows: all.slice(first, first + size),
    first,
    count: all.length,
    size,
    go: (to) => {
      setStart(to);
      setFound(null);
    },
    show: (place) => {
      setStart(startOf(place, size));
      setFound(place);
    },
    mark: (at) => (found === first + at ? { className: "found", ref: reveal } : {}),
  };
}

function startOf(place: number, size: number): number {
  return Math.floor(place / size) * size;
}

function reveal(element: HTMLElement | null): void {
  element?.scrollIntoView({ block: "center" });
}

/** What rows are found by: a name for the field, and the place of the row that a text names, or -1. */
export interface Finding {
  label: string;
  place: (text: string) => number;
}

/** Rows found by the beginning of an account's address. */
export function byAccount(rows: readonly { account: string }[]): Finding {
  const place = (text: string) => rows.findIndex((row) => row.account.toLowerCase().startsWith(text.toLowerCase()));
  return { label: t.pages.account, place };
}

/** Rows found by one of their names, the first that any row has before the second. */
export function byName<Row>(rows: readonly Row[], namesOf: (row: Row) => readonly [string, string]): Finding {
  const place = (text: string) => {
    const exact = rows.findIndex((row) => namesOf(row)[0] === text);
    return exact < 0 ? rows.findIndex((row) => namesOf(row)[1] === text) : exact;
  };
  return { label: t.pages.item, place };
}

/** The way through the pages of a list; nothing where one page holds all. */
export function Pager<Row>({ pages, name, find }: { pages: Paging<Row>; name: string; find?: Finding }) {
  const { first, count, size, go } = pages;
  if (count <= size) return null;
  const last = startOf(count - 1, size);
  const turns: readonly (readonly [string, number])[] = [[t.pages.first, 0], [t.pages.back, Math.max(0, first - size)]];
  const onwards: readonly (readonly [string, number])[] = [[t.pages.next, Math.min(last, first + size)], [t.pages.last, last]];
  const turn = ([words, to]: readonly [string, number]) => (
    // Not `disabled`: the end of a list must not take the keyboard's focus away.
    <button key={words} type="button" className="button small" aria-disabled={to === first} onClick={() => to !== first && go(to)}>
      {words}
    </button>
  );
  return (
    <nav className="row apart pager" aria-label={t.pages.of(name)}>
      <div className="row">
        {turns.map(turn)}
        <span className="number nowrap" role="status">
          {t.pages.range(countText(first + 1), countText(Math.min(count, first + size)), countText(count))}
        </span>
        {onwards.map(turn)}
      </div>
      {find && <Find pages={pages} {...find} />}
    </nav>
  );
}

function Find<Row>({ pages, label, place }: Finding & { pages: Paging<Row> }) {
  const id = useId();
  const [text, setText] = useState("");
  const [missing, setMissing] = useState(false);
  const look = () => {
    const found = text.trim() ? place(text.trim()) : -1;
    setMissing(found < 0);
    if (found >= 0) pages.show(found);
  };
  return (
    <form
      className="row"
      onSubmit={(event) => {
        event.preventDefault();
        look();
      }}
    >
      <label htmlFor={id}>{label}</label>
      <input id={id} value={text} autoComplete="off" spellCheck={false} onChange={(event) => setText(event.target.value)} aria-describedby={`${id}-missing`} />
      <button className="button small">{t.pages.find}</button>
      <span id={`${id}-missing`} role="status" className="small-text">
        {missing && t.pages.missing}
      </span>
    </form>
  );
}

/** Says that a list was read in part, and reads on; nothing where it was read to its end. */
export function GoesOn({ read, goOn }: Reading) {
  const [reading, setReading] = useState(false);
  if (!goOn) return null;
  const start = async () => {
    setReading(true);
    await goOn();
    setReading(false);
  };
  return (
    <Notice kind="warn" title={t.pages.inPart(countText(read))}>
      <div>
        {/* Not `disabled`: whoever reads on by keyboard stays here. */}
        <button type="button" className="button small" aria-disabled={reading} onClick={() => !reading && void start()}>
          {reading ? t.pages.reading : t.pages.goOn}
        </button>
      </div>
    </Notice>
  );
}
