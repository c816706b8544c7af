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

/** The wallet put another transaction in its place: what was asked for here was not done. */
export class ReplacedError extends Error {
  constructor(
    readonly cancelled: boolean,
    readonly by: Hex,
  ) {
    super(`the transaction gave way to ${by}`);
  }
}

export type Stage = "trying" | "signing" | "waiting";

/** Hears of each stage before it begins, and is waited for. What it throws ends the sending there. */
export type TellStage = (stage: Stage, transaction?: Hex) => void | Promise<void>;

/** Sends one call from the connected account and waits for its block. */
export async function send(site: Site, connected: Connected, call: ContractCall, tell: TellStage): Promise<TransactionReceipt> {
  await requireChain(site, connected);
  const chain = chainOf(site, connected);
  await tell("trying");
  await chain.simulateContract({ ...call, abi: [...call.abi, ...TOKEN_ERRORS], account: connected.account });
  const data = encodeFunctionData(call);
  const request = { from: connected.account, to: call.address, data };
  await tell("signing");
  const transaction = transactionIn(await connected.wallet.provider.request({ method: "eth_sendTransaction", params: [request] }));
  await tell("waiting", transaction);
  return followed(chain, transaction);
}

/** Throws `FailedError` and `ReplacedError`. One that only pays another fee does the same, and is followed instead. */
async function followed(chain: PublicClient, transaction: Hex): Promise<TransactionReceipt> {
  let replaced: ReplacedError | null = null;
  const receipt = await chain.waitForTransactionReceipt({
    hash: transaction,
    timeout: 600_000,
    onReplaced: ({ reason, transaction: { hash } }) => {
      if (reason !== "repriced") replaced = new ReplacedError(reason === "cancelled", hash);
    },
  });
  if (replaced) throw replaced;
  if (receipt.status !== "success") throw new FailedError(transaction);
  return receipt;
}
