// The contents of the next items, fetched and checked while the one at hand is looked at: then the next is there at once.
import { useEffect } from "react";
import type { Hex } from "viem";
import { service } from "../api/service";
import { onceDrawn } from "../ui/drawn";
import { contentOf, kindOf, type Item, type Shown } from "./content";

type Content = Promise<Uint8Array<ArrayBuffer>>;

const AHEAD = 2;
const MOST_KEPT = 4;
const kept = new Map<string, Content>();
/** Of those that are kept, the texts, ready to be shown. Pictures and sounds are somebody's to let go of, and are made when they are shown. */
const texts = new Map<string, readonly Shown[]>();

/** An item's content: the one that is on its way already, or asked for now. */
export function contentAhead(campaign: Hex, digest: string): Content {
  return kept.get(keyOf(campaign, digest)) ?? service.media(campaign, digest);
}

/** An item's texts, where they are at hand already. */
export function textsAhead(campaign: Hex, digest: string): readonly Shown[] | null {
  return texts.get(keyOf(campaign, digest)) ?? null;
}

/** Fetch the contents of the next few items, once the one at hand is drawn. What fails is asked for again by whoever shows it. */
export function useAhead(campaign: Hex, config: string, items: readonly Item[], at: number): void {
  useEffect(
    () =>
      onceDrawn(() => {
        for (const item of items.slice(at + 1, at + 1 + AHEAD)) keep(campaign, config, item);
      }),
    [campaign, config, items, at],
  );
}

function keep(campaign: Hex, config: string, item: Item): void {
  const key = keyOf(campaign, item.digest);
  if (kept.has(key)) return;
  const asked = service.media(campaign, item.digest);
  kept.set(key, asked);
  asked.catch(() => drop(key));
  void asked.then((bytes) => keepTexts(key, config, item, bytes)).catch(() => undefined);
  for (const oldest of [...kept.keys()].slice(0, -MOST_KEPT)) drop(oldest);
}

async function keepTexts(key: string, config: string, item: Item, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  if (kindOf(bytes).kind !== "text") return;
  const shown = await contentOf(config, item, bytes);
  if (kept.has(key)) texts.set(key, shown);
}

function drop(key: string): void {
  kept.delete(key);
  texts.delete(key);
}

function keyOf(campaign: Hex, digest: string): string {
  return `${campaign}/${digest}`;
}
