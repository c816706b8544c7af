// Many readings of the chain in few questions. For the deployment's own contracts alone: code of somebody else's could use up the
// gas that the readings beside it need.
import type { MulticallContracts, MulticallReturnType, PublicClient } from "viem";

/** A node runs the readings as if they made a contract, whose code, their answer, has 24 KiB at most. */
const AT_ONCE = 48;

/** Every reading, in the order given; one that fails fails all. */
export async function together<const Calls extends readonly unknown[]>(
  chain: PublicClient,
  calls: readonly [...MulticallContracts<Calls>],
): Promise<MulticallReturnType<Calls, false>> {
  const parts: (typeof calls)[number][][] = [];
  for (let at = 0; at < calls.length; at += AT_ONCE) parts.push(calls.slice(at, at + AT_ONCE));
  const found = await Promise.all(parts.map((part) => oneQuestion(chain, part)));
  return found.flat() as MulticallReturnType<Calls, false>;
}

async function oneQuestion(chain: PublicClient, contracts: readonly unknown[]): Promise<unknown[]> {
  try {
    return await chain.multicall({ contracts: contracts as never[], allowFailure: false, deployless: true, batchSize: 0 });
  } catch {
    // Not every node runs code that stands nowhere; one that does says here what fails.
    return Promise.all(contracts.map((each) => chain.readContract(each as never)));
  }
}
