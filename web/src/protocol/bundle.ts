// The published evidence of a settlement: JSON Lines whose sha256 the settlement names.
import type { Address, Hex } from "viem";
import { digest } from "./labels/form";
import { payoutLeaf, truthLeaf, type Payout, type Scope } from "./leaves";
import { MerkleTree } from "./merkle";
import type { Settlement } from "./settlement";
import { faulty } from "../texts/en";

export interface OpeningRow {
  annotator: Address;
  commitHash: Hex;
  items: number[];
  labels: Hex[];
}

export interface TruthRow {
  item: number;
  winner: Hex;
  confidenceQ16: number;
  accepted: boolean;
}

/** The requester's answer for a gold item; void where the skilled contradict it. */
export interface GoldRow {
  item: number;
  label: Hex;
  void: boolean;
}

/** What the work of one annotator came to (labelshare.protocol.evidence.ScoreRow). */
export interface ScoreRow {
  annotator: Address;
  labels: number;
  accepted: number;
  contested: number;
  unopened: number;
  compared: number;
  agreed: number;
  chance: string;
  items: number;
  gold: number;
  goldRight: number;
  skillQ16: number;
  flagged: boolean;
}

/** Of which campaign a bundle says to be the evidence, and the settlement that it comes to but for its own hash. */
export interface Ends extends Omit<Settlement, "bundleHash"> {
  chainId: number;
  registry: Address;
  campaignId: Hex;
}

export interface Bundle {
  openings: OpeningRow[];
  gold: GoldRow[];
  scores: ScoreRow[];
  truths: TruthRow[];
  payouts: Payout[];
}

type Row = Record<string, unknown>;

/** The rows that pages need, of a bundle's bytes. */
export function readBundle(data: Uint8Array): Bundle {
  const bundle: Bundle = { openings: [], gold: [], scores: [], truths: [], payouts: [] };
  for (const line of new TextDecoder().decode(data).split("\n")) {
    // The kind stands somewhere in the row: a quick look spares parsing specs of many items.
    if (!line || line.startsWith('{"kind":"spec"')) continue;
    const row = JSON.parse(line) as { kind: string };
    if (row.kind === "opening") bundle.openings.push(row as unknown as OpeningRow);
    else if (row.kind === "truth") bundle.truths.push(truthOf(row as unknown as Record<string, never>));
    else if (row.kind === "gold") bundle.gold.push({ ...(row as unknown as GoldRow), item: Number((row as unknown as GoldRow).item) });
    else if (row.kind === "score") bundle.scores.push(row as unknown as ScoreRow);
    else if (row.kind === "payout") bundle.payouts.push(payoutOf(row as unknown as Record<string, string>));
  }
  return bundle;
}

const LINE_END = 0x0a;

/** The first and the last row of a bundle, without a look at the others. Throws where they are not there. */
export function readEnds(data: Uint8Array): Ends {
  const [first, last] = [data.subarray(0, data.indexOf(LINE_END)), data.subarray(data.lastIndexOf(LINE_END, data.length - 2) + 1)];
  const [header, summary] = [first, last].map((line) => JSON.parse(new TextDecoder().decode(line)) as Row) as [Row, Row];
  if (header["kind"] !== "header" || summary["kind"] !== "summary") throw new Error(faulty.evidence.ends);
  const { registry, campaignId } = header as unknown as Ends;
  const { payoutRoot, labelRoot, modelRoot, truthRoot, payoutTotal, shareTotal, leaves } = summary as unknown as Ends;
  const numbers = { chainId: Number(header["chainId"]), payoutTotal: BigInt(payoutTotal), shareTotal: BigInt(shareTotal), leaves: Number(leaves) };
  return { ...numbers, registry, campaignId, payoutRoot, labelRoot, modelRoot, truthRoot };
}

/** The tree of all payouts; its leaves stand by index. Throws where the rows are not numbered from 0. */
export function payoutTree(scope: Scope, payouts: readonly Payout[]): MerkleTree {
  if (payouts.some((row, at) => row.index !== BigInt(at))) throw new Error(faulty.evidence.numbers);
  return new MerkleTree(payouts.map((row) => payoutLeaf(scope, row)));
}

export function truthTree(scope: Scope, truths: readonly TruthRow[]): MerkleTree {
  return new MerkleTree(truths.map((row) => truthLeaf(scope, { ...row, winnerDigest: digest(row.winner) })));
}

function truthOf(row: Record<string, never>): TruthRow {
  return { item: Number(row["item"]), winner: row["winner"]!, confidenceQ16: Number(row["confidenceQ16"]), accepted: row["accepted"]! };
}

function payoutOf(row: Record<string, string>): Payout {
  const amount = (name: string) => BigInt(row[name]!);
  return {
    index: amount("index"),
    account: row["account"] as Address,
    payout: amount("payout"),
    shares: amount("shares"),
    slash: amount("slash"),
    cumPayout: amount("cumPayout"),
    cumShares: amount("cumShares"),
  };
}
