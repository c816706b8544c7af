// A wallet that was asked to fund a campaign: whether it did, the chain knows, whoever stopped waiting or loaded the page anew.
// It is kept before the wallet is asked, so that no campaign is funded twice for want of an answer.
import type { Address, Hex, PublicClient } from "viem";
import { TransactionReceiptNotFoundError } from "viem";
import type { Site } from "../api/service";
import { registryAbi } from "../protocol/abi";
import { OddAnswerError } from "../wallet/answers";
import type { Unit } from "../wallet/chain";
import { FailedError, ReplacedError } from "../wallet/send";
import { requesterStore } from "./store";

export interface Asked {
  /** The id of the campaign, which its terms and the moment make. */
  campaign: Hex;
  specHash: Hex;
  chainId: number;
  registry: Address;
  escrow: bigint;
  unit: Unit;
  /** In milliseconds, as this computer's clock had it. */
  at: number;
  /** Null as long as the wallet has named none. */
  transaction: Hex | null;
}

/** "open" is what nobody knows yet: the wallet may still ask, or the transaction wait for its block. */
export type CameOf = "funded" | "failed" | "open";

// Beside the form and its items, by account.
const keyOf = (account: Address) => `${account.toLowerCase()}/asked`;

/** What the account's wallet was last asked for here, and what came of it; null where nothing is open. */
export async function askedBy(chain: PublicClient, site: Site, account: Address): Promise<{ asked: Asked; cameOf: CameOf } | null> {
  const asked = (await requesterStore.form<Asked>(keyOf(account)))?.form;
  if (!asked || asked.chainId !== site.chainId || asked.registry !== site.registry) return null;
  return { asked, cameOf: await cameOf(chain, asked) };
}

export const keepAsked = (account: Address, asked: Asked) => requesterStore.saveForm(keyOf(account), asked);
export const dropAsked = (account: Address) => requesterStore.dropForm(keyOf(account));

async function cameOf(chain: PublicClient, { campaign, registry, transaction }: Asked): Promise<CameOf> {
  // First the receipt: read after the state, it could be of a block that the state had not seen.
  const receipt = transaction && (await receiptOf(chain, transaction));
  const { status } = await chain.readContract({ address: registry, abi: registryAbi, functionName: "campaignOf", args: [campaign] });
  if (status !== 0) return "funded";
  return receipt?.status === "reverted" ? "failed" : "open";
}

async function receiptOf(chain: PublicClient, hash: Hex) {
  return chain.getTransactionReceipt({ hash }).catch((fault: unknown) => {
    if (fault instanceof TransactionReceiptNotFoundError) return null;
    throw fault;
  });
}

/** Whether it is certain that nothing was funded, nor will be: by what went wrong, and whether the wallet had named a transaction. */
export function cameToNothing(fault: unknown, named: boolean): boolean {
  if (fault instanceof FailedError || fault instanceof ReplacedError) return true;
  return !named && !(fault instanceof OddAnswerError);
}
