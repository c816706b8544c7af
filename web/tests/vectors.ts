// The project's vectors against web/src/protocol, bit for bit. Each check returns how many values it compared.
import { hashTypedData, keccak256, type Address, type Hex } from "viem";
import domains from "../../tests/vectors/domains.json";
import ids from "../../tests/vectors/ids.json";
import itemLists from "../../tests/vectors/item_lists.json";
import labels from "../../tests/vectors/labels.json";
import leaves from "../../tests/vectors/leaves.json";
import payouts from "../../tests/vectors/payouts.json";
import trees from "../../tests/vectors/trees.json";
import typedData from "../../tests/vectors/typed_data.json";
import { openingHash, opens, salts, seal } from "../src/protocol/commitments";
import { campaignIdOf, poolIdOf } from "../src/protocol/ids";
import { readForm } from "../src/protocol/labels";
import * as leaf from "../src/protocol/leaves";
import { MerkleTree, verifyProof } from "../src/protocol/merkle";
import { itemListsHash } from "../src/protocol/rounds";
import * as typed from "../src/protocol/typedData";

export class Differs extends Error {}

function same(found: unknown, expected: unknown, what: string): number {
  const [one, other] = [found, expected].map((each) => JSON.stringify(each));
  if (one !== other) throw new Differs(`${what}: ${one} instead of ${other}`);
  return 1;
}

async function refused(what: string, attempt: () => unknown): Promise<number> {
  try {
    await attempt();
  } catch {
    return 1;
  }
  throw new Differs(`${what} is taken`);
}

const scopeOf = (vectors: { chainId: string; registry: string; campaignId: string }): leaf.Scope => ({
  chainId: BigInt(vectors.chainId),
  registry: vectors.registry as Address,
  campaignId: vectors.campaignId as Hex,
});

export function checkDomains(): number {
  return domains.reduce((sum, each) => {
    const kind = each.kind.replace(".v1", "") as leaf.LeafKind;
    return sum + same(leaf.domain(kind, scopeOf(each)), each.domain, `domain of ${each.kind}`);
  }, 0);
}

export function checkLeaves(): number {
  const scope = scopeOf(leaves);
  const payout = (row: (typeof leaves.payout)[number]) =>
    leaf.payoutLeaf(scope, {
      index: BigInt(row.index),
      account: row.account as Address,
      payout: BigInt(row.payout),
      shares: BigInt(row.shares),
      slash: BigInt(row.slash),
      cumPayout: BigInt(row.cumPayout),
      cumShares: BigInt(row.cumShares),
    });
  let count = 0;
  for (const row of leaves.payout) count += same(payout(row), row.leaf, "payout");
  for (const row of leaves.truth) count += same(leaf.truthLeaf(scope, { ...row, item: BigInt(row.item), winnerDigest: row.winnerDigest as Hex }), row.leaf, "truth");
  for (const row of leaves.label) count += same(leaf.labelLeaf(scope, { ...row, annotator: row.annotator as Address, item: BigInt(row.item), labelDigest: row.labelDigest as Hex }), row.leaf, "label");
  for (const row of leaves.commit) count += same(leaf.commitLeaf(scope, { ...row, annotator: row.annotator as Address, item: BigInt(row.item), labelDigest: row.labelDigest as Hex, salt: row.salt as Hex }), row.leaf, "commit");
  for (const row of leaves.aggregate) count += same(leaf.aggregateLeaf(scope, row.annotator as Address, row.commitHash as Hex), row.leaf, "aggregate");
  for (const row of leaves.roster) count += same(leaf.rosterLeaf(scope, row.annotator as Address), row.leaf, "roster");
  return count;
}

export function checkTrees(): number {
  const every = trees.values.map(([head, account]) => leaf.leafHash(head as Hex, `0x${account!.slice(2).toLowerCase().padStart(64, "0")}`));
  let count = 0;
  for (const each of trees.trees) {
    const own = every.slice(0, each.size);
    count += checkTree(own, each.root as Hex, each.proofs as { index: number; proof: Hex[] }[]);
  }
  const words = (row: string[]) => row.map((value): Hex => `0x${(value.startsWith("0x") ? value.slice(2).toLowerCase() : BigInt(value).toString(16)).padStart(64, "0")}`);
  const paid = payouts.values.map((row) => leaf.leafHash(...words(row)));
  return count + checkTree(paid, payouts.root as Hex, payouts.proofs as { index: number; proof: Hex[] }[]);
}

function checkTree(own: Hex[], root: Hex, proofs: { index: number; proof: Hex[] }[]): number {
  const tree = new MerkleTree(own);
  let count = same(tree.root, root, `root of ${own.length}`);
  for (const { index, proof } of proofs) {
    count += same(tree.proof(index), proof, `proof ${index} of ${own.length}`);
    count += same(verifyProof(root, own[index]!, proof), true, "a proof holds");
    count += same(verifyProof(root, keccak256(own[index]!), proof), false, "another leaf does not");
  }
  return count;
}

