// Auditing in the browser: what the service says, held against what the chain says. Nothing here trusts the service.
import type { Address, Hex, PublicClient } from "viem";
import { isRefusal } from "../api/client";
import { service, type Site } from "../api/service";
import type { CampaignAnswer, ProofAnswer } from "../api/types";
import { payoutTree, readBundle, truthTree, type Bundle } from "../protocol/bundle";
import { campaignIdOf } from "../protocol/ids";
import { digest } from "../protocol/labels/form";
import { labelLeaf, truthLeaf, type Scope } from "../protocol/leaves";
import { rootFrom } from "../protocol/merkle";
import { readOnchain, type Onchain, type Settlement } from "../protocol/settlement";
import { sha256 } from "../protocol/spec";
import { paramsOf, scopeOf } from "./campaign";

export interface Audited {
  onchain: Onchain;
  /** Whether the id is the hash of the parameters that the service shows. */
  id: boolean;
  /** Whether the service shows the settlement that the chain has; null where there is none. */
  same: boolean | null;
}

/** The scope of a campaign at the contracts that this page works with: not at those that an answer names. */
export function trustedScope(site: Site, campaign: CampaignAnswer): Scope {
  return { ...scopeOf(campaign), chainId: site.chainId, registry: site.registry };
}

export async function auditCampaign(chain: PublicClient, site: Site, campaign: CampaignAnswer): Promise<Audited> {
  const onchain = await readOnchain(chain, site.registry, campaign.id, BigInt(site.block));
  const id = campaignIdOf(site.chainId, site.registry, paramsOf(campaign)) === campaign.id;
  const shown = campaign.proposal;
  const same = onchain.posted && shown ? sameSettlement(onchain.posted, shown) : null;
  return { onchain, id, same };
}

function sameSettlement(posted: Settlement, shown: NonNullable<CampaignAnswer["proposal"]>): boolean {
  const roots = (["payoutRoot", "labelRoot", "modelRoot", "truthRoot", "bundleHash"] as const).every((name) => posted[name] === shown[name]);
  return roots && posted.payoutTotal === BigInt(shown.payoutTotal) && posted.shareTotal === BigInt(shown.shareTotal) && posted.leaves === shown.leaves;
}

export interface AuditedBundle {
  bundle: Bundle;
  hash: boolean;
  payoutRoot: boolean;
  payoutSum: boolean;
  truthRoot: boolean;
}

const ZERO = `0x${"0".repeat(64)}`;
const bundles = new Map<Hex, Promise<AuditedBundle>>();

/** The evidence of a settlement, checked against its roots; loaded once. */
export function auditBundle(site: Site, campaign: CampaignAnswer, posted: Settlement): Promise<AuditedBundle> {
  const known = bundles.get(posted.bundleHash);
  if (known) return known;
  const asked = checkedBundle(site, campaign, posted);
  bundles.set(posted.bundleHash, asked);
  asked.catch(() => bundles.delete(posted.bundleHash));
  return asked;
}

async function checkedBundle(site: Site, campaign: CampaignAnswer, posted: Settlement): Promise<AuditedBundle> {
  const data = await service.bundle(campaign.id, posted.bundleHash);
  const hash = (await sha256(data)) === posted.bundleHash;
  const bundle = readBundle(data);
  return { bundle, hash, ...rootsOf(trustedScope(site, campaign), bundle, posted) };
}

/** Whether the payouts and verdicts of a bundle are those of a settlement. */
export function rootsOf(scope: Scope, { payouts, truths }: Bundle, posted: Omit<Settlement, "bundleHash">) {
  const payoutRoot = payouts.length ? payoutTree(scope, payouts).root : ZERO;
  const truthRoot = truths.length ? truthTree(scope, truths).root : ZERO;
  const [pay, shares] = [payouts.reduce((sum, row) => sum + row.payout, 0n), payouts.reduce((sum, row) => sum + row.shares, 0n)];
  return {
    payoutRoot: payoutRoot === posted.payoutRoot && payouts.length === posted.leaves,
    payoutSum: pay === posted.payoutTotal && shares === posted.shareTotal,
    truthRoot: truthRoot === posted.truthRoot,
  };
}

export interface AuditedAnswer {
  annotator: Address;
  label: Hex;
  proof: boolean;
  answer: ProofAnswer | null;
}

export interface AuditedItem {
  answers: AuditedAnswer[];
  verdict: { winner: Hex; confidenceQ16: number; accepted: boolean; proof: boolean } | null;
}

/** Everything about one item: who said what, and what was made of it, each proven under the roots on chain. */
export async function auditItem(site: Site, campaign: CampaignAnswer, posted: Settlement, bundle: Bundle, item: number): Promise<AuditedItem> {
  const scope = trustedScope(site, campaign);
  const given = bundle.openings.flatMap((row) => {
    const at = row.items.indexOf(item);
    return at < 0 ? [] : [{ annotator: row.annotator, label: row.labels[at]! }];
  });
  const answers = await Promise.all(given.map((each) => proven(scope, campaign, posted, item, each)));
  const row = bundle.truths.find((each) => each.item === item);
  const proof = answers.find((each) => each.answer)?.answer?.truth.proof;
  if (!row) return { answers, verdict: null };
  const leaf = truthLeaf(scope, { ...row, winnerDigest: digest(row.winner) });
  return { answers, verdict: { ...row, proof: proof !== undefined && rootFrom(leaf, proof) === posted.truthRoot } };
}

/** One label, rebuilt as a leaf from what the evidence says and led to the root that the chain says. */
async function proven(
  scope: Scope,
  campaign: CampaignAnswer,
  posted: Settlement,
  item: number,
  { annotator, label }: { annotator: Address; label: Hex },
): Promise<AuditedAnswer> {
  const answer = await service.proof(campaign.id, annotator, item).catch((fault: unknown) => {
    if (isRefusal(fault)) return null; // it was not counted; a lost line says nothing of the kind
    throw fault;
  });
  if (!answer) return { annotator, label, proof: false, answer };
  const leaf = labelLeaf(scope, { annotator, batch: answer.label.batch, item, labelDigest: digest(label) });
  return { annotator, label, proof: rootFrom(leaf, answer.label.proof) === posted.labelRoot, answer };
}
