// Items that the service lacks, and handing them in again from the files that they came from: each is known by its hash.
import type { Hex } from "viem";
import { service } from "../api/service";
import { guessBinding, makeItems, type Binding, type Imported } from "../import/items";
import type { Table } from "../import/records";
import type { Spec } from "../protocol/spec";
import type { KeptContent } from "./store";

/** So many digests are asked for at most; of more items, that many from the first to the last. */
const MOST_ASKED = 200;
const AT_ONCE = 8;
/** By so many rows it is seen whether a column is the one that was funded with. */
const TRIED_ROWS = 5;
const MOST_TRIES = 500;

/** How many contents were asked for, and which of them the service lacks. */
export interface Lacking {
  asked: number;
  digests: string[];
}

export async function lackingOf(campaign: Hex, spec: Spec): Promise<Lacking> {
  const waiting = spread([...new Set(spec.items.map((each) => each.digest))], MOST_ASKED);
  const asked = waiting.length;
  const digests: string[] = [];
  const work = async () => {
    for (let next = waiting.pop(); next; next = waiting.pop()) if (!(await service.hasMedia(campaign, next))) digests.push(next);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { asked, digests };
}

/** At most so many, evenly from the first to the last. */
export function spread<Each>(all: readonly Each[], most: number): Each[] {
  if (all.length <= most) return [...all];
  return Array.from({ length: most }, (_, at) => all[Math.round((at * (all.length - 1)) / (most - 1))]!);
}

/** Of what was chosen, the contents of the spec's items; whichever columns they were made of. */
export async function contentsOf(imported: Imported, spec: Spec, variables: readonly string[]): Promise<KeptContent["contents"]> {
  const wanted = new Set(spec.items.map((each) => each.digest));
  const binding = imported.kind === "table" ? await bindingOf(imported, variables, wanted) : null;
  if (imported.kind === "table" && !binding) return [];
  const { items } = await makeItems(imported, binding, null, () => undefined);
  const found = new Map(items.filter((each) => wanted.has(each.digest)).map(({ digest, content }) => [digest, content]));
  return [...found].map(([digest, content]) => ({ digest, content }));
}

/** The columns whose first rows are items of the spec; null where none are. */
async function bindingOf(table: Table, variables: readonly string[], wanted: ReadonlySet<string>): Promise<Binding | null> {
  const sample = { ...table, rows: table.rows.slice(0, TRIED_ROWS) };
  let tries = 0;
  for (const binding of bindings(table, variables)) {
    if ((tries += 1) > MOST_TRIES) return null;
    // A column with an empty row makes no items.
    const made = await makeItems(sample, binding, null, () => undefined).catch(() => null);
    if (made?.items.some((each) => wanted.has(each.digest))) return binding;
  }
  return null;
}

function* bindings(table: Table, variables: readonly string[]): Generator<Binding> {
  yield guessBinding(table, variables);
  for (const columns of choices(table.columns, variables.length)) {
    yield { variables: new Map(variables.map((variable, at) => [variable, columns[at]!])), name: "", gold: "" };
  }
}

function* choices(columns: readonly string[], count: number): Generator<string[]> {
  if (count === 0) yield [];
  else for (const rest of choices(columns, count - 1)) for (const column of columns) yield [...rest, column];
}
