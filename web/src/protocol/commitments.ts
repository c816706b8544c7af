// Sealed labels: salts, commitment roots and openings. A batch opens whole or not at all.
import { concatHex, hexToBytes, keccak256, bytesToHex, stringToHex, type Address, type Hex } from "viem";
import { hash, sizeOf, uint } from "./bytes";
import { commitLeaf, type Scope } from "./leaves";
import { MerkleTree } from "./merkle";
import { commitHash, type Commit } from "./typedData";

export const MAX_BATCH = 65_536;
export const MAX_ITEMS = 2 ** 32;
export const MAX_LABEL_BYTES = 65_535;

/** What opens the commitment `commitHash`: the batch's secret, its items ascending, and their label bytes. */
export interface Opening {
  annotator: Address;
  commitHash: Hex;
  secret: Hex;
  items: number[];
  labels: Hex[];
}

/** HMAC-SHA256(secret, item as 8 bytes big-endian) for each item (RFC 2104). */
export async function salts(secret: Hex, items: readonly (number | bigint)[]): Promise<Hex[]> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const bytes = hexToBytes(secret) as Uint8Array<ArrayBuffer>;
  const key = await crypto.subtle.importKey("raw", bytes, algorithm, false, ["sign"]);
  const macs = items.map(async (item) => {
    const message = hexToBytes(uint(BigInt(item), 8)) as Uint8Array<ArrayBuffer>;
    return bytesToHex(new Uint8Array(await crypto.subtle.sign("HMAC", key, message)));
  });
  return Promise.all(macs);
}

/** The digest of a label's canonical bytes, which leaves hold. */
export function labelDigest(label: Hex): Hex {
  return keccak256(label);
}

/** The root over the salted leaves of a batch. */
export async function commitRoot(
  scope: Scope,
  annotator: Address,
  batch: number,
  secret: Hex,
  items: readonly number[],
  labels: readonly Hex[],
): Promise<Hex> {
  const batchSalts = await salts(secret, items);
  const leaves = items.map((item, at) =>
    commitLeaf(scope, { annotator, batch, item, labelDigest: labelDigest(labels[at]!), salt: batchSalts[at]! }),
  );
  return new MerkleTree(leaves).root;
}

export interface Sealing {
  round: number;
  batch: number;
  /** Labels in all earlier batches. */
  committedBefore: number;
  /** 32 fresh random bytes, never used for another batch. */
  secret: Hex;
  /** Canonical label bytes by item. */
  labels: ReadonlyMap<number, Hex>;
}

/** Commit to a batch: the commitment to sign, and its opening to keep until the reveal. */
export async function seal(scope: Scope, annotator: Address, given: Sealing): Promise<[Commit, Opening]> {
  const items = [...given.labels.keys()].sort((one, other) => one - other);
  const labels = items.map((item) => given.labels.get(item)!);
  checkShape(items, labels);
  const root = await commitRoot(scope, annotator, given.batch, given.secret, items, labels);
  const commit: Commit = {
    round: given.round,
    batch: given.batch,
    root,
    count: items.length,
    cumulativeCount: given.committedBefore + items.length,
  };
  const name = commitHash(scope.campaignId, commit);
  return [commit, { annotator, commitHash: name, secret: given.secret, items, labels }];
}

/** Whether an opening rebuilds exactly what a commitment says. */
export async function opens(scope: Scope, commit: Commit, opening: Opening): Promise<boolean> {
  if (opening.commitHash !== commitHash(scope.campaignId, commit)) return false;
  if (opening.items.length !== commit.count || opening.labels.length !== commit.count) return false;
  const { annotator, secret, items, labels } = opening;
  return (await commitRoot(scope, annotator, commit.batch, secret, items, labels)) === commit.root;
}

/** Labels as they are hashed, and as they are posted on chain: item 8 bytes ‖ length 2 ‖ label, each. */
export function labelBytes(items: readonly number[], labels: readonly Hex[]): Hex {
  return concatHex(items.flatMap((item, at) => [uint(item, 8), uint(sizeOf(labels[at]!), 2), labels[at]!]));
}

/** Bytes of labels that are posted at once: nodes take no transaction of more than 128 KiB. */
export const MOST_POSTED = 120 * 1024;

/** How many labels, from the first on, one transaction can open: a batch of more depends on the oracle. */
export function fitting(labels: readonly Hex[]): number {
  let bytes = 0;
  const over = labels.findIndex((label) => (bytes += 10 + sizeOf(label)) > MOST_POSTED);
  return over < 0 ? labels.length : over;
}

/** keccak256("OPENING.v1" ‖ commitHash ‖ secret ‖ label bytes). */
export function openingHash(opening: Opening): Hex {
  const body = labelBytes(opening.items, opening.labels);
  return hash(stringToHex("OPENING.v1"), opening.commitHash, opening.secret, body);
}

function checkShape(items: readonly number[], labels: readonly Hex[]): void {
  if (items.length === 0 || items.length > MAX_BATCH) throw new Error(`a batch holds 1 to ${MAX_BATCH} labels`);
  if (items[0]! < 0 || items.at(-1)! >= MAX_ITEMS) throw new Error("items are numbers below 2^32");
  if (labels.some((label) => sizeOf(label) > MAX_LABEL_BYTES)) throw new Error("a label is too long");
}
