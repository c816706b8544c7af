// Taking a seat: by one signed permission and one transaction where the token knows permits, else by approve and join.
import { encodeFunctionData, hashDomain, type Address, type Hex, type PublicClient } from "viem";
import type { Site } from "../api/service";
import { registryAbi, tokenAbi } from "../protocol/abi";
import type { PoolParams } from "../protocol/ids";
import type { ContractCall } from "./send";

const HOUR = 3_600n;

interface PermitDomain {
  name: string;
  version: string;
  chainId: number;
  verifyingContract: Address;
}

export interface Permit {
  domain: PermitDomain;
  types: { Permit: { name: string; type: string }[] };
  primaryType: "Permit";
  message: { owner: Address; spender: Address; value: bigint; nonce: bigint; deadline: bigint };
}

const PERMIT_TYPES = {
  Permit: [
    { name: "owner", type: "address" },
    { name: "spender", type: "address" },
    { name: "value", type: "uint256" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
};

// EIP-7702: the account of a key that has code by delegation.
const DELEGATED = "0xef0100";

/** The permission to sign for exactly `value`; null where the token, or a wallet that is a contract, knows none in the usual form. */
export async function permitOf(chain: PublicClient, site: Site, token: Address, owner: Address, value: bigint): Promise<Permit | null> {
  try {
    const [domains, separator, nonce, block, code] = await Promise.all([
      domainsOf(chain, site, token),
      chain.readContract({ address: token, abi: tokenAbi, functionName: "DOMAIN_SEPARATOR" }),
      chain.readContract({ address: token, abi: tokenAbi, functionName: "nonces", args: [owner] }),
      chain.getBlock(),
      chain.getCode({ address: owner }),
    ]);
    if (code && code !== "0x" && !code.startsWith(DELEGATED)) return null; // EIP-2612 takes signatures of keys alone
    const domain = domains.find((each) => each.chainId === site.chainId && separatorOf(each) === separator);
    if (!domain) return null;
    const message = { owner, spender: site.registry, value, nonce, deadline: block.timestamp + HOUR };
    return { domain, types: PERMIT_TYPES, primaryType: "Permit", message };
  } catch {
    return null;
  }
}

const VERSION = [{ type: "function", name: "version", stateMutability: "view", inputs: [], outputs: [{ name: "", type: "string" }] }] as const;
const USUAL_VERSIONS = ["1", "2"];

/** What a token may sign as: what it says itself (EIP-5267), else guesses. Which one is right, its separator tells. */
async function domainsOf(chain: PublicClient, site: Site, token: Address): Promise<PermitDomain[]> {
  try {
    const [, name, version, chainId, verifyingContract] = await chain.readContract({ address: token, abi: tokenAbi, functionName: "eip712Domain" });
    return [{ name, version, chainId: Number(chainId), verifyingContract }];
  } catch {
    const [name, own] = await Promise.all([
      chain.readContract({ address: token, abi: tokenAbi, functionName: "name" }),
      chain.readContract({ address: token, abi: VERSION, functionName: "version" }).catch(() => null),
    ]);
    const versions = own === null ? USUAL_VERSIONS : [own, ...USUAL_VERSIONS];
    return versions.map((version) => ({ name, version, chainId: site.chainId, verifyingContract: token }));
  }
}

function separatorOf(domain: PermitDomain): Hex {
  const EIP712Domain = [
    { name: "name", type: "string" },
    { name: "version", type: "string" },
    { name: "chainId", type: "uint256" },
    { name: "verifyingContract", type: "address" },
  ];
  return hashDomain({ domain, types: { EIP712Domain } } as Parameters<typeof hashDomain>[0]);
}

/** One transaction: the permitted tokens become credit, the credit a stake. */
export function joinByPermit(site: Site, pool: PoolParams, evidence: Hex, permit: Permit, signature: Hex): ContractCall {
  const { value, deadline } = permit.message;
  const parts = { r: signature.slice(0, 66) as Hex, s: `0x${signature.slice(66, 130)}` as Hex, v: Number(`0x${signature.slice(130)}`) };
  const deposit = encodeFunctionData({
    abi: registryAbi,
    functionName: "depositWithPermit",
    args: [pool.token, value, deadline, parts.v, parts.r, parts.s],
  });
  const join = encodeFunctionData({ abi: registryAbi, functionName: "join", args: [pool, evidence] });
  return { address: site.registry, abi: registryAbi, functionName: "multicall", args: [[deposit, join]] };
}

export function registryCall(site: Site, functionName: string, args: readonly unknown[]): ContractCall {
  return { address: site.registry, abi: registryAbi, functionName, args };
}
