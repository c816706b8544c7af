// Letting a contract take tokens from the wallet: exactly as many as it needs, whatever was approved before.
import type { Abi, Address, PublicClient } from "viem";
import type { Site } from "../api/service";
import { tokenAbi } from "../protocol/abi";
import { send, type ContractCall, type TellStage } from "./send";
import type { Connected } from "./wallet";

export type ApprovalStep = "reset" | "approve";

/** Hears of each approval's stages; see `TellStage`. */
export type TellApproval = (step: ApprovalStep, ...stage: Parameters<TellStage>) => ReturnType<TellStage>;

/** A transaction that approves an amount, or sets what was approved before to zero. */
export interface Approval extends ContractCall {
  step: ApprovalStep;
}

// The oldest tokens return nothing from `approve`, so nothing is read of what it returns.
const APPROVE: Abi = [
  {
    type: "function",
    name: "approve",
    stateMutability: "nonpayable",
    inputs: [
      { name: "spender", type: "address" },
      { name: "value", type: "uint256" },
    ],
    outputs: [],
  },
];

/**
 * What `owner` sends so that `spender` can take exactly `value`: nothing where that is approved already, else one approval, and before it one of zero
 * where the token does not change what is left of an earlier one.
 */
export async function approvalsOf(chain: PublicClient, token: Address, owner: Address, spender: Address, value: bigint): Promise<Approval[]> {
  const left = await chain.readContract({ address: token, abi: tokenAbi, functionName: "allowance", args: [owner, spender] });
  if (left === value) return [];
  const approve = approval(token, spender, "approve", value);
  if (left === 0n || (await takes(chain, owner, approve))) return [approve];
  return [approval(token, spender, "reset", 0n), approve];
}

function approval(token: Address, spender: Address, step: ApprovalStep, value: bigint): Approval {
  return { step, address: token, abi: APPROVE, functionName: "approve", args: [spender, value] };
}

/** Whether the token would take an approval as things are. Nodes tell a refusal in many ways; what else fails, fails again when it is sent. */
async function takes(chain: PublicClient, owner: Address, { step: _, ...call }: Approval): Promise<boolean> {
  return chain.simulateContract({ ...call, account: owner }).then(
    () => true,
    () => false,
  );
}

/** Sends the approvals, one after the other. */
export async function approve(site: Site, connected: Connected, approvals: readonly Approval[], tell: TellApproval): Promise<void> {
  for (const each of approvals) await send(site, connected, each, (...stage) => tell(each.step, ...stage));
}
