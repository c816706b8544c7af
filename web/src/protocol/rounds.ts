// What an oracle publishes of a round, checked against what it posted: the root, and the hash of the item lists.
import { concatHex, keccak256, type Address, type Hex } from "viem";
import { hash, uint } from "./bytes";
import { aggregateLeaf, type Scope } from "./leaves";
import { MerkleTree } from "./merkle";
import { commitHash, type Commit } from "./typedData";

/** A commitment as it was handed in: with the items it covers, ascending. */
export interface Listed extends Commit {
  annotator: Address;
  items: readonly number[];
}

export interface Aggregate {
  root: Hex;
  itemListsHash: Hex;
  ordered: readonly Listed[];
  tree: MerkleTree;
}

/** The aggregate of a round, in the canonical order: annotator, batch, commit hash. */
export function aggregate(scope: Scope, commits: readonly Listed[]): Aggregate {
  const named = commits.map((commit) => ({ commit, name: commitHash(scope.campaignId, commit) }));
  named.sort(
    (one, other) =>
      compare(one.commit.annotator.toLowerCase(), other.commit.annotator.toLowerCase()) ||
      one.commit.batch - other.commit.batch ||
      compare(one.name, other.name),
  );
  const ordered = named.map(({ commit }) => commit);
  const tree = new MerkleTree(named.map(({ commit, name }) => aggregateLeaf(scope, commit.annotator, name)));
  return { root: tree.root, itemListsHash: itemListsHash(ordered), ordered, tree };
}

/** keccak256 over, per commitment: annotator 20 bytes ‖ batch 4 ‖ count 4 ‖ items 8 each. */
export function itemListsHash(ordered: readonly Omit<Listed, "round" | "root" | "cumulativeCount">[]): Hex {
  const rows = ordered.flatMap(({ annotator, batch, count, items }) => [
    annotator.toLowerCase() as Hex,
    uint(batch, 4),
    uint(count, 4),
    ...items.map((item) => uint(item, 8)),
  ]);
  return rows.length ? hash(...rows) : keccak256(concatHex([]));
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
