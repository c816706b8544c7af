// Sending a transaction: tried first, so that a refusal is told before anybody pays for it; then followed to its block.
import { encodeFunctionData, type Abi, type Address, type Hex, type PublicClient, type TransactionReceipt } from "viem";
import type { Site } from "../api/service";
import { tokenAbi } from "../protocol/abi";
import { transactionIn } from "./answers";
import { chainOf } from "./chain";
import { requireChain } from "./request";
import type { Connected } from "./wallet";

export interface ContractCall {
  address: Address;
  abi: Abi;
  functionName: string;
  args: readonly unknown[];
}

/** The transaction is in a block, and changed nothing. */
export class FailedError extends Error {
  constructor(readonly transaction: Hex) {
    super(`transaction ${transaction} failed`);
  }
}

// A contract passes on what a token says when it refuses; its own ABI does not name that.
const TOKEN_ERRORS = (tokenAbi as Abi).filter((each) => each.type === "error");

export type Stage = "trying" | "signing" | "waiting";

/** Sends one call from the connected account and waits for its block. */
export async function send(
  site: Site,
  connected: Connected,
  call: ContractCall,
  tell: (stage: Stage, transaction?: Hex) => void = () => undefined,
): Promise<TransactionReceipt> {
  await requireChain(site, connected);
  const chain = chainOf(site, connected);
  tell("trying");
  await chain.simulateContract({ ...call, abi: [...call.abi, ...TOKEN_ERRORS], account: connected.account });
  tell("signing");
  const data = encodeFunctionData(call);
  const request = { from: connected.account, to: call.address, data };
  const transaction = transactionIn(await connected.wallet.provider.request({ method: "eth_sendTransaction", params: [request] }));
  tell("waiting", transaction);
  return followed(chain, transaction);
}

async function followed(chain: PublicClient, transaction: Hex): Promise<TransactionReceipt> {
  const receipt = await chain.waitForTransactionReceipt({ hash: transaction, timeout: 600_000 });
  if (receipt.status !== "success") throw new FailedError(transaction);
  return receipt;
}
