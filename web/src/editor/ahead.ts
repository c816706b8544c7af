// The contents of the next items, fetched while the one at hand is looked at: then the next is there at once.
import { useEffect } from "react";
import type { Hex } from "viem";
import { service } from "../api/service";

type Content = Promise<Uint8Array<ArrayBuffer>>;

const AHEAD = 2;
const MOST_KEPT = 4;
const kept = new Map<string, Content>();

/** An item's content: the one that is on its way already, or asked for now. */
export function contentAhead(campaign: Hex, digest: string): Content {
  return kept.get(keyOf(campaign, digest)) ?? service.media(campaign, digest);
}

/** Fetch the contents of the next few items. What fails is asked for again by whoever shows it. */
export function useAhead(campaign: Hex, items: readonly { digest: string }[], at: number): void {
  useEffect(() => {
    for (const { digest } of items.slice(at + 1, at + 1 + AHEAD)) keep(campaign, digest);
  }, [campaign, items, at]);
}

function keep(campaign: Hex, digest: string): void {
  const key = keyOf(campaign, digest);
  if (kept.has(key)) return;
  const asked = service.media(campaign, digest);
  kept.set(key, asked);
  asked.catch(() => kept.delete(key));
  for (const oldest of [...kept.keys()].slice(0, -MOST_KEPT)) kept.delete(oldest);
}

function keyOf(campaign: Hex, digest: string): string {
  return `${campaign}/${digest}`;
}
