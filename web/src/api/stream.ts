// A campaign's event stream, as a page knows it: what holds on chain, the newest first, and how far the work is.
import type { Hex } from "viem";
import { service } from "./service";
import type { HappenedAnswer, ProgressAnswer, ReorganisedAnswer } from "./types";

export interface Told {
  news: readonly HappenedAnswer[];
  progress: ProgressAnswer | null;
  /** Whether the line broke off: it is being taken up again. */
  lost: boolean;
}

export const NOTHING: Told = { news: [], progress: null, lost: false };

/** A browser takes up a line that broke off by itself, and none that was refused. */
const REFUSED_MS = 15_000;

/** Follows a campaign until the function that it gives back is called. */
export function follow(campaign: Hex, tell: (change: (before: Told) => Told) => void): () => void {
  let stream: EventSource;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const open = () => {
    const line = (stream = service.eventsOf(campaign));
    const on = <Said>(kind: string, change: (before: Told, said: Said) => Told) =>
      line.addEventListener(kind, (event) => {
        const said = JSON.parse((event as MessageEvent<string>).data) as Said;
        tell((before) => change(before, said));
      });
    // What a new line tells begins with the first event of all.
    line.addEventListener("open", () => tell((before) => ({ ...before, news: [] })), { once: true });
    line.addEventListener("open", () => tell((before) => ({ ...before, lost: false })));
    line.addEventListener("error", () => {
      tell((before) => ({ ...before, progress: null, lost: true }));
      if (line.readyState === line.CLOSED) timer = setTimeout(open, REFUSED_MS);
    });
    on("happened", withEvent);
    on("reorganised", withoutDropped);
    on<ProgressAnswer>("progress", (before, progress) => ({ ...before, progress }));
  };
  open();
  return () => {
    clearTimeout(timer);
    stream.close();
  };
}

export function withEvent(before: Told, said: HappenedAnswer): Told {
  const known = before.news.some((each) => each.block === said.block && each.index === said.index);
  return known ? before : { ...before, news: [said, ...before.news] };
}

/** The chain has dropped what came behind a place; without one, all that was told. */
export function withoutDropped(before: Told, { block, index }: ReorganisedAnswer): Told {
  if (block == null || index == null) return { ...before, news: [] };
  return { ...before, news: before.news.filter((each) => each.block < block || (each.block === block && each.index <= index)) };
}
