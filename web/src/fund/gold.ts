// Gold: items whose answers the requester knows, sealed in the browser before the work starts and revealed whole after.
// The spec holds the root and the count alone; the secret and the answers never leave this browser until the reveal.
import { bytesToHex, concatHex, isHex, keccak256, stringToHex, type Hex } from "viem";
import { sizeOf, word } from "../protocol/bytes";
import { labelBytes, labelDigest, MAX_ITEMS, MAX_LABEL_BYTES, MOST_POSTED, salts } from "../protocol/commitments";
import { leafHash } from "../protocol/leaves";
import { MerkleTree } from "../protocol/merkle";
import { faulty } from "../texts/en";

/** Gold with its secret: to keep until it is revealed. Items ascend; labels are canonical bytes. */
export interface SealedGold {
  secret: Hex;
  items: number[];
  labels: Hex[];
  root: Hex;
}

export const GOLD_VERSION = "labelshare.gold.v1";
const KIND = keccak256(stringToHex("GOLD.v1"));

/** A file that is no private file of gold, or one that was altered. No message shows any of it. */
export class GoldFileError extends Error {}

/** 32 fresh random bytes, used for one sealing and for nothing else. */
export function freshSecret(): Hex {
  return bytesToHex(crypto.getRandomValues(new Uint8Array(32)));
}

/** Seal canonical label bytes by item. */
export async function sealGold(secret: Hex, labels: ReadonlyMap<number, Hex>): Promise<SealedGold> {
  const items = [...labels.keys()].sort((one, other) => one - other);
  const own = items.map((item) => labels.get(item)!);
  const each = await salts(secret, items);
  const leaves = items.map((item, at) => leafHash(KIND, word(item), labelDigest(own[at]!), each[at]!));
  return { secret, items, labels: own, root: new MerkleTree(leaves).root };
}

/** What `revealGold` takes: secret ‖ for each item: item 8 bytes ‖ length 2 ‖ label. */
export function revealOf(gold: Pick<SealedGold, "secret" | "items" | "labels">): Hex {
  return concatHex([gold.secret, labelBytes(gold.items, gold.labels)]);
}

/** Whether one transaction can reveal it; gold is revealed whole. */
export function isRevealable(gold: SealedGold): boolean {
  return sizeOf(revealOf(gold)) <= MOST_POSTED;
}

/** The private file, as `labelshare spec seal-gold` writes it and `campaign reveal-gold` reads it. */
export function goldFile(gold: SealedGold): string {
  const labels = Object.fromEntries(gold.items.map((item, at) => [String(item), gold.labels[at]!]));
  return `${JSON.stringify({ version: GOLD_VERSION, root: gold.root, secret: gold.secret, labels }, null, 1)}\n`;
}

/** The gold of a private file, by the page's or the command's hand; its root is computed anew. */
export async function readGoldFile(text: string): Promise<SealedGold> {
  let found: { version?: unknown; root?: unknown; secret?: unknown; labels?: unknown };
  try {
    found = JSON.parse(text) as typeof found;
  } catch {
    throw new GoldFileError(faulty.gold.noJson);
  }
  const labels = goldLabels(found?.labels);
  if (found?.version !== GOLD_VERSION || !isWord(found.secret) || !isWord(found.root) || !labels) {
    throw new GoldFileError(faulty.gold.noGold);
  }
  const gold = await sealGold(found.secret, labels);
  if (gold.root !== found.root) throw new GoldFileError(faulty.gold.otherRoot);
  return gold;
}

/** Whether gold is whole: each label and item what a sealing takes, and the root what they make. */
export async function holds(gold: SealedGold): Promise<boolean> {
  const labels = gold && Array.isArray(gold.items) && Array.isArray(gold.labels) ? goldLabels(Object.fromEntries(gold.items.map((item, at) => [String(item), gold.labels[at]]))) : null;
  if (!labels || labels.size !== gold.items.length || !isWord(gold.secret)) return false;
  return (await sealGold(gold.secret, labels)).root === gold.root;
}

function goldLabels(value: unknown): Map<number, Hex> | null {
  if (typeof value !== "object" || value === null) return null;
  const rows = Object.entries(value);
  const good = ([item, label]: [string, unknown]) =>
    /^(0|[1-9]\d{0,9})$/.test(item) && Number(item) < MAX_ITEMS && isHex(label) && label.length % 2 === 0 && sizeOf(label) <= MAX_LABEL_BYTES;
  return rows.length && rows.every(good) ? new Map(rows.map(([item, label]) => [Number(item), (label as Hex).toLowerCase() as Hex])) : null;
}

function isWord(value: unknown): value is Hex {
  return isHex(value) && value.length === 66;
}
