// The items in a list that stays smooth at any length: only the rows on the screen are drawn.
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import type { Item } from "../../import/items";
import type { Answer } from "../../protocol/labels";
import { f } from "../../texts/en";
import { countText } from "../../ui/format";

const ROW = 44;
const SPARE = 6;

export function ItemsList({ items, gold, describe, selected, select }: {
  items: readonly Item[];
  gold: ReadonlyMap<number, Answer>;
  describe: (answer: Answer) => string;
  selected: number;
  select: (item: number) => void;
}) {
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(352);
  useEffect(() => {
    const watched = new ResizeObserver(([entry]) => entry && setHeight(entry.contentRect.height));
    watched.observe(box.current!);
    return () => watched.disconnect();
  }, []);
  const first = Math.max(0, Math.floor(top / ROW) - SPARE);
  const last = Math.min(items.length, Math.ceil((top + height) / ROW) + SPARE);

  const go = (to: number) => {
    const next = Math.min(items.length - 1, Math.max(0, to));
    select(next);
    const { current } = box;
    if (!current) return;
    if (next * ROW < current.scrollTop) current.scrollTop = next * ROW;
    else if ((next + 1) * ROW > current.scrollTop + current.clientHeight) current.scrollTop = (next + 1) * ROW - current.clientHeight;
  };
  const onKey = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor(height / ROW) - 1);
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -items.length, End: items.length }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    go(selected + step);
  };

  return (
    <div>
      <div className="rows-head" aria-hidden="true">
        {f.items.columns.map((name) => (
          <span key={name}>{name}</span>
        ))}
      </div>
      <div
        ref={box}
        className="rows"
        role="listbox"
        aria-label={f.items.list}
        aria-activedescendant={selected >= first && selected < last ? `item-row-${selected}` : undefined}
        tabIndex={0}
        onScroll={(event) => setTop(event.currentTarget.scrollTop)}
        onKeyDown={onKey}
      >
        <div style={{ height: items.length * ROW }} role="presentation" />
        {items.slice(first, last).map((item, at) => {
          const index = first + at;
          const answer = gold.get(index);
          return (
            <div
              key={index}
              id={`item-row-${index}`}
              className="rows-row"
              role="option"
              aria-selected={index === selected}
              aria-setsize={items.length}
              aria-posinset={index + 1}
              style={{ top: index * ROW }}
              onClick={() => select(index)}
            >
              <span className="quiet number">{countText(index + 1)}</span>
              <span>{item.shown}</span>
              <span className="gold-mark">{answer === undefined ? "" : `★ ${describe(answer)}`}</span>
            </div>
          );
        })}
      </div>
    </div>
  );
}
