// Licences: offers and who made them, buying at exactly the price, what an account holds, and whether a licence holds.
import { getAddress, isAddress, parseEventLogs, type Address, type Hex, type PublicClient } from "viem";
import type { Site } from "../api/service";
import { licencesAbi } from "../protocol/abi";
import { approve, type Approval, type ApprovalStep } from "../wallet/approve";
import { send, type ContractCall, type Stage } from "../wallet/send";
import type { Connected } from "../wallet/wallet";
import { paidFor } from "./chain";

const NOBODY = "0x0000000000000000000000000000000000000000";
const OPEN = 1;

/** An offer as the contract has it. `duration` in seconds, 0 for ever; amounts in the revenue token's base units. */
export interface Offer {
  id: Hex;
  dataset: Address;
  price: bigint;
  duration: number;
  termsHash: Hex;
  open: boolean;
  holdersPart: bigint;
  publisherPart: bigint;
  sold: number;
}

/** The offers of a dataset, the open ones first, then the newest. */
export async function offersOf(chain: PublicClient, site: Site, dataset: Address): Promise<Offer[]> {
  const common = { address: site.licences, abi: licencesAbi, fromBlock: BigInt(site.block), strict: true } as const;
  const made = await chain.getContractEvents({ ...common, eventName: "Offered", args: { dataset } });
  if (!made.length) return [];
  const sales = await chain.getContractEvents({ ...common, eventName: "LicenseSold", args: { offer: made.map((each) => each.args.offer) } });
  const offers = await Promise.all(
    made.map(async ({ args }) => {
      const [status, [holdersPart, publisherPart]] = await Promise.all([
        chain.readContract({ address: site.licences, abi: licencesAbi, functionName: "offerStatus", args: [args.offer] }),
        chain.readContract({ address: site.licences, abi: licencesAbi, functionName: "split", args: [dataset, args.price] }),
      ]);
      const sold = sales.filter((each) => each.args.offer === args.offer).length;
      const { price, duration, termsHash } = args;
      return { id: args.offer, dataset, price, duration, termsHash, open: status === OPEN, holdersPart, publisherPart, sold };
    }),
  );
  return offers.reverse().sort((one, other) => Number(other.open) - Number(one.open));
}

/** A licence as it was bought. */
export interface Bought {
  number: bigint;
  to: Address;
  expiresAt: number;
  holdersPart: bigint;
  publisherPart: bigint;
  transaction: Hex;
  block: bigint;
  fee: bigint;
}

/** Sends the approvals of exactly the price, and buys. */
export async function buy(
  site: Site,
  connected: Connected,
  offer: Offer,
  approvals: readonly Approval[],
  tell: (step: ApprovalStep | "buy", stage: Stage) => void,
): Promise<Bought> {
  await approve(site, connected, approvals, tell);
  const call = licenceCall(site, "buy", [offer.id, connected.account]);
  const receipt = await send(site, connected, call, (stage) => tell("buy", stage));
  const sold = parseEventLogs({ abi: licencesAbi, eventName: "LicenseSold", logs: receipt.logs }).find((each) => getAddress(each.address) === getAddress(site.licences));
  if (!sold) throw new Error("the transaction sold no licence");
  const { tokenId, to, expiresAt, contributors, publisherPart } = sold.args;
  return { number: tokenId, to, expiresAt: Number(expiresAt), holdersPart: contributors, publisherPart, ...paidFor(receipt) };
}

export function licenceCall(site: Site, functionName: "buy" | "offer" | "closeOffer" | "withdraw", args: readonly unknown[]): ContractCall {
  return { address: site.licences, abi: licencesAbi, functionName, args };
}

// ------------------------------------------------------------------------------------------------ held and checked

/** A licence as the chain has it now. */
export interface Licence {
  number: bigint;
  dataset: Address;
  owner: Address;
  offer: Hex;
  termsHash: Hex;
  expiresAt: number;
  /** Whether it has not ended, by the chain's clock. */
  current: boolean;
}

