// What a share holder reads from the chain and sends to it: shares, revenue on its way, claims, transfers.
import { BaseError, ContractFunctionRevertedError, getAddress, isAddress, parseEventLogs, type Address, type Hex, type PublicClient, type TransactionReceipt } from "viem";
import { service, type Site } from "../api/service";
import { registryAbi, shareAbi, tokenAbi } from "../protocol/abi";
import { h } from "../texts/en";
import { ToldError } from "../ui/Fault";
import { send, type ContractCall, type Stage } from "../wallet/send";
import type { Connected } from "../wallet/wallet";
import { together } from "./together";

const DAY = 86_400n;
const SCALE_BITS = 104n;

/** A dataset and its revenue, as the chain has them. Shares have 18 decimals, revenue its token's base units. */
export interface Share {
  address: Address;
  name: string;
  symbol: string;
  publisher: Address;
  token: Address;
  contributorBps: number;
  maxShares: bigint;
  supply: bigint;
  revenuePaid: bigint;
  /** Paid, and not yet on its way to anybody: it streams until `end`, or waits while there are no shares. */
  unstreamed: bigint;
  end: number;
  /** Revenue per share so far, times 2^104. */
  accumulator: bigint;
  /** The chain's clock. */
  now: number;
}

/** What an account has of a dataset. */
export interface Holding extends Share {
  shares: bigint;
  claimable: bigint;
}

/** A dataset; null where the registry does not know it. */
export async function shareOf(chain: PublicClient, site: Site, given: string): Promise<Share | null> {
  if (!isAddress(given, { strict: false })) return null;
  const address = getAddress(given);
  const state = await chain.readContract({ address: site.registry, abi: registryAbi, functionName: "dataset", args: [address] });
  if (BigInt(state.publisher) === 0n) return null;
  const read = { address, abi: shareAbi } as const;
  const [name, symbol, token, supply, revenuePaid, unstreamed, stream, accumulator, block] = await Promise.all([
    chain.readContract({ ...read, functionName: "name" }),
    chain.readContract({ ...read, functionName: "symbol" }),
    chain.readContract({ ...read, functionName: "revenueToken" }),
    chain.readContract({ ...read, functionName: "totalSupply" }),
    chain.readContract({ ...read, functionName: "revenuePaid" }),
    chain.readContract({ ...read, functionName: "unstreamed" }),
    chain.readContract({ ...read, functionName: "stream" }),
    chain.readContract({ ...read, functionName: "accumulator" }),
    chain.getBlock(),
  ]);
  const { publisher, contributorBps, maxShares } = state;
  const now = Number(block.timestamp);
  return { address, name, symbol, publisher, token, contributorBps, maxShares, supply, revenuePaid, unstreamed, end: Number(stream.end), accumulator, now };
}

export async function holdingOf(chain: PublicClient, site: Site, dataset: string, account: Address): Promise<Holding | null> {
  const share = await shareOf(chain, site, dataset);
  if (!share) return null;
  const read = { address: share.address, abi: shareAbi } as const;
  const [shares, claimable] = await Promise.all([
    chain.readContract({ ...read, functionName: "balanceOf", args: [account] }),
    chain.readContract({ ...read, functionName: "claimable", args: [account] }),
  ]);
  return { ...share, shares, claimable };
}

/** What streams to `shares` now, in base units a day; zero where nothing streams. */
export function perDay(share: Share, shares: bigint): bigint {
  const left = BigInt(share.end - share.now);
  if (share.supply === 0n || share.unstreamed === 0n || left <= 0n) return 0n;
  return (share.unstreamed * shares * DAY) / (share.supply * left);
}

/** What is still to stream to `shares`, while nobody pays, mints or sends. */
export function stillToCome(share: Share, shares: bigint): bigint {
  return share.supply === 0n ? 0n : (share.unstreamed * shares) / share.supply;
}

/** Shares of a final settlement that wait for their owner, and the revenue that they have earned since. */
export interface Waiting extends Owed {
  earned: bigint;
}

/** What waits for the account that is signed in: of which campaign, and how many. */
export interface Owed {
  campaign: Hex;
  dataset: Address;
  shares: bigint;
}

export async function owedShares(): Promise<Owed[]> {
  const earnings = (await service.everyEarning()).filter((each) => BigInt(each.sharesClaimable) > 0n);
  return earnings.map(({ campaign, dataset, sharesClaimable }) => ({ campaign, dataset: getAddress(dataset), shares: BigInt(sharesClaimable) }));
}

