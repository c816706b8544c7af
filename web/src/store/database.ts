// What only this browser knows: answers, secrets and receipts, in IndexedDB. Nothing here is ever sent by itself.
import type { Address, Hex } from "viem";
import type { CampaignAnswer } from "../api/types";
import type { Answer } from "../protocol/labels";
import type { Commit } from "../protocol/typedData";
import { aside, asides, dropAside, keepAside } from "./aside";
import { keeping } from "./indexed";

/** One campaign's answers that are not sealed yet. */
export interface Draft {
  campaign: Hex;
  account: Address;
  answers: [item: number, answer: Answer][];
  skipped: number[];
  /** What was wrong with an item, as the annotator noted it. */
  reports: [item: number, note: string][];
  savedAt: number;
}

export type BatchState = "sealed" | "received" | "refused" | "alone";

/** A sealed batch: what was signed, what opens it, and the oracle's receipts, empty for none. */
export interface KeptBatch {
  campaign: Hex;
  account: Address;
  chainId: number;
  registry: Address;
  commit: Commit;
  commitHash: Hex;
  signature: Hex;
  secret: Hex;
  items: number[];
  labels: Hex[];
  state: BatchState;
  receipt: Hex;
  openingReceipt: Hex;
  /** The place under the root of its round; null while it was not seen. */
  proof: Hex[] | null;
  /** Whether it was posted on chain: as a commitment of its own, or as a reveal. */
  postedReveal: boolean;
}

/** An annotator's place on a roster; an empty proof for whoever enrolled alone. */
export interface Place {
  campaign: Hex;
  account: Address;
  proof: Hex[];
}

/** A campaign as the service last showed it, for the time when it shows nothing more. */
export interface KeptCampaign {
  campaign: Hex;
  answer: CampaignAnswer;
  spec: string;
  /** When, in milliseconds by this browser's clock; older stores lack it. */
  keptAt?: number;
}

const run = keeping("labelshare", { drafts: "key", batches: "key", places: "key", campaigns: "campaign" });

const own = (campaign: Hex, account: Address) => `${campaign}/${account.toLowerCase()}`;
const batchKey = (batch: Pick<KeptBatch, "campaign" | "account" | "commit" | "commitHash">) =>
  `${own(batch.campaign, batch.account)}/${String(batch.commit.batch).padStart(6, "0")}/${batch.commitHash}`;

/** Drafts as this page last wrote them, or first read them. */
const views = new Map<string, Draft>();

/** What is there, with the changes from `before` to `next`: nothing that another tab wrote is lost. */
export function mergedDraft(before: Draft | null, next: Draft, there: Draft | null): Draft {
  const answers = merged(before?.answers, next.answers, there?.answers);
  const skips = (draft: Draft | null) => draft?.skipped.map((item) => [item, true] as [number, true]);
  const skipped = merged(skips(before), skips(next)!, skips(there)).filter(([item]) => !answers.some(([other]) => other === item));
  const reports = merged(before?.reports, next.reports, there?.reports);
  return { ...next, answers, skipped: skipped.map(([item]) => item), reports };
}

function merged<Value>(before: readonly [number, Value][] = [], next: readonly [number, Value][], there: readonly [number, Value][] = []): [number, Value][] {
  const [had, has, result] = [new Map(before), new Map(next), new Map(there)];
  for (const [item, value] of has) if (had.get(item) !== value) result.set(item, value);
  for (const item of had.keys()) if (!has.has(item)) result.delete(item);
  return [...result];
}

/** A draft on its way to the disk, with what it changes. */
interface Change {
  before: Draft | null;
  draft: Draft;
}

/** By draft: what the oldest save that is not on the disk yet changes, and how many are not. */
const unwritten = new Map<string, { before: Draft | null; count: number }>();
const DRAFTS = "draft/";
/** Names what this page keeps aside apart from what other tabs do. */
const PAGE = Math.random().toString(36).slice(2);

/** Keeps the change aside until it is on the disk: whoever leaves at once finds it all the same. */
async function saveSafely(key: string, before: Draft | null, draft: Draft): Promise<void> {
  const open = unwritten.get(key) ?? { before, count: 0 };
  open.count += 1;
  unwritten.set(key, open);
  const name = `${DRAFTS}${key}/${PAGE}`;
  keepAside(name, { before: open.before, draft } satisfies Change);
  await write(key, before, draft);
  open.count -= 1;
  if (open.count > 0) return;
  unwritten.delete(key);
  dropAside(name);
}

function write(key: string, before: Draft | null, draft: Draft): Promise<unknown> {
  return run<Draft | undefined>("drafts", "readwrite", (store) => {
    const asked = store.get(key) as IDBRequest<Draft | undefined>;
    asked.onsuccess = () => store.put({ ...mergedDraft(before, draft, asked.result ?? null), key });
    return asked;
  });
}

/** Writes what pages that ended had kept aside. */
async function takeAsides(): Promise<void> {
  const found = asides(DRAFTS).filter((name) => !name.endsWith(`/${PAGE}`));
  for (const name of found) {
    const change = aside<Change>(name);
    if (change) await write(own(change.draft.campaign, change.draft.account), change.before, change.draft);
    dropAside(name);
  }
}

export const database = {
  draft: async (campaign: Hex, account: Address) => {
    const key = own(campaign, account);
    await takeAsides();
    const found = await run<Draft | undefined>("drafts", "readonly", (store) => store.get(key));
    if (found && !views.has(key)) views.set(key, found);
    return found;
  },
  /** Keeps what changed against `base`, by default what this page last kept: another tab may have written beside it. */
  saveDraft: async (draft: Draft, base?: Draft | null) => {
    const key = own(draft.campaign, draft.account);
    const before = (base === undefined ? views.get(key) : base) ?? null;
    views.set(key, draft);
    await saveSafely(key, before, draft);
  },
  drafts: async () => {
    await takeAsides();
    return run<Draft[]>("drafts", "readonly", (store) => store.getAll());
  },

  /** An account's batches in a campaign, by number. */
  batches: (campaign: Hex, account: Address) => {
    const start = own(campaign, account);
    return run<KeptBatch[]>("batches", "readonly", (store) => store.getAll(IDBKeyRange.bound(`${start}/`, `${start}/\uffff`)));
  },
  everyBatch: () => run<KeptBatch[]>("batches", "readonly", (store) => store.getAll()),
  saveBatch: (batch: KeptBatch) => run("batches", "readwrite", (store) => store.put({ ...batch, key: batchKey(batch) })),
  batch: (batch: KeptBatch) => run<KeptBatch | undefined>("batches", "readonly", (store) => store.get(batchKey(batch))),

  place: (campaign: Hex, account: Address) =>
    run<Place | undefined>("places", "readonly", (store) => store.get(own(campaign, account))),
  savePlace: (place: Place) =>
    run("places", "readwrite", (store) => store.put({ ...place, key: own(place.campaign, place.account) })),
  places: () => run<Place[]>("places", "readonly", (store) => store.getAll()),

  campaign: (campaign: Hex) => run<KeptCampaign | undefined>("campaigns", "readonly", (store) => store.get(campaign)),
  saveCampaign: (kept: KeptCampaign) => run("campaigns", "readwrite", (store) => store.put(kept)),
};
