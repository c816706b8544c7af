// The values of every kind of leaf, ABI-encoded and hashed twice (OpenZeppelin's StandardMerkleTree).
import { concatHex, keccak256, padHex, stringToHex, type Address, type Hex } from "viem";
import { addressWord, hash, sizeOf, word } from "./bytes";

/** The campaign that a statement belongs to: no signature and no leaf holds outside of it. */
export interface Scope {
  chainId: number | bigint;
  registry: Address;
  campaignId: Hex;
}

export type LeafKind = "PAYOUT" | "LABEL" | "COMMIT" | "ROSTER" | "AGGREGATE" | "TRUTH" | "MODEL";

/** A row of the payout tree; the sums include the row itself. Amounts in base units. */
export interface Payout {
  index: bigint;
  account: Address;
  payout: bigint;
  shares: bigint;
  slash: bigint;
  cumPayout: bigint;
  cumShares: bigint;
}

/** keccak256(abi.encode("<KIND>.v1", chainid, registry, campaignId)): the first word of every leaf. */
export function domain(kind: LeafKind, scope: Scope): Hex {
  const text = stringToHex(`${kind}.v1`);
  const head = [word(0x80), word(BigInt(scope.chainId)), addressWord(scope.registry), scope.campaignId];
  return hash(...head, word(sizeOf(text)), padHex(text, { dir: "right", size: 32 }));
}

/** The hash of a leaf's encoding, as the tree holds it. */
export function leafHash(...words: Hex[]): Hex {
  return keccak256(keccak256(concatHex(words)));
}

export function payoutLeaf(scope: Scope, row: Payout): Hex {
  const amounts = [row.payout, row.shares, row.slash, row.cumPayout, row.cumShares].map(word);
  return leafHash(domain("PAYOUT", scope), word(row.index), addressWord(row.account), ...amounts);
}

export function truthLeaf(
  scope: Scope,
  row: { item: number | bigint; winnerDigest: Hex; confidenceQ16: number; accepted: boolean },
): Hex {
  const verdict = [row.winnerDigest, word(row.confidenceQ16), word(row.accepted ? 1 : 0)];
  return leafHash(domain("TRUTH", scope), word(BigInt(row.item)), ...verdict);
}

export function rosterLeaf(scope: Scope, annotator: Address): Hex {
  return leafHash(domain("ROSTER", scope), addressWord(annotator));
}

export function aggregateLeaf(scope: Scope, annotator: Address, commitHash: Hex): Hex {
  return leafHash(domain("AGGREGATE", scope), addressWord(annotator), commitHash);
}

export function labelLeaf(
  scope: Scope,
  row: { annotator: Address; batch: number; item: number | bigint; labelDigest: Hex },
): Hex {
  const place = [addressWord(row.annotator), word(row.batch), word(BigInt(row.item))];
  return leafHash(domain("LABEL", scope), ...place, row.labelDigest);
}

export function commitLeaf(
  scope: Scope,
  row: { annotator: Address; batch: number; item: number | bigint; labelDigest: Hex; salt: Hex },
): Hex {
  const place = [addressWord(row.annotator), word(row.batch), word(BigInt(row.item))];
  return leafHash(domain("COMMIT", scope), ...place, row.labelDigest, row.salt);
}
