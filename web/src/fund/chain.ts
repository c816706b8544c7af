// What a requester reads from the chain and sends to it: pools, datasets, funding, gold, contests.
import { decodeEventLog, encodeFunctionData, type Address, type Hex, type PublicClient, type TransactionReceipt } from "viem";
import type { Site } from "../api/service";
import { registryAbi, shareAbi } from "../protocol/abi";
import { poolIdOf, type CampaignParams, type PoolParams, type Schedule } from "../protocol/ids";
import { approvalsOf, approve, type Approval, type ApprovalStep } from "../wallet/approve";
import { permitOf, registryCall, type Permit } from "../wallet/join";
import { signTyped } from "../wallet/request";
import { unitOf, type Unit } from "../wallet/chain";
import { send, type ContractCall, type TellStage } from "../wallet/send";
import type { Connected } from "../wallet/wallet";
import type { Limits } from "./lengths";

export interface Pool {
  id: Hex;
  params: PoolParams;
  /** Campaigns that run in it now. */
  open: number;
  /** Seats that are taken, and not being left. */
  seats: number;
  /** Its token's; null where the token does not say. */
  unit: Unit | null;
}

/** The pools of this service's oracle, the newest first, each held against its id. */
export async function poolsOf(chain: PublicClient, site: Site): Promise<Pool[]> {
  const events = await chain.getContractEvents({
    address: site.registry, abi: registryAbi, eventName: "PoolCreated", args: { oracle: site.oracle }, fromBlock: BigInt(site.block), strict: true,
  });
  const good = events.filter(({ args }) => poolIdOf(site.chainId, site.registry, args.params) === args.pool);
  const pools = await Promise.all(
    good.map(async ({ args }) => {
      const [state, seats, unit] = await Promise.all([
        chain.readContract({ address: site.registry, abi: registryAbi, functionName: "poolOf", args: [args.pool] }),
        seatsOf(chain, site, args.pool),
        unitOf(chain, args.params.token).catch(() => null),
      ]);
      return { id: args.pool, params: args.params, open: state.open, seats, unit };
    }),
  );
  return pools.reverse();
}

async function seatsOf(chain: PublicClient, site: Site, pool: Hex): Promise<number> {
  const asked = { address: site.registry, abi: registryAbi, args: { pool }, fromBlock: BigInt(site.block) } as const;
  const [joined, left] = await Promise.all([
    chain.getContractEvents({ ...asked, eventName: "Joined" }),
    chain.getContractEvents({ ...asked, eventName: "Left" }),
  ]);
  return joined.length - left.length;
}

/** What of an annotator's seat one campaign can ever take. */
export function sliceOf(pool: PoolParams): bigint {
  return BigInt(pool.seatStake) / BigInt(pool.maxOpen || 1);
}

export interface Dataset {
  address: Address;
  name: string;
  symbol: string;
  revenueToken: Address;
  contributorBps: number;
  maxShares: bigint;
  /** Shares that no campaign has reserved yet. */
  free: bigint;
}

/** The datasets of a publisher, the newest first. */
export async function datasetsOf(chain: PublicClient, site: Site, publisher: Address): Promise<Dataset[]> {
  const events = await chain.getContractEvents({
    address: site.registry, abi: registryAbi, eventName: "DatasetCreated", args: { publisher }, fromBlock: BigInt(site.block), strict: true,
  });
  const found = await Promise.all(events.map(({ args }) => datasetOf(chain, site, args.dataset)));
  return found.reverse();
}

async function datasetOf(chain: PublicClient, site: Site, address: Address): Promise<Dataset> {
  const share = { address, abi: shareAbi } as const;
  const [state, name, symbol, revenueToken] = await Promise.all([
    chain.readContract({ address: site.registry, abi: registryAbi, functionName: "dataset", args: [address] }),
    chain.readContract({ ...share, functionName: "name" }),
    chain.readContract({ ...share, functionName: "symbol" }),
    chain.readContract({ ...share, functionName: "revenueToken" }),
  ]);
  const { maxShares, reserved, contributorBps } = state;
  return { address, name, symbol, revenueToken, contributorBps, maxShares, free: maxShares - reserved };
}

export function limitsOf(chain: PublicClient, site: Site): Promise<Limits> {
  return chain.readContract({ address: site.registry, abi: registryAbi, functionName: "limits" });
}

export async function timeOf(chain: PublicClient): Promise<number> {
  return Number((await chain.getBlock()).timestamp);
}

export function createDatasetCall(site: Site, given: { name: string; symbol: string; token: Address; contributorBps: number; maxShares: bigint }): ContractCall {
  return registryCall(site, "createDataset", [given.name, given.symbol, given.token, given.contributorBps, given.maxShares]);
}

/** The dataset that a transaction created. */
export function createdDataset(receipt: TransactionReceipt): Address {
  return eventOf(receipt, "DatasetCreated").dataset;
}

/** The campaign that a transaction created, and what was locked for it. */
export function createdCampaign(receipt: TransactionReceipt): { campaign: Hex; escrow: bigint } {
  const { campaign, escrow } = eventOf(receipt, "CampaignCreated");
  return { campaign, escrow };
}

