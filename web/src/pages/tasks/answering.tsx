// Answering an item by the page's own widgets, by key, mouse or thumb: real work and practice share all of this.
import { useLayoutEffect, useMemo, useState, type ReactNode } from "react";
import type { Hex } from "viem";
import { answerByKey } from "../../editor/AnswerForm";
import { headingsOf, type Item } from "../../editor/content";
import { ItemView } from "../../editor/ItemView";
import { MarkingDesk } from "../../editor/marking";
import { Numeric, Pairwise, type Answer, type Form } from "../../protocol/labels";
import type { Spec } from "../../protocol/spec";
import { t } from "../../texts/en";
import { keyOf } from "../../ui/keys";

/** What is entered for an item and not confirmed yet. */
export interface Entry {
  choice: Answer | null;
  /** Text in a number field, which may be no answer yet. */
  typed: string;
  isTyped: boolean;
  /** What would be confirmed; null where that is nothing. */
  answer: Answer | null;
  choose: (answer: Answer | null) => void;
  type: (text: string) => void;
}

export function useEntry(form: Form, item: number, saved: Answer | null): Entry {
  const fresh = { item, choice: saved, typed: saved !== null && form instanceof Numeric ? form.describe(saved) : "" };
  const [kept, setKept] = useState(fresh);
  // What was entered belongs to its item: with the next one it is gone at once, not an effect later.
  const { choice, typed } = kept.item === item ? kept : fresh;
  const isTyped = form instanceof Numeric && form.control === "number";
  return {
    choice, typed, isTyped,
    answer: isTyped ? typedAnswer(form, typed) : choice,
    choose: (next) => setKept({ item, choice: next, typed }),
    type: (next) => setKept({ item, choice, typed: next }),
  };
}

function typedAnswer(form: Numeric, typed: string): number | null {
  try {
    return form.fromText(typed);
  } catch {
    return null;
  }
}

/** What keys do beside choosing; what is left out has no key. */
export interface Acts {
  next?: () => void;
  undo?: () => void;
  skip?: () => void;
  report?: () => void;
}

/** The keys of labelling. Without an entry, keys choose nothing. */
export function useAnswerKeys(form: Form, entry: Entry | null, acts: Acts, paused = false): void {
  // In the same breath as what is shown: a key that follows the sight of an item counts.
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      // In a list of choices a letter is a choice.
      const isTaken = event.target instanceof HTMLSelectElement || document.querySelector("dialog[open]") !== null;
      if (paused || event.ctrlKey || event.metaKey || event.altKey || isTaken) return;
      const act = actOf(event, acts) ?? chosenBy(event, form, entry);
      if (!act) return;
      event.preventDefault();
      // A key that is held down confirms one item, not all of them.
      if (event.key !== "Enter" || !event.repeat) act();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  });
}

function actOf(event: KeyboardEvent, { next, undo, skip, report }: Acts): (() => void) | undefined {
  const isButton = (event.target as HTMLElement).closest("button, a, summary") !== null;
  const key = keyOf(event);
  if (key === "Enter" && !isButton) return next;
  if (key === "u" || (key === "Backspace" && !isTyping(event))) return undo;
  if (key === "s") return skip;
  return key === "r" ? report : undefined;
}

function chosenBy(event: KeyboardEvent, form: Form, entry: Entry | null): (() => void) | undefined {
  const chosen = !entry || isTyping(event) ? undefined : answerByKey(form, keyOf(event), entry.choice);
  return chosen === undefined ? undefined : () => entry!.choose(chosen);
}

function isTyping({ target }: KeyboardEvent): boolean {
  return target instanceof HTMLInputElement && target.type !== "radio" && target.type !== "checkbox";
}

/** The heading of the page takes the focus: what is read out and in sight begins there. */
export function focusHeading(): void {
  document.querySelector<HTMLElement>("#content h1")?.focus();
}

export function Instructions({ text, open = true }: { text: string; open?: boolean }) {
  return (
    <details open={open}>
      <summary>{open ? t.label.instructions : t.label.instructionsFolded}</summary>
      <p className="item-instructions">{text}</p>
    </details>
  );
}

interface DeskProps {
  campaign: Hex;
  spec: Spec;
  form: Form;
  item: Item;
  /** What is chosen, for a view that marks it. */
  answer: Answer | null;
  /** Takes what is drawn on the item; without it the item is only looked at. */
  choose?: (answer: Answer) => void;
  children: ReactNode;
}

/** The item with its instructions, and beside or below it what is answered. */
export function AnswerDesk({ campaign, spec, form, item, answer, choose, children }: DeskProps) {
  const headings = useMemo(() => headingsOf(spec.task.config), [spec]);
  const desk = (
    <div className="desk">
      <div className="stack">
        <Instructions text={spec.instructions} />
        <ItemView key={item.index} {...{ campaign, form, item, answer }} config={spec.task.config} />
      </div>
      <div className="stack">
        {headings.map((text) => (
          <h2 key={text}>{text}</h2>
        ))}
        {children}
      </div>
    </div>
  );
  return choose ? <MarkingDesk {...{ form, answer, choose }}>{desk}</MarkingDesk> : desk;
}

const NAMES = [["next", "Enter"], ["undo", "U"], ["skip", "S"], ["report", "R"]] as const;

/** The keys that work here, in words. */
export function Keys({ form, entry, acts, next = t.label.keys.next }: { form: Form; entry: Entry | null; acts: Acts; next?: string | undefined }) {
  const names = { ...t.label.keys, next };
  const rows: [string, string][] = NAMES.filter(([name]) => acts[name]).map(([name, key]) => [key, names[name]]);
  if (entry && !entry.isTyped) rows.unshift(form instanceof Pairwise ? ["1 ← 2 → 3 ↓", t.label.keys.pair] : ["1–9", t.label.keys.choose]);
  return (
    <p className="keys">
      {rows.map(([key, what]) => (
        <span key={key}>
          <kbd>{key}</kbd> {what}
        </span>
      ))}
    </p>
  );
}
