// Canonical JSON: the RFC 8785 bytes of the values we use, as labelshare.protocol.canonical writes them.
import { faulty } from "../texts/en";

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** A value that has no canonical bytes here: a float, a large number, a key or a text that none may hold. */
export class NotCanonicalError extends Error {}

/**
 * Canonical text of strings, booleans, whole numbers up to 2^53 - 1, null, lists, and objects with ASCII keys. ASCII
 * keys sort alike by code point and by UTF-16 unit, and JSON.stringify spells strings as the RFC asks for.
 */
export function canonical(value: Json): string {
  if (typeof value === "string") return text(value);
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new NotCanonicalError(faulty.canonical.number(value));
    return String(value);
  }
  if (value === null || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(canonical).join(",")}]`;
  const object = value as { readonly [key: string]: Json };
  const members = Object.keys(object).sort(byCodePoint).map((key) => `${name(key)}:${canonical(object[key]!)}`);
  return `{${members.join(",")}}`;
}

export function canonicalBytes(value: Json): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(canonical(value)) as Uint8Array<ArrayBuffer>;
}

function text(value: string): string {
  if (!value.isWellFormed()) throw new NotCanonicalError(faulty.canonical.surrogate);
  return JSON.stringify(value);
}

function name(key: string): string {
  if (!/^[\x20-\x7e]*$/.test(key)) throw new NotCanonicalError(faulty.canonical.name(JSON.stringify(key).slice(0, 80)));
  return JSON.stringify(key);
}

function byCodePoint(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