/** What owed shares have earned meanwhile, by datasets that were read before. */
export async function waitingShares(chain: PublicClient, owed: readonly Owed[], datasets: readonly Share[]): Promise<Waiting[]> {
  const accumulators = new Map(datasets.map((each) => [each.address, each.accumulator]));
  const known = owed.filter((each) => accumulators.has(each.dataset));
  const calls = known.map(({ dataset, campaign }) => ({ address: dataset, abi: shareAbi, functionName: "rounds", args: [campaign] }) as const);
  const rounds = await together(chain, calls);
  return known.map((each, at) => {
    const since = accumulators.get(each.dataset)! - rounds[at]!.accumulator;
    return { ...each, earned: (each.shares * since) >> SCALE_BITS };
  });
}

// ------------------------------------------------------------------------------------------------ claims

export const claimCall = (dataset: Address): ContractCall => ({ address: dataset, abi: shareAbi, functionName: "claimRevenue", args: [] });

/** What the fee of a transaction may come to, in the chain's coins (18 decimals); null where the node does not say. */
export async function feeOf(chain: PublicClient, call: ContractCall, account: Address): Promise<bigint | null> {
  try {
    const [gas, price] = await Promise.all([chain.estimateContractGas({ ...call, account }), chain.getGasPrice()]);
    return gas * price;
  } catch {
    return null;
  }
}

/** What a claim brought, all of it read from the chain. */
export interface Arrived {
  token: Address;
  amount: bigint;
  before: bigint;
  after: bigint;
  transaction: Hex;
  block: bigint;
  fee: bigint;
}

/** Claims the revenue of one dataset, and reads what arrived. */
export async function claim(
  chain: PublicClient,
  site: Site,
  connected: Connected,
  share: Share,
  tell: (stage: Stage) => void,
): Promise<Arrived> {
  const before = await tokensOf(chain, share.token, connected.account);
  const receipt = await send(site, connected, claimCall(share.address), tell).catch((fault: unknown) => {
    throw refused(fault) ?? fault;
  });
  const after = await tokensOf(chain, share.token, connected.account);
  return { token: share.token, amount: claimedIn(receipt, share.address), before, after, ...paidFor(receipt) };
}

/** The share itself refuses no claim: what reverts one is its token, in whatever words. */
function refused(fault: unknown): ToldError | null {
  const found = fault instanceof BaseError ? fault.walk((each) => each instanceof ContractFunctionRevertedError) : null;
  if (!(found instanceof ContractFunctionRevertedError)) return null;
  const said = found.data?.errorName === "Error" ? found.reason : found.data?.errorName;
  return new ToldError(h.claim.refused(said ?? found.signature ?? ""));
}

function claimedIn(receipt: TransactionReceipt, dataset: Address): bigint {
  const events = parseEventLogs({ abi: shareAbi, eventName: "RevenueClaimed", logs: receipt.logs });
  return events.filter((each) => getAddress(each.address) === dataset).reduce((sum, each) => sum + each.args.amount, 0n);
}

/** A transaction's hash, block and fee. */
export function paidFor(receipt: TransactionReceipt) {
  return { transaction: receipt.transactionHash, block: receipt.blockNumber, fee: receipt.gasUsed * receipt.effectiveGasPrice };
}

export function tokensOf(chain: PublicClient, token: Address, account: Address): Promise<bigint> {
  return chain.readContract({ address: token, abi: tokenAbi, functionName: "balanceOf", args: [account] });
}

// ------------------------------------------------------------------------------------------------ transfers

export const transferCall = (dataset: Address, to: Address, amount: bigint): ContractCall => ({
  address: dataset, abi: shareAbi, functionName: "transfer", args: [to, amount],
});

export type ReceiverFault = "none" | "malformed" | "refused" | "self";

/** What is wrong with a receiver of shares; null where nothing is. */
export function receiverFault(site: Pick<Site, "registry">, dataset: Address, own: Address, given: string): ReceiverFault | null {
  const text = given.trim();
  if (!text) return "none";
  if (!isAddress(text)) return "malformed";
  const to = getAddress(text);
  if (BigInt(to) === 0n || to === getAddress(site.registry) || to === dataset) return "refused";
  return to === getAddress(own) ? "self" : null;
}

/** Whether an account is a contract, which must know how to claim. */
export async function isContract(chain: PublicClient, account: Address): Promise<boolean> {
  const code = await chain.getCode({ address: account });
  return code !== undefined && code !== "0x" && !code.startsWith("0xef0100");
}
