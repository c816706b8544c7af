// Reading the chain: through the service's node for pages, or through the visitor's wallet where there is none.
import { createPublicClient, custom, http, type Address, type Hex, type PublicClient } from "viem";
import type { Site } from "../api/service";
import { registryAbi, shareAbi, tokenAbi } from "../protocol/abi";
import type { Provider } from "./provider";
import type { Connected } from "./wallet";

/** No node for pages, and no wallet to ask instead. */
export class NoChainError extends Error {}

// By the address or the provider itself: a wallet can call itself what it likes.
const clients = new Map<string | Provider, PublicClient>();

/** Where the chain is read; throws `NoChainError` where there is no way to it. */
export function chainOf(site: Site, connected: Connected | null): PublicClient {
  if (site.rpc) return kept(site.rpc, () => http(site.rpc!, { batch: { wait: 10 } }), site);
  if (connected?.chainId === site.chainId) {
    return kept(connected.wallet.provider, () => custom(connected.wallet.provider), site);
  }
  throw new NoChainError("there is no way to the chain");
}

function kept(name: string | Provider, transport: () => ReturnType<typeof http> | ReturnType<typeof custom>, site: Site): PublicClient {
  let client = clients.get(name);
  if (!client) {
    const pollingInterval = site.development ? 400 : 4_000;
    client = createPublicClient({ transport: transport(), pollingInterval }) as PublicClient;
    clients.set(name, client);
  }
  return client;
}

/** A token's symbol and decimals. */
export interface Unit {
  symbol: string;
  decimals: number;
}

const units = new Map<string, Promise<Unit>>();

/** How a token's amounts are written; asked of the token once. */
export function unitOf(chain: PublicClient, token: Address): Promise<Unit> {
  const known = units.get(token);
  if (known) return known;
  const asked = Promise.all([
    chain.readContract({ address: token, abi: tokenAbi, functionName: "symbol" }),
    chain.readContract({ address: token, abi: tokenAbi, functionName: "decimals" }),
  ]).then(([symbol, decimals]) => ({ symbol: symbol.slice(0, 12), decimals }));
  units.set(token, asked);
  asked.catch(() => units.delete(token));
  return asked;
}

/** What an account has: tokens in the wallet, credit in the registry, and coins for gas. Base units. */
export interface Purse {
  wallet: bigint;
  credit: bigint;
  coins: bigint;
}

export async function purseOf(chain: PublicClient, site: Site, token: Address, account: Address): Promise<Purse> {
  const [wallet, credit, coins] = await Promise.all([
    chain.readContract({ address: token, abi: tokenAbi, functionName: "balanceOf", args: [account] }),
    chain.readContract({ address: site.registry, abi: registryAbi, functionName: "creditOf", args: [token, account] }),
    chain.getBalance({ address: account }),
  ]);
  return { wallet, credit, coins };
}

/** A seat in a pool; all zero where there is none. */
export interface Seat {
  stake: bigint;
  fullSince: number;
  shortSince: number;
  releaseAt: number;
  waitsFor: number;
}

export function seatOf(chain: PublicClient, site: Site, pool: Hex, account: Address): Promise<Seat> {
  return chain.readContract({ address: site.registry, abi: registryAbi, functionName: "seatOf", args: [pool, account] });
}

/** Whether a seat may be on a new roster: there, whole, and not leaving. */
export function takesWork(seat: Seat): boolean {
  return seat.fullSince !== 0 && seat.shortSince === 0 && seat.releaseAt === 0;
}

export function sharesOf(chain: PublicClient, dataset: Address, account: Address): Promise<bigint> {
  return chain.readContract({ address: dataset, abi: shareAbi, functionName: "balanceOf", args: [account] });
}
