// What has happened to a dataset's revenue and to an account's shares: events, with the time of their blocks.
import { getAddress, type Address, type Hex, type PublicClient } from "viem";
import type { Site } from "../api/service";
import { licencesAbi, shareAbi } from "../protocol/abi";

const BLOCKS_AT_ONCE = 50;

interface Logged {
  transaction: Hex;
  block: bigint;
  /** Where in its block. */
  index: number;
  at: number;
}

/** Revenue that arrived: of a licence that was sold, or paid directly. */
export interface Payment extends Logged {
  kind: "payment";
  payer: Address;
  amount: bigint;
  /** The licence's number, where this is its sale. */
  licence: bigint | null;
}

/** Revenue that the account claimed, or shares that it received or sent. */
export interface Move extends Logged {
  kind: "claimed" | "received" | "sent" | "released";
  amount: bigint;
  other: Address | null;
}

export type Happened = Payment | Move;

/** Every payment of revenue to a dataset, the oldest first. */
export async function paymentsTo(chain: PublicClient, site: Site, dataset: Address): Promise<Payment[]> {
  const fromBlock = BigInt(site.block);
  const paid = await chain.getContractEvents({ address: dataset, abi: shareAbi, eventName: "RevenuePaid", fromBlock, strict: true });
  const sales = paid.some((each) => same(each.args.payer, site.licences))
    ? await chain.getContractEvents({ address: site.licences, abi: licencesAbi, eventName: "LicenseSold", fromBlock, strict: true })
    : [];
  const times = await timesOf(chain, paid);
  // A sale pays its dataset and is told right after: it is the first one of the transaction behind the payment.
  return paid.map((each) => {
    const sale = same(each.args.payer, site.licences)
      ? sales.find((sold) => sold.transactionHash === each.transactionHash && sold.logIndex > each.logIndex)
      : undefined;
    return { kind: "payment", payer: each.args.payer, amount: each.args.amount, licence: sale?.args.tokenId ?? null, ...loggedAt(each, times) };
  });
}

/** What an account claimed, received and sent, the oldest first. */
export async function movesOf(chain: PublicClient, site: Site, dataset: Address, account: Address): Promise<Move[]> {
  const common = { address: dataset, abi: shareAbi, fromBlock: BigInt(site.block), strict: true } as const;
  const [claims, received, sent] = await Promise.all([
    chain.getContractEvents({ ...common, eventName: "RevenueClaimed", args: { account } }),
    chain.getContractEvents({ ...common, eventName: "Transfer", args: { to: account } }),
    chain.getContractEvents({ ...common, eventName: "Transfer", args: { from: account } }),
  ]);
  const times = await timesOf(chain, [...claims, ...received, ...sent]);
  const moves: Move[] = [
    ...claims.map((each) => ({ kind: "claimed" as const, amount: each.args.amount, other: null, ...loggedAt(each, times) })),
    ...received.map((each) => {
      const kind = same(each.args.from, site.registry) ? ("released" as const) : ("received" as const);
      return { kind, amount: each.args.value, other: kind === "released" ? null : each.args.from, ...loggedAt(each, times) };
    }),
    ...sent.map((each) => ({ kind: "sent" as const, amount: each.args.value, other: each.args.to, ...loggedAt(each, times) })),
  ];
  return moves.sort(inOrder);
}

/** The order of the chain. */
export function inOrder(one: Logged, other: Logged): number {
  return one.block === other.block ? one.index - other.index : one.block < other.block ? -1 : 1;
}

interface Log {
  transactionHash: Hex;
  blockNumber: bigint;
  logIndex: number;
}

function loggedAt(log: Log, times: ReadonlyMap<bigint, number>): Logged {
  return { transaction: log.transactionHash, block: log.blockNumber, index: log.logIndex, at: times.get(log.blockNumber)! };
}

const known = new Map<string, number>();

/** When blocks were made; each is asked for once. */
async function timesOf(chain: PublicClient, logs: readonly Log[]): Promise<Map<bigint, number>> {
  const numbers = [...new Set(logs.map((each) => each.blockNumber))];
  const times = new Map<bigint, number>();
  const hashes = new Map(logs.map((each) => [each.blockNumber, each.transactionHash]));
  for (let from = 0; from < numbers.length; from += BLOCKS_AT_ONCE) {
    const some = numbers.slice(from, from + BLOCKS_AT_ONCE);
    await Promise.all(
      some.map(async (blockNumber) => {
        const key = `${blockNumber} ${hashes.get(blockNumber)}`;
        const at = known.get(key) ?? Number((await chain.getBlock({ blockNumber })).timestamp);
        known.set(key, at);
        times.set(blockNumber, at);
      }),
    );
  }
  return times;
}

/** A transaction's own details, where no explorer shows them. */
export async function detailsOf(chain: PublicClient, hash: Hex) {
  const receipt = await chain.getTransactionReceipt({ hash });
  return {
    from: receipt.from,
    to: receipt.to,
    block: receipt.blockNumber,
    gas: receipt.gasUsed,
    fee: receipt.gasUsed * receipt.effectiveGasPrice,
    good: receipt.status === "success",
  };
}

function same(one: Address, other: Address): boolean {
  return getAddress(one) === getAddress(other);
}
