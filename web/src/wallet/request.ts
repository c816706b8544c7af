// What is asked of a wallet without a transaction: to be on the right chain, and to sign texts and typed data.
import type { Hex } from "viem";
import type { Site } from "../api/service";
import { chainIn, OtherSignerError, signatureIn } from "./answers";
import type { Connected } from "./wallet";

/** The wallet is on another chain than the contracts. */
export class WrongChainError extends Error {
  constructor(
    readonly wanted: number,
    readonly found: number,
  ) {
    super(`the wallet is on chain ${found}, not on ${wanted}`);
  }
}

/** The wallet cannot sign typed data, or fails at it; its owner did not decline. */
export class NoTypedDataError extends Error {}

// Declined, locked or busy, without a line: another time the same wallet may well sign.
const PASSING: readonly unknown[] = [4001, "ACTION_REJECTED", 4100, -32002, 4900, 4901];

/** Asks the wallet itself: what the page last heard may be old. */
export async function requireChain(site: Site, connected: Connected): Promise<void> {
  const found = chainIn(await connected.wallet.provider.request({ method: "eth_chainId" }));
  if (found !== site.chainId) throw new WrongChainError(site.chainId, found);
}

/** Has the wallet sign a text (EIP-191). */
export async function signText({ wallet, account }: Connected, text: string): Promise<Hex> {
  const raw = `0x${[...new TextEncoder().encode(text)].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  return signatureIn(await wallet.provider.request({ method: "personal_sign", params: [raw, account] }));
}

export interface TypedData {
  domain: object;
  types: Record<string, readonly { name: string; type: string }[]>;
  primaryType: string;
  message: object;
}

/**
 * Has the wallet sign typed data (EIP-712), on the right chain. `tell` is called right before it is asked: what it throws keeps it from being asked.
 * Throws `OtherSignerError` where another account than the connected one signed: it would be refused, and too late.
 */
export async function signTyped(site: Site, connected: Connected, data: TypedData, tell: () => void | Promise<void>): Promise<Hex> {
  await requireChain(site, connected);
  const domainTypes = [
    { name: "name", type: "string" },
    { name: "version", type: "string" },
    { name: "chainId", type: "uint256" },
    { name: "verifyingContract", type: "address" },
  ];
  const whole = { ...data, types: { EIP712Domain: domainTypes, ...data.types } };
  const text = JSON.stringify(whole, (_, value) => (typeof value === "bigint" ? value.toString() : value));
  await tell();
  const signature = signatureIn(await askedToSign(connected, text));
  await requireSigner(site, connected, data, signature);
  return signature;
}

async function askedToSign({ wallet, account }: Connected, text: string): Promise<unknown> {
  try {
    return await wallet.provider.request({ method: "eth_signTypedData_v4", params: [account, text] });
  } catch (fault) {
    const { code, message } = (fault ?? {}) as { code?: unknown; message?: unknown };
    if (PASSING.includes(code)) throw fault;
    throw new NoTypedDataError(String(message ?? fault).slice(0, 300), { cause: fault });
  }
}

async function requireSigner(site: Site, connected: Connected, data: TypedData, signature: Hex): Promise<void> {
  const { account } = connected;
  const [{ recoverTypedDataAddress }, { chainOf }] = await Promise.all([import("viem"), import("./chain")]);
  const asked = { ...data, signature } as unknown as Parameters<typeof recoverTypedDataAddress>[0];
  const signer = signature.length === 132 ? await recoverTypedDataAddress(asked).catch(() => null) : null;
  if (signer?.toLowerCase() === account.toLowerCase()) return;
  // A contract answers for itself (ERC-1271); whoever takes its signature asks it.
  const code = await chainOf(site, connected).getCode({ address: account });
  if (!code || code === "0x") throw new OtherSignerError(signer ?? "nobody");
}