export async function checkTypedData(): Promise<number> {
  const { chainId, verifyingContract } = typedData.domain;
  let count = 0;
  for (const each of typedData.statements) {
    const message = each.message as unknown as { campaignId: Hex; annotator: Address; commitHash: Hex; openingHash: Hex };
    const scope: leaf.Scope = { chainId, registry: verifyingContract as Address, campaignId: message.campaignId };
    const data = {
      Enrol: () => typed.enrolData(scope),
      Commit: () => typed.commitData(scope, message as unknown as typed.Commit),
      Receipt: () => typed.receiptData(scope, message.annotator, message.commitHash),
      OpeningReceipt: () => typed.openingReceiptData(scope, message.annotator, message.openingHash),
    }[each.primaryType]!();
    const { campaignId: _, ...plain } = data.message as Record<string, unknown> & { campaignId: Hex };
    const digest = hashTypedData(data as Parameters<typeof hashTypedData>[0]);
    count += same(digest, each.digest, each.primaryType);
    if (each.primaryType === "Commit") count += same(typed.commitHash(scope.campaignId, plain as unknown as typed.Commit), each.structHash, "commit hash");
    count += same(await typed.signedBy(digest, each.signature as Hex, each.signer as Address), true, "a signature holds");
    count += same(await typed.signedBy(keccak256(digest), each.signature as Hex, each.signer as Address), false, "of another digest it does not");
    count += same(await typed.signedBy(digest, malleated(each.signature as Hex), each.signer as Address), false, "its malleable twin does not");
  }
  return count;
}

/** The other signature of the same key over the same digest: s in the upper half. */
function malleated(signature: Hex): Hex {
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const s = order - BigInt(`0x${signature.slice(66, 130)}`);
  const v = signature.slice(130) === "1b" ? "1c" : "1b";
  return `0x${signature.slice(2, 66)}${s.toString(16).padStart(64, "0")}${v}`;
}

export async function checkOpenings(): Promise<number> {
  const scope = scopeOf(labels);
  let count = 0;
  for (const each of labels.openings) {
    const annotator = each.annotator as Address;
    count += same(await salts(each.secret as Hex, each.items), each.salts, "salts");
    const given = new Map(each.items.map((item, at) => [item, each.labels[at] as Hex]));
    const committedBefore = each.cumulativeCount - each.count;
    const [commit, opening] = await seal(scope, annotator, { round: each.round, batch: each.batch, committedBefore, secret: each.secret as Hex, labels: given });
    count += same(commit.root, each.root, "root") + same(opening.commitHash, each.commitHash, "commit hash");
    count += same(openingHash(opening), each.openingHash, "opening hash");
    count += same(await opens(scope, commit, opening), true, "it opens");
    count += same(await opens(scope, commit, { ...opening, secret: each.root as Hex }), false, "another secret does not open it");
  }
  return count;
}

export function checkItemLists(): number {
  const rows = itemLists.commits.map((each) => ({ ...each, annotator: each.annotator as Address }));
  return same(itemListsHash(rows), itemLists.itemListsHash, "item lists");
}

export function checkIds(): number {
  const place = [BigInt(ids.chainId), ids.registry as Address] as const;
  return (
    same(poolIdOf(...place, ids.poolParams as unknown as Parameters<typeof poolIdOf>[2]), ids.poolId, "pool") +
    same(campaignIdOf(...place, ids.campaignParams as unknown as Parameters<typeof campaignIdOf>[2]), ids.campaignId, "campaign")
  );
}

/** Needs a DOMParser: a browser's. */
export async function checkForms(): Promise<number> {
  let count = 0;
  for (const task of labels.tasks) {
    const form = readForm(task.kind, task.config);
    count += same(form.nClasses, task.n_classes, "classes");
    for (const each of task.answers) {
      count += same(form.encode(each.class), each.bytes, "bytes") + same(keccak256(form.encode(each.class)), each.digest, "digest");
      count += same(form.decode(each.bytes as Hex), each.class, "class") + same(form.describe(each.class), each.value, "words");
      count += same(form.fromResult(each.result), each.class, "result") + same(form.toResult(each.class), each.result, "to result");
    }
    for (const bytes of task.noLabels) count += await refused(`label ${bytes}`, () => form.decode(bytes as Hex));
    for (const result of task.noResults) count += await refused(`result ${JSON.stringify(result)}`, () => form.fromResult(result));
    count += await refused("a class too many", () => form.encode(task.n_classes));
  }
  return count;
}

/** Configs that the service refuses are refused here as well, and the others are taken. Needs a DOMParser. */
export function checkConfigs(configs: readonly { kind: string; config: string; good: boolean }[]): number {
  for (const { kind, config, good } of configs) {
    let taken = true;
    try {
      readForm(kind, config);
    } catch {
      taken = false;
    }
    same(taken, good, `${kind} ${config.slice(0, 200)}`);
  }
  return configs.length;
}
