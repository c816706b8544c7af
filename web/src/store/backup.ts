// A backup of what only this browser knows, as a file; and one read again, checked to the byte first.
import { isAddress, isHex, type Address, type Hex } from "viem";
import { MAX_BATCH, MAX_ITEMS, opens } from "../protocol/commitments";
import { GoldFileError, holds } from "../fund/gold";
import { requesterStore, type KeptGold } from "../fund/store";
import { database, type Draft, type KeptBatch, type Place } from "./database";
import { faulty } from "../texts/en";

export const VERSION = "labelshare.backup.v1";
const MOST_BYTES = 256 * 1024 * 1024;

interface Backup {
  version: typeof VERSION;
  drafts: Draft[];
  batches: KeptBatch[];
  places: Place[];
  /** Of a requester; files from before there was any lack it. */
  gold?: KeptGold[];
}

export interface Restored {
  batches: number;
  drafts: number;
  gold: number;
  known: number;
}

/** A file that is no backup, or one that was altered; the words say where. */
export class BackupError extends Error {}

export async function exportBackup(): Promise<Blob> {
  const [drafts, batches, places, gold] = await Promise.all([database.drafts(), database.everyBatch(), database.places(), requesterStore.everyGold()]);
  const backup: Backup = { version: VERSION, drafts, batches, places, gold };
  return new Blob([JSON.stringify(backup)], { type: "application/json" });
}

/** Take in a backup. What is here already stays; a batch gains the receipts that it lacked. */
export async function importBackup(file: Blob): Promise<Restored> {
  if (file.size > MOST_BYTES) throw new BackupError(faulty.backup.large);
  const backup = parsed(await file.text());
  for (const [at, batch] of backup.batches.entries()) await checkBatch(batch, at);
  backup.drafts.forEach(checkDraft);
  backup.places.forEach(checkPlace);
  for (const [at, gold] of (backup.gold ?? []).entries()) await checkGold(gold, at);
  const restored: Restored = { batches: 0, drafts: 0, gold: 0, known: 0 };
  for (const batch of backup.batches) {
    if (await mergeBatch(batch)) restored.batches += 1;
    else restored.known += 1;
  }
  for (const draft of backup.drafts) {
    const here = await database.draft(draft.campaign, draft.account);
    if (here && here.savedAt >= draft.savedAt) restored.known += 1;
    else {
      await database.saveDraft(draft, here ?? null);
      restored.drafts += 1;
    }
  }
  for (const gold of backup.gold ?? []) {
    if (await requesterStore.gold(gold.specHash)) restored.known += 1;
    else {
      await requesterStore.saveGold(gold);
      restored.gold += 1;
    }
  }
  for (const place of backup.places) {
    if (!(await database.place(place.campaign, place.account))) await database.savePlace(place);
  }
  return restored;
}

async function mergeBatch(batch: KeptBatch): Promise<boolean> {
  const here = await database.batch(batch);
  if (!here) {
    await database.saveBatch(batch);
    return true;
  }
  const receipt = here.receipt === "0x" ? batch.receipt : here.receipt;
  const openingReceipt = here.openingReceipt === "0x" ? batch.openingReceipt : here.openingReceipt;
  await database.saveBatch({ ...here, receipt, openingReceipt, proof: here.proof ?? batch.proof });
  return false;
}

function parsed(text: string): Backup {
  let found: Partial<Backup>;
  try {
    found = JSON.parse(text) as Partial<Backup>;
  } catch {
    throw new BackupError(faulty.backup.noJson);
  }
  const lists = [found?.drafts, found?.batches, found?.places];
  if (found?.gold !== undefined) lists.push(found.gold as never);
  if (found?.version !== VERSION || !lists.every(Array.isArray)) throw new BackupError(faulty.backup.noVersion(VERSION));
  return found as Backup;
}

async function checkBatch(batch: KeptBatch, at: number): Promise<void> {
  const fault = (what: string) => new BackupError(faulty.backup.batch(at, what));
  if (!named(batch) || !isAddress(batch.registry, { strict: false }) || !Number.isSafeInteger(batch.chainId)) throw fault(faulty.backup.campaign);
  const states = ["sealed", "received", "refused", "alone"];
  if (!states.includes(batch.state)) throw fault(faulty.backup.state);
  const { commit, items, labels } = batch;
  const lists = Array.isArray(items) && Array.isArray(labels) && items.length === labels.length;
  if (!lists || items.length === 0 || items.length > MAX_BATCH) throw fault(faulty.backup.answers);
  if (!items.every((item, place) => whole(item, MAX_ITEMS) && (place === 0 || item > items[place - 1]!))) throw fault(faulty.backup.order);
  if (![...labels, batch.secret, batch.commitHash, batch.signature, batch.receipt, batch.openingReceipt].every((each) => isHex(each))) {
    throw fault(faulty.backup.hex);
  }
  const numbers = commit && [commit.round, commit.batch, commit.count, commit.cumulativeCount];
  if (!numbers || !numbers.every((each) => whole(each, 2 ** 32)) || !isHex(commit.root)) throw fault(faulty.backup.commitment);
  if (batch.proof !== null && !(Array.isArray(batch.proof) && batch.proof.every((each) => isHex(each)))) throw fault(faulty.backup.proof);
  const scope = { chainId: batch.chainId, registry: batch.registry, campaignId: batch.campaign };
  const opening = { annotator: batch.account, commitHash: batch.commitHash, secret: batch.secret, items, labels };
  if (!(await opens(scope, commit, opening))) throw fault(faulty.backup.altered);
}

function checkDraft(draft: Draft, at: number): void {
  const pairs = (list: unknown): list is [number, unknown][] => Array.isArray(list) && list.every((each) => Array.isArray(each) && each.length === 2 && whole(each[0], MAX_ITEMS));
  const good = named(draft) && pairs(draft.answers) && pairs(draft.reports) && Array.isArray(draft.skipped) && Number.isFinite(draft.savedAt);
  if (!good) throw new BackupError(faulty.backup.draft(at));
}

function checkPlace(place: Place, at: number): void {
  if (!named(place) || !Array.isArray(place.proof) || !place.proof.every((each) => isHex(each))) throw new BackupError(faulty.backup.place(at));
}

async function checkGold(gold: KeptGold, at: number): Promise<void> {
  const named = gold && isHex(gold.specHash) && gold.specHash.length === 66 && isAddress(gold.account, { strict: false }) && typeof gold.title === "string";
  const good = named && (await holds(gold).catch((fault: unknown) => (fault instanceof GoldFileError ? false : Promise.reject(fault))));
  if (!good) throw new BackupError(faulty.backup.gold(at));
}

function named(row: { campaign: Hex; account: Address }): boolean {
  return typeof row === "object" && row !== null && isHex(row.campaign) && row.campaign.length === 66 && isAddress(row.account, { strict: false });
}

function whole(value: unknown, below: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < below;
}
