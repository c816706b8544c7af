// What an annotator's browser does: seals, hands in, opens, and checks that the oracle kept its word.
// An answer is on the disk before anybody hears of it; a receipt counts only with the oracle's own signature.
import { bytesToHex, type Address, type Hex, type PublicClient } from "viem";
import { ApiError } from "../api/client";
import { service, type Site } from "../api/service";
import type { CampaignAnswer, CommitAnswer } from "../api/types";
import { registryAbi } from "../protocol/abi";
import { openingHash, opens, seal, type Opening } from "../protocol/commitments";
import type { Answer, Form } from "../protocol/labels";
import { rosterLeaf, type Scope } from "../protocol/leaves";
import { MerkleTree } from "../protocol/merkle";
import { aggregate, type Aggregate } from "../protocol/rounds";
import { commitData, commitHash, enrolData, openingReceiptDigest, receiptDigest, signedBy } from "../protocol/typedData";
import { database, type KeptBatch } from "../store/database";
import { t } from "../texts/en";
import { ToldError } from "../ui/Fault";
import { signTyped } from "../wallet/request";
import type { Connected } from "../wallet/wallet";
import { trustedScope } from "./audit";

/** An annotator in a campaign. */
export interface Here {
  site: Site;
  connected: Connected;
  campaign: CampaignAnswer;
}

const NONE: Hex = "0x";
const ZERO = `0x${"0".repeat(64)}`;

export function scopeHere({ site, campaign }: Pick<Here, "site" | "campaign">): Scope {
  return trustedScope(site, campaign);
}

export async function enrol(here: Here, tell: (line: string) => void): Promise<void> {
  const signature = await signTyped(here.site, here.connected, enrolData(scopeHere(here)), () => tell(t.confirm.inWallet));
  tell(t.desk.enrolling);
  await service.enrol(here.campaign.id, here.connected.account, signature);
}

/** The batches that count on, by number: what was refused is kept, and does not. */
export async function standing(campaign: Hex, account: Address): Promise<KeptBatch[]> {
  return (await database.batches(campaign, account)).filter((each) => each.state !== "refused");
}

/** Seal answers under a fresh secret, have the commitment signed, and keep both before anybody hears of them. */
export async function sealBatch(
  here: Here,
  form: Form,
  round: number,
  answers: ReadonlyMap<number, Answer>,
  given: { nextBatch: number; committed: number; alone: boolean },
  tell: (line: string) => void,
): Promise<KeptBatch> {
  tell(t.label.words.sealing);
  const scope = scopeHere(here);
  const { account } = here.connected;
  const labels = new Map([...answers].map(([item, answer]) => [item, form.encode(answer)]));
  const secret = bytesToHex(crypto.getRandomValues(new Uint8Array(32)));
  const sealing = { round, batch: given.nextBatch, committedBefore: given.committed, secret, labels };
  const [commit, opening] = await seal(scope, account, sealing);
  const signature = await signTyped(here.site, here.connected, commitData(scope, commit), () => tell(t.label.words.signing));
  tell(t.label.words.keeping); // whoever has stopped meanwhile keeps the answers unsealed
  const batch: KeptBatch = {
    campaign: here.campaign.id,
    account,
    chainId: here.site.chainId,
    registry: here.site.registry,
    commit,
    commitHash: opening.commitHash,
    signature,
    secret,
    items: opening.items,
    labels: opening.labels,
    state: given.alone ? "alone" : "sealed",
    receipt: NONE,
    openingReceipt: NONE,
    proof: null,
    postedReveal: false,
  };
  await database.saveBatch(batch);
  return batch;
}

/** Hand in a sealed batch: the batch with the oracle's receipt. What the oracle refuses is kept as refused. */
export async function handIn(here: Here, batch: KeptBatch, tell: (line: string) => void): Promise<KeptBatch> {
  tell(t.label.words.handing);
  const { account, commit, signature, items } = batch;
  const body: CommitAnswer = { annotator: account, ...commit, signature, items };
  let answer: Awaited<ReturnType<typeof service.commit>>;
  try {
    answer = await service.commit(batch.campaign, body);
  } catch (fault) {
    if (fault instanceof ApiError && fault.status === 409) await database.saveBatch({ ...batch, state: "refused" });
    throw fault;
  }
  tell(t.label.words.checking);
  if (answer.commitHash.toLowerCase() !== batch.commitHash) throw new ToldError(t.faults.otherCommitment);
  const digest = receiptDigest(scopeHere(here), account, batch.commitHash);
  if (!(await signedBy(digest, answer.receipt, here.campaign.params.oracle))) throw new ToldError(t.faults.otherReceipt);
  const received: KeptBatch = { ...batch, state: "received", receipt: answer.receipt };
  await database.saveBatch(received);
  return received;
}

