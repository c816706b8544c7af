// Amounts, times and addresses as people read them. Amounts are integers of base units until the last moment.
import type { Unit } from "../wallet/chain";

/** A decimal of base units, whole part grouped, at most `digits` after the point (cut, never rounded up). */
export function decimal(amount: bigint, decimals: number, digits = 4): string {
  const sign = amount < 0n ? "−" : "";
  const text = (amount < 0n ? -amount : amount).toString().padStart(decimals + 1, "0");
  const whole = text.slice(0, text.length - decimals).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  const part = decimals ? text.slice(text.length - decimals) : "";
  const shown = part.slice(0, digits).replace(/0+$/, "");
  const tiny = !shown && whole === "0" && amount !== 0n;
  if (tiny) return `${sign}<0.${"0".repeat(Math.max(0, digits - 1))}1`;
  return sign + whole + (shown ? `.${shown}` : "");
}

/** An amount with its token's symbol. */
export function amountText(amount: bigint | string, unit: Unit, digits = 4): string {
  return `${decimal(BigInt(amount), unit.decimals, digits)} ${unit.symbol}`;
}

/** Shares in words: they have 18 decimals. */
export function sharesText(amount: bigint | string): string {
  const count = decimal(BigInt(amount), 18);
  return `${count} ${count === "1" ? "share" : "shares"}`;
}

export function shortHex(text: string): string {
  return text.length > 14 ? `${text.slice(0, 6)}…${text.slice(-4)}` : text;
}

const DATE = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hour12: false });

export function dateText(seconds: number): string {
  return DATE.format(seconds * 1000);
}

/** A length of time in its two largest units. */
export function spanText(seconds: number): string {
  const left = Math.max(0, Math.round(seconds));
  const parts: [number, string][] = [
    [Math.floor(left / 86_400), "d"],
    [Math.floor((left % 86_400) / 3_600), "h"],
    [Math.floor((left % 3_600) / 60), "min"],
    [left % 60, "s"],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return "0 s";
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, name]) => `${count} ${name}`)
    .join(" ");
}

/** "in 3 h" or "2 d ago", by the chain's clock. */
export function relativeText(seconds: number, now: number): string {
  return seconds >= now ? `in ${spanText(seconds - now)}` : `${spanText(now - seconds)} ago`;
}

export function percentText(part: number | bigint, whole: number | bigint, digits = 0): string {
  const share = Number(whole) === 0 ? 0 : Number((BigInt(part) * 1_000_000n) / BigInt(whole)) / 10_000;
  return `${share.toFixed(digits)}%`;
}

/** A part in 1/10,000, exactly: with as many decimals as it needs. */
export function bpsText(bps: number): string {
  return `${decimal(BigInt(bps), 2)}%`;
}

export function countText(count: number): string {
  return count.toLocaleString("en");
}
