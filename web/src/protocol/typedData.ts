// EIP-712 statements of the protocol: what a wallet is asked to sign, and how a signature of the oracle is checked.
import { hashTypedData, type Address, type Hex } from "viem";
import { addressWord, hash, hashText, word } from "./bytes";
import type { Scope } from "./leaves";

export interface Commit {
  round: number;
  batch: number;
  root: Hex;
  count: number;
  cumulativeCount: number;
}

export const TYPES = {
  Enrol: [{ name: "campaignId", type: "bytes32" }],
  Commit: [
    { name: "campaignId", type: "bytes32" },
    { name: "round", type: "uint32" },
    { name: "batch", type: "uint32" },
    { name: "root", type: "bytes32" },
    { name: "count", type: "uint32" },
    { name: "cumulativeCount", type: "uint32" },
  ],
  Receipt: [
    { name: "campaignId", type: "bytes32" },
    { name: "annotator", type: "address" },
    { name: "commitHash", type: "bytes32" },
  ],
  OpeningReceipt: [
    { name: "campaignId", type: "bytes32" },
    { name: "annotator", type: "address" },
    { name: "openingHash", type: "bytes32" },
  ],
} as const;

const COMMIT_TYPE =
  "Commit(bytes32 campaignId,uint32 round,uint32 batch,bytes32 root,uint32 count,uint32 cumulativeCount)";
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

export function domainOf(scope: Scope) {
  return { name: "labelshare", version: "1", chainId: Number(scope.chainId), verifyingContract: scope.registry } as const;
}

export function enrolData(scope: Scope) {
  return {
    domain: domainOf(scope),
    types: { Enrol: TYPES.Enrol },
    primaryType: "Enrol",
    message: { campaignId: scope.campaignId },
  } as const;
}

export function commitData(scope: Scope, commit: Commit) {
  return {
    domain: domainOf(scope),
    types: { Commit: TYPES.Commit },
    primaryType: "Commit",
    message: { campaignId: scope.campaignId, ...commit },
  } as const;
}

export function receiptData(scope: Scope, annotator: Address, commitHash: Hex) {
  return {
    domain: domainOf(scope),
    types: { Receipt: TYPES.Receipt },
    primaryType: "Receipt",
    message: { campaignId: scope.campaignId, annotator, commitHash },
  } as const;
}

export function openingReceiptData(scope: Scope, annotator: Address, openingHash: Hex) {
  return {
    domain: domainOf(scope),
    types: { OpeningReceipt: TYPES.OpeningReceipt },
    primaryType: "OpeningReceipt",
    message: { campaignId: scope.campaignId, annotator, openingHash },
  } as const;
}

/** Struct hash of Commit: the name of a batch. */
export function commitHash(campaignId: Hex, commit: Commit): Hex {
  const numbers = [word(commit.round), word(commit.batch), commit.root, word(commit.count)];
  return hash(hashText(COMMIT_TYPE), campaignId, ...numbers, word(commit.cumulativeCount));
}

export function receiptDigest(scope: Scope, annotator: Address, name: Hex): Hex {
  return hashTypedData(receiptData(scope, annotator, name));
}

export function openingReceiptDigest(scope: Scope, annotator: Address, openingHash: Hex): Hex {
  return hashTypedData(openingReceiptData(scope, annotator, openingHash));
}

/** Struct hash of Receipt, for tests against the vectors. */
export function receiptHash(campaignId: Hex, annotator: Address, name: Hex): Hex {
  return hash(hashText("Receipt(bytes32 campaignId,address annotator,bytes32 commitHash)"), campaignId, addressWord(annotator), name);
}

/** Whether an account signed a digest: 65 bytes, v 27 or 28, s in the lower half (EIP-2). */
export async function signedBy(digest: Hex, signature: Hex, account: Address): Promise<boolean> {
  if (!/^0x[0-9a-f]{130}$/i.test(signature)) return false;
  const last = signature.slice(130).toLowerCase();
  if (last !== "1b" && last !== "1c") return false;
  if (BigInt(`0x${signature.slice(66, 130)}`) > HALF_ORDER) return false;
  const { recoverAddress } = await import("viem");
  try {
    return (await recoverAddress({ hash: digest, signature })).toLowerCase() === account.toLowerCase();
  } catch {
    return false;
  }
}