/** A licence by its number; null where there is none. */
export async function licenceOf(chain: PublicClient, site: Site, number: bigint): Promise<Licence | null> {
  const read = { address: site.licences, abi: licencesAbi } as const;
  const found = await chain.readContract({ ...read, functionName: "license", args: [number] });
  if (found.dataset === NOBODY) return null;
  const [owner, params, block] = await Promise.all([
    chain.readContract({ ...read, functionName: "ownerOf", args: [number] }),
    chain.readContract({ ...read, functionName: "offerParams", args: [found.offer] }),
    chain.getBlock(),
  ]);
  const expiresAt = Number(found.expiresAt);
  const current = expiresAt === 0 || Number(block.timestamp) < expiresAt;
  return { number, dataset: found.dataset, owner, offer: found.offer, termsHash: params.termsHash, expiresAt, current };
}

/** The licences that an account holds now, the newest first. */
export async function licencesOf(chain: PublicClient, site: Site, account: Address): Promise<Licence[]> {
  const events = await chain.getContractEvents({
    address: site.licences, abi: licencesAbi, eventName: "Transfer", args: { to: account }, fromBlock: BigInt(site.block), strict: true,
  });
  const numbers = [...new Set(events.map((each) => each.args.tokenId))];
  const found = await Promise.all(numbers.map((number) => licenceOf(chain, site, number)));
  return found.filter((each) => each !== null && getAddress(each.owner) === getAddress(account)).reverse() as Licence[];
}

/** What is to be checked: a dataset, and a licence's number or whoever says to hold one, or both. */
export interface Claimed {
  dataset: string;
  number: string;
  holder: string;
}

/** What is wrong with a question; null where it can be answered. */
export function questionFault(asked: Claimed): "dataset" | "number" | "holder" | "either" | null {
  if (!isAddress(asked.dataset, { strict: false })) return "dataset";
  if (asked.number && !/^[1-9]\d{0,30}$/.test(asked.number)) return "number";
  if (asked.holder && !isAddress(asked.holder, { strict: false })) return "holder";
  return asked.number || asked.holder ? null : "either";
}

export interface Checked {
  licence: Licence | null;
  forDataset: boolean;
  byHolder: boolean;
  /** The contract's own answer for this licence, dataset and holder. */
  holds: boolean;
}

/** The licences that a question is about, each with what of it holds. */
export async function check(chain: PublicClient, site: Site, asked: Claimed): Promise<Checked[]> {
  const dataset = getAddress(asked.dataset);
  const found = asked.number
    ? [await licenceOf(chain, site, BigInt(asked.number))]
    : (await licencesOf(chain, site, getAddress(asked.holder))).filter((each) => getAddress(each.dataset) === dataset);
  return Promise.all(
    found.map(async (licence) => {
      if (!licence) return { licence, forDataset: false, byHolder: false, holds: false };
      const holder = asked.holder ? getAddress(asked.holder) : licence.owner;
      const args = [licence.number, dataset, holder] as const;
      const holds = await chain.readContract({ address: site.licences, abi: licencesAbi, functionName: "isLicensed", args });
      return { licence, forDataset: getAddress(licence.dataset) === dataset, byHolder: getAddress(licence.owner) === holder, holds };
    }),
  );
}

// ------------------------------------------------------------------------------------------------ the publisher

export interface OfferTerms {
  dataset: Address;
  price: bigint;
  duration: number;
  termsHash: Hex;
}

/** The call that makes an offer; the same terms may be offered again once an offer of them is closed. */
export async function offerCall(chain: PublicClient, site: Site, terms: OfferTerms): Promise<ContractCall> {
  const read = { address: site.licences, abi: licencesAbi } as const;
  for (let nonce = 0n; ; nonce += 1n) {
    const params = { ...terms, nonce };
    const id = await chain.readContract({ ...read, functionName: "offerId", args: [params] });
    const status = await chain.readContract({ ...read, functionName: "offerStatus", args: [id] });
    if (status === 0) return licenceCall(site, "offer", [params]);
  }
}

/** The publisher's part of sales that waits to be taken. */
export function proceedsOf(chain: PublicClient, site: Site, publisher: Address, token: Address): Promise<bigint> {
  return chain.readContract({ address: site.licences, abi: licencesAbi, functionName: "proceeds", args: [publisher, token] });
}

/** The sha256 of a file, which is how terms are named on chain. */
export async function hashOf(file: Blob): Promise<Hex> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  return `0x${Array.from(digest, (each) => each.toString(16).padStart(2, "0")).join("")}`;
}
