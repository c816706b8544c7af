// Answers that are not sealed yet: where one is, what was said, and back again. Each change is on the disk at once.
import { useCallback, useMemo, useRef, useState } from "react";
import type { Address, Hex } from "viem";
import type { ItemAnswer } from "../../api/types";
import type { Answer } from "../../protocol/labels";
import { database, type Draft } from "../../store/database";

export interface Drafting {
  answers: ReadonlyMap<number, Answer>;
  skipped: ReadonlySet<number>;
  /** The place of the item at hand among the items. */
  at: number;
  reviewing: boolean;
  /** Whether something of it is on the disk. */
  isSaved: boolean;
  canUndo: boolean;
  answer: (item: number, answer: Answer) => Promise<void>;
  skip: (item: number) => Promise<void>;
  report: (item: number, note: string) => Promise<void>;
  undo: () => void;
  go: (at: number) => void;
  review: (on: boolean) => void;
  /** Answers that are sealed now. */
  forget: (items: readonly number[]) => Promise<void>;
}

interface State {
  answers: Map<number, Answer>;
  skipped: Set<number>;
  reports: Map<number, string>;
  at: number;
  /** Where one was before, for undo. */
  path: number[];
  reviewing: boolean;
  isSaved: boolean;
}

export function useDraft(campaign: Hex, account: Address, items: readonly ItemAnswer[], draft: Draft | null): Drafting {
  const [state, setState] = useState<State>(() => begin(items, draft));
  const latest = useRef(state);

  const change = useCallback(
    async (next: Partial<State>, save = true) => {
      const changed = { ...latest.current, ...next };
      latest.current = changed;
      setState(changed);
      if (!save) return;
      await database.saveDraft({
        campaign,
        account,
        answers: [...changed.answers],
        skipped: [...changed.skipped],
        reports: [...changed.reports],
        savedAt: Date.now(),
      });
      if (latest.current.isSaved) return; // said already: nothing to draw again
      latest.current = { ...latest.current, isSaved: true };
      setState(latest.current);
    },
    [campaign, account],
  );

  return useMemo(() => {
    const onwards = (answers: ReadonlyMap<number, Answer>, skipped: ReadonlySet<number>) => {
      const { at, path } = latest.current;
      const next = nextOpen(items, answers, skipped, at);
      return { at: next ?? at, path: [...path, at], reviewing: next === null };
    };
    return {
      answers: state.answers,
      skipped: state.skipped,
      at: Math.min(state.at, Math.max(0, items.length - 1)),
      reviewing: state.reviewing,
      isSaved: state.isSaved,
      canUndo: state.path.length > 0,
      answer: (item, answer) => {
        const answers = new Map(latest.current.answers).set(item, answer);
        const skipped = without(latest.current.skipped, item);
        return change({ answers, skipped, ...onwards(answers, skipped) });
      },
      skip: (item) => {
        const answers = new Map(latest.current.answers);
        answers.delete(item);
        const skipped = new Set(latest.current.skipped).add(item);
        return change({ answers, skipped, ...onwards(answers, skipped) });
      },
      report: (item, note) => {
        const reports = new Map(latest.current.reports).set(item, note);
        const skipped = new Set(latest.current.skipped).add(item);
        const answers = new Map(latest.current.answers);
        answers.delete(item);
        return change({ reports, answers, skipped, ...onwards(answers, skipped) });
      },
      undo: () => {
        const path = [...latest.current.path];
        const at = path.pop();
        if (at !== undefined) void change({ at, path, reviewing: false }, false);
      },
      go: (at) => void change({ at, path: [...latest.current.path, latest.current.at], reviewing: false }, false),
      review: (on) => void change({ reviewing: on }, false),
      forget: (done) => {
        const answers = new Map(latest.current.answers);
        for (const item of done) answers.delete(item);
        return change({ answers });
      },
    };
  }, [state, items, change]);
}

function begin(items: readonly ItemAnswer[], draft: Draft | null): State {
  const answers = new Map(draft?.answers ?? []);
  const skipped = new Set(draft?.skipped ?? []);
  const at = nextOpen(items, answers, skipped, -1);
  const reports = new Map(draft?.reports ?? []);
  return { answers, skipped, reports, at: at ?? 0, path: [], reviewing: at === null && items.length > 0, isSaved: false };
}

/** The next item without an answer, around the end; null where there is none. */
function nextOpen(items: readonly ItemAnswer[], answers: ReadonlyMap<number, Answer>, skipped: ReadonlySet<number>, at: number): number | null {
  for (let step = 1; step <= items.length; step += 1) {
    const place = (at + step) % items.length;
    const { index } = items[place]!;
    if (!answers.has(index) && !skipped.has(index)) return place;
  }
  return null;
}

function without(set: ReadonlySet<number>, item: number): Set<number> {
  const next = new Set(set);
  next.delete(item);
  return next;
}