export function openingOf(batch: KeptBatch): Opening {
  return { annotator: batch.account, commitHash: batch.commitHash, secret: batch.secret, items: batch.items, labels: batch.labels };
}

/** Open a batch against the oracle's second receipt. No signature is needed. */
export async function openBatch(here: Pick<Here, "site" | "campaign">, batch: KeptBatch): Promise<KeptBatch> {
  const scope = scopeHere(here);
  const opening = openingOf(batch);
  if (!(await opens(scope, batch.commit, opening))) throw new ToldError(t.faults.otherCommitment);
  const answer = await service.open(batch.campaign, opening);
  const digest = openingReceiptDigest(scope, batch.account, openingHash(opening));
  if (!(await signedBy(digest, answer.receipt, here.campaign.params.oracle))) throw new ToldError(t.faults.otherReceipt);
  const opened: KeptBatch = { ...batch, openingReceipt: answer.receipt };
  await database.saveBatch(opened);
  return opened;
}

export function isOpened(batch: KeptBatch): boolean {
  return batch.openingReceipt !== NONE || batch.postedReveal;
}

/** Keep the account's place on the posted roster; false where the shown roster is not the posted one, or lacks it. */
export async function keepPlace(chain: PublicClient, here: Pick<Here, "site" | "campaign">, account: Address): Promise<boolean> {
  const name = here.campaign.id;
  if (await database.place(name, account)) return true;
  const { registry } = here.site;
  const args = [name, account] as const;
  if (await chain.readContract({ address: registry, abi: registryAbi, functionName: "enrolledAlone", args })) {
    await database.savePlace({ campaign: name, account, proof: [] });
    return true;
  }
  const state = await chain.readContract({ address: registry, abi: registryAbi, functionName: "campaignOf", args: [name] });
  if (state.rosterRoot === ZERO) return false;
  const roster = await service.roster(name);
  const at = roster.findIndex((each) => each.toLowerCase() === account.toLowerCase());
  if (at < 0) return false;
  const tree = new MerkleTree(roster.map((each) => rosterLeaf(scopeHere(here), each)));
  if (tree.root !== state.rosterRoot) return false;
  await database.savePlace({ campaign: name, account, proof: tree.proof(at) });
  return true;
}

/** The aggregate of a round as the oracle shows it, if it is what it posted on chain; null where it is not. */
export async function postedRound(chain: PublicClient, here: Pick<Here, "site" | "campaign">, round: number): Promise<Aggregate | null> {
  const { registry } = here.site;
  const args = [here.campaign.id, round] as const;
  const root = await chain.readContract({ address: registry, abi: registryAbi, functionName: "roundRootOf", args });
  if (root === ZERO) return null;
  const shown = await service.published(here.campaign.id, round);
  if (!shown.length) return null;
  const made = aggregate(scopeHere(here), shown);
  const events = await chain.getContractEvents({
    address: registry,
    abi: registryAbi,
    eventName: "CommitsAggregated",
    args: { campaign: here.campaign.id, round },
    fromBlock: BigInt(here.site.block),
    strict: true,
  });
  const posted = events.at(-1)?.args;
  return posted && made.root === root && posted.root === root && made.itemListsHash === posted.itemListsHash ? made : null;
}

/** Whether a batch is on chain: in its round's root, or alone. What is found is kept: a later reveal needs it. */
export async function findIncluded(chain: PublicClient, here: Pick<Here, "site" | "campaign">, batch: KeptBatch): Promise<boolean> {
  if (await isCommitted(chain, here.site, batch)) return true;
  if (batch.proof) return true;
  const made = await postedRound(chain, here, batch.commit.round);
  if (!made) return false;
  const at = made.ordered.findIndex(
    (each) =>
      each.annotator.toLowerCase() === batch.account.toLowerCase() &&
      commitHash(batch.campaign, each) === batch.commitHash &&
      each.items.length === batch.items.length &&
      each.items.every((item, place) => item === batch.items[place]),
  );
  if (at < 0) return false;
  await database.saveBatch({ ...batch, proof: made.tree.proof(at) });
  return true;
}

/** Whether a batch is opened on chain, by whomever. */
export async function isRevealed(chain: PublicClient, site: Site, batch: KeptBatch): Promise<boolean> {
  const found = await chain.getContractEvents({
    address: site.registry,
    abi: registryAbi,
    eventName: "Revealed",
    args: { campaign: batch.campaign, annotator: batch.account, commitHash: batch.commitHash },
    fromBlock: BigInt(site.block),
  });
  return found.length > 0;
}

/** Whether the annotator committed a batch on chain itself. */
export async function isCommitted(chain: PublicClient, site: Site, batch: KeptBatch): Promise<boolean> {
  const args = [batch.campaign, batch.account, batch.commit.batch] as const;
  const name = await chain.readContract({ address: site.registry, abi: registryAbi, functionName: "commitOf", args });
  return name === batch.commitHash;
}
