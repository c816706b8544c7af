// Amounts as people type them, to base units and back; nothing is ever rounded.

/** Base units of a decimal text; null for no decimal number, or one with more places than the token has. */
export function parseAmount(text: string, decimals: number): bigint | null {
  const found = /^(\d{1,30})(?:\.(\d{1,30}))?$/.exec(text.trim());
  if (!found) return null;
  const part = (found[2] ?? "").replace(/0+$/, "");
  if (part.length > decimals) return null;
  return BigInt(found[1]! + part.padEnd(decimals, "0"));
}

/** A whole number within bounds; null for anything else. */
export function parseWhole(text: string, least: number, most: number): number | null {
  if (!/^\d{1,12}$/.test(text.trim())) return null;
  const found = Number(text.trim());
  return found >= least && found <= most ? found : null;
}
