// Loading: what a page asks for, while it is on its way, and what went wrong.
import { useCallback, useEffect, useRef, useState } from "react";
import { MOST_ROWS, type Listed } from "../api/client";

export interface Loaded<Value> {
  value: Value | undefined;
  error: unknown;
  loading: boolean;
  reload: () => Promise<void>;
}

/**
 * Runs `ask` at once, again whenever a dependency changes, and every so many milliseconds while the page is visible.
 * A later answer is never overtaken by an earlier one; what was there stays until the next is.
 */
export function useLoad<Value>(ask: () => Promise<Value>, dependencies: readonly unknown[], every = 0): Loaded<Value> {
  const [value, setValue] = useState<Value>();
  const [error, setError] = useState<unknown>();
  const [loading, setLoading] = useState(true);
  const turn = useRef(0);
  const latest = useRef(ask);
  latest.current = ask;

  const reload = useCallback(async () => {
    const own = (turn.current += 1);
    try {
      const found = await latest.current();
      if (own !== turn.current) return;
      setValue(() => found);
      setError(undefined);
    } catch (fault) {
      if (own === turn.current) setError(fault);
    } finally {
      if (own === turn.current) setLoading(false);
    }
  }, []);

  useEffect(() => {
    setLoading(true);
    setValue(undefined);
    setError(undefined);
    void reload();
    return () => {
      turn.current += 1;
    };
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, dependencies);

  useEffect(() => {
    if (!every) return;
    const timer = setInterval(() => {
      if (!document.hidden) void reload();
    }, every);
    return () => clearInterval(timer);
  }, [every, reload]);

  return { value, error, loading, reload };
}

/** A list of the service, as `useLoad` has it, and how far it was read. */
export interface LoadedList<Row> extends Loaded<Row[]>, Reading {}

/** How far a list was read: what reads on where the service has more than so many rows; null where that is all. */
export interface Reading {
  read: number;
  goOn: (() => Promise<void>) | null;
}

/** Loads a list, or what is made of one, as far as `ask` is told to read, and further once somebody wants it. */
export function useList<Row>(ask: (most: number) => Promise<Listed<Row>>, dependencies: readonly unknown[], every = 0): LoadedList<Row> {
  const most = useRef(MOST_ROWS);
  const { value: found, ...rest } = useLoad(() => ask(most.current), dependencies, every);
  const goOn = async () => {
    most.current += MOST_ROWS;
    await rest.reload();
  };
  return { ...rest, value: found?.rows, read: most.current, goOn: found?.more ? goOn : null };
}
