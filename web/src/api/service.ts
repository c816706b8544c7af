// Every question that pages ask the service, by name.
import type { Address, Hex } from "viem";
import { ask, askAll, askBytes, askList, askWhether } from "./client";
import type {
  AcceptanceAnswer, AssignmentAnswer, BatchAnswer, CampaignAnswer, CampaignLine, CommitAnswer, DatasetAnswer, DatasetLine, EarningsAnswer,
  EnrolledAnswer, HolderAnswer, HoldingAnswer, ItemAnswer, MediaStored, OfferAnswer, ProofAnswer, QuoteAnswer, QuoteQuestion,
  ReasonAnswer, ReasonsAnswer, ReceiptAnswer, SignInMessage, SpecStored, TokenAnswer,
} from "./types";

/** What a page must know before anything else (labelshare.api.pages). */
export interface Site {
  chainId: number;
  development: boolean;
  /** A JSON-RPC address for pages; null where the visitor's wallet reads the chain. */
  rpc: string | null;
  registry: Address;
  licences: Address;
  token: Address | null;
  block: number;
  oracle: Address;
  /** How long a sign-in lasts. */
  sessionSeconds: number;
  /** Whether Label Studio's editor was built in. */
  editor: boolean;
}

export const MOST_SPEC = 32 * 1024 * 1024;
export const MOST_BUNDLE = 128 * 1024 * 1024;
const MOST_MEDIA = 64 * 1024 * 1024;

const at = (campaign: Hex) => `/v1/campaigns/${campaign}`;

export const service = {
  site: () => ask<Site>("/site.json"),

  campaigns: (most?: number) => askList<CampaignLine>("/v1/campaigns", most),
  campaign: (campaign: Hex) => ask<CampaignAnswer>(at(campaign)),
  item: (campaign: Hex, item: number) => ask<ItemAnswer>(`${at(campaign)}/items/${item}`),
  media: (campaign: Hex, digest: string) => askBytes(`${at(campaign)}/media/0x${digest}`, MOST_MEDIA),
  spec: (digest: Hex) => askBytes(`/v1/specs/${digest}`, MOST_SPEC),
  quote: (spec: unknown, feeBps: number, assumed: Omit<QuoteQuestion, "spec" | "feeBps"> = {}) =>
    ask<QuoteAnswer>("/v1/quotes", { method: "POST", body: { spec, feeBps, ...assumed } }),
  acceptance: () => ask<AcceptanceAnswer>("/v1/acceptance"),
  putSpec: (digest: Hex, canonical: Blob) => ask<SpecStored>(`/v1/specs/${digest}`, { method: "PUT", body: canonical }),
  putMedia: (campaign: Hex, digest: string, content: Blob, signal: AbortSignal) =>
    ask<MediaStored>(`${at(campaign)}/media/0x${digest}`, { method: "PUT", body: content, signal }),
  /** Whether the service has a content and shows it to whoever asks. */
  hasMedia: (campaign: Hex, digest: string) => askWhether(`${at(campaign)}/media/0x${digest}`),
  eventsOf: (campaign: Hex) => new EventSource(`${at(campaign)}/events`),

  askSignIn: (account: Address) => ask<SignInMessage>("/v1/sign-ins", { method: "POST", body: { account } }),
  signIn: (nonce: string, signature: Hex) =>
    ask<TokenAnswer>("/v1/sessions", { method: "POST", body: { nonce, signature } }),
  /** Ends the session at hand, or another one by its token. */
  signOut: (token?: string) => ask<void>("/v1/sessions/current", { method: "DELETE", ...(token ? { token } : {}) }),

  assignment: (campaign: Hex) => ask<AssignmentAnswer>(`${at(campaign)}/assignment?limit=1000`),
  enrol: (campaign: Hex, annotator: Address, signature: Hex) =>
    ask<EnrolledAnswer>(`${at(campaign)}/enrolments`, { method: "POST", body: { annotator, signature }, once: true }),
  roster: (campaign: Hex) => askAll<Address>(`${at(campaign)}/roster`),
  commit: (campaign: Hex, batch: CommitAnswer) =>
    ask<ReceiptAnswer>(`${at(campaign)}/commitments`, { method: "POST", body: batch, once: true }),
  published: (campaign: Hex, round: number) => askAll<CommitAnswer>(`${at(campaign)}/rounds/${round}/commitments`),
  open: (campaign: Hex, opening: object) =>
    ask<ReceiptAnswer>(`${at(campaign)}/openings`, { method: "POST", body: opening, once: true }),
  receipts: (campaign: Hex) => askAll<BatchAnswer>(`${at(campaign)}/receipts`),

  earnings: (campaign: Hex) => ask<EarningsAnswer>(`${at(campaign)}/earnings`),
  everyEarning: () => askAll<EarningsAnswer>("/v1/earnings"),
  reasons: (campaign: Hex, most: number, tell: (soFar: readonly ReasonAnswer[]) => void) =>
    askList<ReasonAnswer>(`${at(campaign)}/reasons`, most, tell),
  score: async (campaign: Hex) => (await ask<ReasonsAnswer>(`${at(campaign)}/reasons?limit=1`)).score ?? null,
  proof: (campaign: Hex, annotator: Address, item: number) =>
    ask<ProofAnswer>(`${at(campaign)}/proofs/${annotator}/${item}`),
  bundle: (campaign: Hex, digest: Hex) => askBytes(`${at(campaign)}/bundles/${digest}`, MOST_BUNDLE),

  datasets: (most?: number) => askList<DatasetLine>("/v1/datasets", most),
  dataset: (dataset: Address) => ask<DatasetAnswer>(`/v1/datasets/${dataset}`),
  licences: (dataset: Address, most?: number) => askList<OfferAnswer>(`/v1/datasets/${dataset}/licences`, most),
  holders: (dataset: Address) => askAll<HolderAnswer>(`/v1/datasets/${dataset}/holders`),
  holding: (dataset: Address) => ask<HoldingAnswer>(`/v1/datasets/${dataset}/holding`),
};
