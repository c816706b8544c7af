// What an account owns: the datasets whose shares it was ever sent, found by the chain's events, and what it has of each.
import { getAddress, type Address, type MulticallReturnType, type PublicClient } from "viem";
import type { Site } from "../api/service";
import { registryAbi, shareAbi } from "../protocol/abi";
import type { Holding } from "./chain";
import { together } from "./together";

/** Contracts that one question about events names. */
const CONTRACTS_AT_ONCE = 500;
/** Blocks that are looked at again: the newest may still be replaced. */
const AGAIN = 64n;

/** What of it never changes. */
type Fixed = Pick<Holding, "address" | "name" | "symbol" | "publisher" | "token" | "contributorBps" | "maxShares">;

/** What a look has found, for the next one to go on from. */
export interface Known {
  upTo: bigint;
  /** All datasets of the deployment. */
  created: ReadonlySet<Address>;
  /** Those whose shares the account was ever sent. */
  received: ReadonlySet<Address>;
  fixed: ReadonlyMap<Address, Fixed>;
}

/** The account's datasets, and `also` others of the deployment, with what it has of each. */
export async function ownedBy(chain: PublicClient, site: Site, account: Address, also: readonly Address[], before: Known | null): Promise<{ known: Known; holdings: Holding[] }> {
  const block = await chain.getBlock();
  // A development chain may have been set back.
  const last = before && before.upTo <= block.number ? before : null;
  const found = await since(chain, site, account, last);
  const addresses = [...new Set([...found.received, ...also.filter((each) => found.created.has(each))])];
  const fixed = new Map(last?.fixed);
  for (const each of await fixedOf(chain, site, addresses.filter((address) => !fixed.has(address)))) fixed.set(each.address, each);
  const rows = tuples<Moving>(await together(chain, addresses.flatMap((address) => moving(address, account))), MOVING);
  const now = Number(block.timestamp);
  const holdings = rows.map(([supply, revenuePaid, unstreamed, stream, accumulator, shares, claimable], at) => ({
    ...fixed.get(addresses[at]!)!, supply, revenuePaid, unstreamed, end: Number(stream.end), accumulator, shares, claimable, now,
  }));
  return { known: { upTo: block.number, ...found, fixed }, holdings };
}

/** Datasets made, and shares sent to the account, since the last look. */
async function since(chain: PublicClient, site: Site, account: Address, last: Known | null): Promise<Pick<Known, "created" | "received">> {
  const start = BigInt(site.block);
  const fromBlock = last && last.upTo - AGAIN > start ? last.upTo - AGAIN : start;
  const made = await chain.getContractEvents({ address: site.registry, abi: registryAbi, eventName: "DatasetCreated", fromBlock, strict: true });
  const created = new Set([...(last?.created ?? []), ...made.map((each) => getAddress(each.args.dataset))]);
  const received = new Set(last?.received);
  for (let at = 0; at < created.size; at += CONTRACTS_AT_ONCE) {
    // Of the deployment's own shares: what else was sent to the account is anybody's to make up.
    const address = [...created].slice(at, at + CONTRACTS_AT_ONCE);
    const sent = await chain.getContractEvents({ address, abi: shareAbi, eventName: "Transfer", args: { to: account }, fromBlock, strict: true });
    for (const each of sent) received.add(getAddress(each.address));
  }
  return { created, received };
}

async function fixedOf(chain: PublicClient, site: Site, addresses: readonly Address[]): Promise<Fixed[]> {
  const rows = tuples<Named>(await together(chain, addresses.flatMap((address) => named(site, address))), NAMED);
  return rows.map(([state, name, symbol, token], at) => {
    const { publisher, contributorBps, maxShares } = state;
    return { address: addresses[at]!, name, symbol, token, publisher, contributorBps, maxShares };
  });
}

function named(site: Site, address: Address) {
  const share = { address, abi: shareAbi } as const;
  return [
    { address: site.registry, abi: registryAbi, functionName: "dataset", args: [address] },
    { ...share, functionName: "name" },
    { ...share, functionName: "symbol" },
    { ...share, functionName: "revenueToken" },
  ] as const;
}

function moving(address: Address, account: Address) {
  const share = { address, abi: shareAbi } as const;
  return [
    { ...share, functionName: "totalSupply" },
    { ...share, functionName: "revenuePaid" },
    { ...share, functionName: "unstreamed" },
    { ...share, functionName: "stream" },
    { ...share, functionName: "accumulator" },
    { ...share, functionName: "balanceOf", args: [account] },
    { ...share, functionName: "claimable", args: [account] },
  ] as const;
}

type Named = MulticallReturnType<ReturnType<typeof named>, false>;
type Moving = MulticallReturnType<ReturnType<typeof moving>, false>;
const [NAMED, MOVING] = [4, 7];

/** A flat list cut into the answers of one dataset each. */
function tuples<Each>(list: readonly unknown[], length: number): Each[] {
  return Array.from({ length: list.length / length }, (_, at) => list.slice(at * length, (at + 1) * length) as Each);
}