function eventOf<Name extends "DatasetCreated" | "CampaignCreated">(receipt: TransactionReceipt, name: Name) {
  for (const log of receipt.logs) {
    try {
      return decodeEventLog({ abi: registryAbi, eventName: name, data: log.data, topics: log.topics }).args;
    } catch {
      // Another event.
    }
  }
  throw new Error(`the transaction has no ${name}`);
}

export function createCampaignCall(site: Site, pool: PoolParams, params: CampaignParams, escrow: bigint): ContractCall {
  return registryCall(site, "createCampaign", [pool, params, escrow]);
}

/** How the tokens of a call get from the wallet to the registry. */
export type Payment = { way: "credit" } | { way: "permit"; permit: Permit } | { way: "approve"; approvals: Approval[] };

/** The easiest way to pay `needed` from the wallet: nothing, one signature, or an approval. */
export async function paymentOf(chain: PublicClient, site: Site, token: Address, owner: Address, needed: bigint): Promise<Payment> {
  if (needed === 0n) return { way: "credit" };
  const permit = await permitOf(chain, site, token, owner, needed);
  return permit ? { way: "permit", permit } : approvalPayment(chain, site, token, owner, needed);
}

/** The way without a signature, for tokens and for wallets that know no permits. */
export async function approvalPayment(chain: PublicClient, site: Site, token: Address, owner: Address, needed: bigint): Promise<Payment & { way: "approve" }> {
  return { way: "approve", approvals: await approvalsOf(chain, token, owner, site.registry, needed) };
}

export type Step = "permit" | ApprovalStep | "send";

/** Hears of each step's stages; see `TellStage`. */
export type TellStep = (step: Step, ...stage: Parameters<TellStage>) => ReturnType<TellStage>;

/** Pays and calls: with a permit one signature and one transaction, else the approvals before. */
export async function payAndSend(
  site: Site,
  connected: Connected,
  token: Address,
  payment: Payment,
  call: ContractCall,
  tell: TellStep,
): Promise<TransactionReceipt> {
  if (payment.way === "approve") await approve(site, connected, payment.approvals, tell);
  let sent = call;
  if (payment.way === "permit") {
    const signature = await signTyped(site, connected, payment.permit, () => tell("permit", "signing"));
    sent = withPermit(site, token, payment.permit, signature, call);
  }
  return send(site, connected, sent, (...stage) => tell("send", ...stage));
}

/** One transaction: the permitted tokens become credit, and the call takes the credit. */
function withPermit(site: Site, token: Address, permit: Permit, signature: Hex, call: ContractCall): ContractCall {
  const { value, deadline } = permit.message;
  const [r, s, v] = [signature.slice(0, 66) as Hex, `0x${signature.slice(66, 130)}` as Hex, Number(`0x${signature.slice(130)}`)];
  const deposit = encodeFunctionData({ abi: registryAbi, functionName: "depositWithPermit", args: [token, value, deadline, v, r, s] });
  return registryCall(site, "multicall", [[deposit, encodeFunctionData(call)]]);
}

/** Everything that was revealed as gold of a campaign, as it stands on chain. */
export async function revealedGold(chain: PublicClient, site: Site, campaign: Hex): Promise<Hex[]> {
  const events = await chain.getContractEvents({
    address: site.registry, abi: registryAbi, eventName: "GoldRevealed", args: { campaign }, fromBlock: BigInt(site.block), strict: true,
  });
  return events.map(({ args }) => args.gold);
}

/** What proposing in the oracle's place takes: a quarter of the escrow or four arbitrations, doubled for each proposal that fell; and from when on. */
export async function openTerms(chain: PublicClient, site: Site, campaign: Hex, pool: PoolParams, schedule: Schedule, settleEnd: number): Promise<{ bond: bigint; start: number }> {
  const [contest, state] = await standOf(chain, site, campaign);
  const [quarter, refunds] = [(state.escrow + 3n) / 4n, 4n * pool.arbitrationRefund];
  const bond = (quarter > refunds ? quarter : refunds) << BigInt(contest.rejections);
  return { bond, start: (contest.rejections ? Number(state.since) : settleEnd) + schedule.rescuePeriod };
}

/** What contesting the proposal at hand takes: its bond, doubled for each challenge that it withstood. */
export async function challengeBond(chain: PublicClient, site: Site, campaign: Hex): Promise<{ bond: bigint; proposal: Hex }> {
  const [contest, state] = await standOf(chain, site, campaign);
  return { bond: (contest.proposerBond || state.bond) << BigInt(contest.withstood), proposal: state.settlement };
}

/** The contest of a campaign and its state, as the registry has them. */
function standOf(chain: PublicClient, site: Site, campaign: Hex) {
  const registry = { address: site.registry, abi: registryAbi } as const;
  return Promise.all([
    chain.readContract({ ...registry, functionName: "contestOf", args: [campaign] }),
    chain.readContract({ ...registry, functionName: "campaignOf", args: [campaign] }),
  ]);
}
