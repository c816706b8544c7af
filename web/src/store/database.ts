// What only this browser knows: answers, secrets and receipts, in IndexedDB. Nothing here is ever sent by itself.
import type { Address, Hex } from "viem";
import type { CampaignAnswer } from "../api/types";
import type { Commit } from "../protocol/typedData";
import { keeping } from "./indexed";

/** One campaign's answers that are not sealed yet. */
export interface Draft {
  campaign: Hex;
  account: Address;
  /** Answers by item: classes of the task's form. */
  answers: [item: number, answer: number][];
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
}

const run = keeping("labelshare", { drafts: "key", batches: "key", places: "key", campaigns: "campaign" });

const own = (campaign: Hex, account: Address) => `${campaign}/${account.toLowerCase()}`;
const batchKey = (batch: Pick<KeptBatch, "campaign" | "account" | "commit" | "commitHash">) =>
  `${own(batch.campaign, batch.account)}/${String(batch.commit.batch).padStart(6, "0")}/${batch.commitHash}`;

export const database = {
  draft: (campaign: Hex, account: Address) =>
    run<Draft | undefined>("drafts", "readonly", (store) => store.get(own(campaign, account))),
  saveDraft: (draft: Draft) =>
    run("drafts", "readwrite", (store) => store.put({ ...draft, key: own(draft.campaign, draft.account) })),
  drafts: () => run<Draft[]>("drafts", "readonly", (store) => store.getAll()),

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
