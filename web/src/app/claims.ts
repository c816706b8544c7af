// Claiming: the payout row of an account, with its proof, out of the published evidence.
import type { Address, PublicClient } from "viem";
import { service, type Site } from "../api/service";
import type { CampaignAnswer } from "../api/types";
import { registryAbi } from "../protocol/abi";
import { payoutTree, readBundle } from "../protocol/bundle";
import { payoutLeaf, type Payout } from "../protocol/leaves";
import { verifyProof } from "../protocol/merkle";
import { readOnchain } from "../protocol/settlement";
import { t } from "../texts/en";
import { ToldError } from "../ui/Fault";
import type { ContractCall } from "../wallet/send";
import { trustedScope } from "./audit";
import { paramsOf } from "./campaign";

export interface Claim {
  row: Payout;
  call: ContractCall;
}

/** What of a row is handed out: bit 1 the payout, bit 2 the shares. */
const BOTH = 3;

/** The claim of an account in a final campaign, out of the service's evidence or a file's; throws with words where there is none. */
export async function claimOf(chain: PublicClient, site: Site, campaign: CampaignAnswer, account: Address, file?: Uint8Array): Promise<Claim> {
  const onchain = await readOnchain(chain, site.registry, campaign.id, BigInt(site.block));
  if (onchain.status !== "final" || !onchain.posted || !onchain.stands) throw new ToldError(t.faults.reverts.WrongStatus);
  const { payouts } = readBundle(file ?? (await service.bundle(campaign.id, onchain.posted.bundleHash)));
  const scope = trustedScope(site, campaign);
  const row = payouts.find((each) => each.account.toLowerCase() === account.toLowerCase());
  if (!row || (row.payout === 0n && row.shares === 0n)) throw new ToldError(t.faults.reverts.NothingToClaim);
  const proof = payoutTree(scope, payouts).proof(Number(row.index));
  if (!verifyProof(onchain.settlement, payoutLeaf(scope, row), proof)) throw new ToldError(t.faults.reverts.InvalidProof);
  return { row, call: await callFor(chain, site, campaign, row, proof) };
}

async function callFor(chain: PublicClient, site: Site, campaign: CampaignAnswer, row: Payout, proof: readonly `0x${string}`[]): Promise<ContractCall> {
  const args = [campaign.id, row.index] as const;
  const done = await chain.readContract({ address: site.registry, abi: registryAbi, functionName: "claimedParts", args });
  const left = BOTH & ~done;
  if (left === 0) throw new ToldError(t.faults.reverts.AlreadyClaimed);
  const common = { address: site.registry, abi: registryAbi } as const;
  const params = paramsOf(campaign);
  if (left === BOTH) return { ...common, functionName: "claim", args: [params, row, proof] };
  // One part is handed out already: a batch of one row claims the other. A single leaf's multiproof is its proof, all
  // of whose steps take a sibling from the proof (flag 0).
  const flags = Array.from({ length: Math.ceil(proof.length / 256) }, () => 0n);
  return { ...common, functionName: "claimMany", args: [params, { leaves: [row], proof, flags }, left] };
}
