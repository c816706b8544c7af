// What is asked of a wallet without a transaction: to be on the right chain, and to sign typed data.
import type { Hex } from "viem";
import type { Site } from "../api/service";
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

/** Asks the wallet itself: what the page last heard may be old. */
export async function requireChain(site: Site, connected: Connected): Promise<void> {
  const found = Number(await connected.wallet.provider.request({ method: "eth_chainId" }));
  if (found !== site.chainId) throw new WrongChainError(site.chainId, found);
}

/** Has the wallet sign typed data (EIP-712), on the right chain. */
export async function signTyped(
  site: Site,
  connected: Connected,
  data: { domain: object; types: Record<string, readonly { name: string; type: string }[]>; primaryType: string; message: object },
): Promise<Hex> {
  await requireChain(site, connected);
  const domainTypes = [
    { name: "name", type: "string" },
    { name: "version", type: "string" },
    { name: "chainId", type: "uint256" },
    { name: "verifyingContract", type: "address" },
  ];
  const whole = { ...data, types: { EIP712Domain: domainTypes, ...data.types } };
  const text = JSON.stringify(whole, (_, value) => (typeof value === "bigint" ? value.toString() : value));
  const params = [connected.account, text];
  return normal((await connected.wallet.provider.request({ method: "eth_signTypedData_v4", params })) as Hex);
}

/** Some wallets give v as 0 or 1; the protocol has 27 or 28. */
function normal(signature: Hex): Hex {
  const last = signature.slice(130);
  if (last === "00" || last === "01") return `${signature.slice(0, 130)}${last === "00" ? "1b" : "1c"}` as Hex;
  return signature.toLowerCase() as Hex;
}
