// The settlement of a campaign as the chain has it: the last proposal's event, held against the stored hash.
import { encodeAbiParameters, getAbiItem, keccak256, type Address, type Hex, type PublicClient } from "viem";
import { registryAbi } from "./abi";

export interface Settlement {
  payoutRoot: Hex;
  labelRoot: Hex;
  modelRoot: Hex;
  truthRoot: Hex;
  payoutTotal: bigint;
  shareTotal: bigint;
  leaves: number;
  bundleHash: Hex;
}

export const STATUS = ["none", "created", "open", "proposed", "disputed", "final", "cancelled", "expired"] as const;
export type Status = (typeof STATUS)[number];

export interface Onchain {
  status: Status;
  /** While proposed the hash of the settlement; once final its payout root. */
  settlement: Hex;
  posted: Settlement | null;
  /** Whether the posted settlement is what the registry's storage holds. */
  stands: boolean;
}

/** What the registry's storage says, by eth_call, and the settlement that its event published. */
export async function readOnchain(chain: PublicClient, registry: Address, campaign: Hex, fromBlock: bigint): Promise<Onchain> {
  const [state, posted] = await Promise.all([
    chain.readContract({ address: registry, abi: registryAbi, functionName: "campaignOf", args: [campaign] }),
    lastProposal(chain, registry, campaign, fromBlock),
  ]);
  const status = STATUS[state.status] ?? "none";
  return { status, settlement: state.settlement, posted, stands: posted !== null && holds(status, state.settlement, posted) };
}

/** keccak256(abi.encode(settlement)): what storage holds of a proposal. */
export function settlementHash(settlement: Settlement): Hex {
  const type = getAbiItem({ abi: registryAbi, name: "finalize" }).inputs[1];
  return keccak256(encodeAbiParameters([type], [settlement]));
}

function holds(status: Status, stored: Hex, posted: Settlement): boolean {
  if (status === "final") return stored === posted.payoutRoot;
  return (status === "proposed" || status === "disputed") && stored === settlementHash(posted);
}

async function lastProposal(chain: PublicClient, registry: Address, campaign: Hex, fromBlock: bigint): Promise<Settlement | null> {
  const logs = await chain.getContractEvents({ address: registry, abi: registryAbi, eventName: "Proposed", args: { campaign }, fromBlock, strict: true });
  return logs.at(-1)?.args.settlement ?? null;
}
