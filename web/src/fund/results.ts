// The results of a campaign as files: a row an item, as CSV or as JSON Lines with a Label Studio result.
import type { Hex } from "viem";
import type { Bundle } from "../protocol/bundle";
import { nearOf } from "../protocol/groups";
import type { Form } from "../protocol/labels";
import type { Spec } from "../protocol/spec";
import { counted } from "./quality";

export interface Result {
  item: number;
  name: string;
  digest: string;
  /** The verdict in words, empty where nobody labelled the item. */
  label: string;
  accepted: boolean;
  /** Posterior of the verdict, 0 to 1. */
  confidence: number;
  labels: number;
  agreeing: number;
  result: unknown;
}

const COLUMNS = ["item", "name", "digest", "label", "accepted", "confidence", "labels", "agreeing"] as const;

export function resultsOf(spec: Pick<Spec, "items" | "task">, form: Form, bundle: Pick<Bundle, "truths" | "openings">, seed: Hex): Result[] {
  const truths = new Map(bundle.truths.map((row) => [row.item, row]));
  const byItem = counted(bundle, nearOf(spec, form), seed);
  return spec.items.map(({ digest, name }, item) => {
    const row = truths.get(item);
    const counts = byItem.get(item);
    const answer = row ? form.decode(row.winner) : null;
    return {
      item, digest,
      name: name ?? "",
      label: answer === null ? "" : form.describe(answer),
      accepted: row?.accepted ?? false,
      confidence: row ? Math.round((row.confidenceQ16 / 65_536) * 10_000) / 10_000 : 0,
      labels: [...(counts?.values() ?? [])].reduce((sum, count) => sum + count, 0),
      agreeing: row ? (counts?.get(row.winner) ?? 0) : 0,
      result: answer === null ? null : form.toResult(answer),
    };
  });
}

export function csvOf(results: readonly Result[]): string {
  const lines = results.map((row) => COLUMNS.map((name) => field(String(row[name]))).join(","));
  return `${[COLUMNS.join(","), ...lines].join("\r\n")}\r\n`;
}

export function jsonLinesOf(results: readonly Result[]): string {
  return results.map((row) => `${JSON.stringify(row)}\n`).join("");
}

function field(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
