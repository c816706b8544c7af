// Bytes as lower-case 0x strings, and numbers as words: what every hash here is made of.
import { concatHex, keccak256, numberToHex, padHex, stringToHex, type Address, type Hex } from "viem";

export type { Address, Hex };

/** An unsigned integer in `size` bytes, big-endian; throws where it does not fit. */
export function uint(value: bigint | number, size: number): Hex {
  return numberToHex(value, { size });
}

/** An unsigned integer as a 32-byte word. */
export function word(value: bigint | number): Hex {
  return uint(value, 32);
}

/** A 20-byte address as a word. */
export function addressWord(address: Address): Hex {
  return padHex(address.toLowerCase() as Hex, { size: 32 });
}

/** keccak256 of the parts put together. */
export function hash(...parts: Hex[]): Hex {
  return keccak256(concatHex(parts));
}

/** keccak256 of a text's UTF-8 bytes. */
export function hashText(text: string): Hex {
  return keccak256(stringToHex(text));
}

/** How many bytes a hex string has. */
export function sizeOf(value: Hex): number {
  return (value.length - 2) / 2;
}
