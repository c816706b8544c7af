// A result that somebody worked out in the oracle's place, read from its evidence and held against the chain as far as a page can.
import type { Address, PublicClient } from "viem";
import type { Site } from "../api/service";
import type { CampaignAnswer } from "../api/types";
import { registryAbi } from "../protocol/abi";
import { readBundle, readEnds, type Bundle, type Ends } from "../protocol/bundle";
import type { Payout } from "../protocol/leaves";
import type { Settlement } from "../protocol/settlement";
import { sha256 } from "../protocol/spec";
import { t } from "../texts/en";
import { ToldError } from "../ui/Fault";
import { sameAccount } from "../wallet/session";
import { rootsOf, trustedScope } from "./audit";

export interface OpenResult {
  settlement: Settlement;
  own: Payout | undefined;
  /** Batches that the result opens. */
  openings: number;
  /** Batches opened on the chain; more than `openings` only where some broke the rules. */
  revealed: number;
}

/** Throws with words where the file is no evidence, or of another campaign, or contradicts itself or the chain. */
export async function readOpenResult(chain: PublicClient, site: Site, campaign: CampaignAnswer, account: Address, file: Blob): Promise<OpenResult> {
  const data = new Uint8Array(await file.arrayBuffer());
  const { ends, bundle } = read(data);
  const { chainId, registry, campaignId, ...told } = ends;
  const scope = trustedScope(site, campaign);
  const isHere = chainId === scope.chainId && sameAccount(registry, scope.registry);
  if (!isHere || campaignId.toLowerCase() !== scope.campaignId.toLowerCase()) throw new ToldError(t.silent.file.other);
  const { payoutRoot, payoutSum, truthRoot } = rootsOf(scope, bundle, told);
  if (!payoutRoot || !payoutSum || !truthRoot) throw new ToldError(t.silent.file.contradicts);
  const revealed = await revealedOf(chain, site, campaign);
  if (!bundle.openings.every((each) => revealed.has(keyOf(each)))) throw new ToldError(t.silent.file.notOnChain);
  return {
    settlement: { ...told, bundleHash: await sha256(data) },
    own: bundle.payouts.find((row) => sameAccount(row.account, account)),
    openings: bundle.openings.length,
    revealed: revealed.size,
  };
}

function read(data: Uint8Array): { ends: Ends; bundle: Bundle } {
  try {
    return { ends: readEnds(data), bundle: readBundle(data) };
  } catch {
    throw new ToldError(t.silent.file.unreadable);
  }
}

async function revealedOf(chain: PublicClient, site: Site, campaign: CampaignAnswer): Promise<Set<string>> {
  const events = await chain.getContractEvents({
    address: site.registry, abi: registryAbi, eventName: "Revealed", args: { campaign: campaign.id }, fromBlock: BigInt(site.block), strict: true,
  });
  return new Set(events.map(({ args }) => keyOf(args)));
}

function keyOf(batch: { annotator: string; commitHash: string }): string {
  return `${batch.annotator}${batch.commitHash}`.toLowerCase();
}
