// What a wallet answers is a stranger's word: its form is looked at before anything is done with it.
import type { Address, Hex } from "viem";

/** The wallet answered something else than was asked. */
export class OddAnswerError extends Error {
  constructor(readonly asked: "account" | "chain" | "signature" | "transaction") {
    super(`the wallet's answer is no ${asked}`);
  }
}

/** The signature is of another account than the one that is connected. */
export class OtherSignerError extends Error {}

// Signatures of contracts (ERC-1271) are longer than those of keys; the service takes no more than this.
const MOST_SIGNATURE = 16_384;

/** The first account; null where the wallet gives none. Throws `OddAnswerError`. */
export function accountIn(answer: unknown): Address | null {
  if (!Array.isArray(answer)) throw new OddAnswerError("account");
  if (!answer.length) return null;
  const [first] = answer as unknown[];
  if (typeof first !== "string" || !/^0x[0-9a-f]{40}$/i.test(first)) throw new OddAnswerError("account");
  return first as Address;
}

/** A chain's id, as hex digits or, from some wallets, a number. Throws `OddAnswerError`. */
export function chainIn(answer: unknown): number {
  const read = typeof answer === "number" || (typeof answer === "string" && /^(0x[0-9a-f]+|[0-9]+)$/i.test(answer)) ? Number(answer) : NaN;
  if (!Number.isSafeInteger(read) || read <= 0) throw new OddAnswerError("chain");
  return read;
}

/** A signature in lower-case hex, v as 27 or 28: some wallets give 0 or 1. Throws `OddAnswerError`. */
export function signatureIn(answer: unknown): Hex {
  const fits = typeof answer === "string" && answer.length <= 2 + 2 * MOST_SIGNATURE && /^0x([0-9a-f]{2}){65,}$/i.test(answer);
  if (!fits) throw new OddAnswerError("signature");
  const signature = answer.toLowerCase();
  const last = signature.slice(130);
  if (last === "00" || last === "01") return `${signature.slice(0, 130)}${last === "00" ? "1b" : "1c"}` as Hex;
  return signature as Hex;
}

/** The hash of a transaction. Throws `OddAnswerError`. */
export function transactionIn(answer: unknown): Hex {
  if (typeof answer !== "string" || !/^0x[0-9a-f]{64}$/i.test(answer)) throw new OddAnswerError("transaction");
  return answer as Hex;
}
