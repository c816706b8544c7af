// From a table or a folder to items: the content that annotators see, to the byte, its digest, and gold answers.
import { kindOf } from "../editor/content";
import { canonical } from "../fund/canonical";
import { LabelError, type Answer, type Form } from "../protocol/labels";
import { sha256 } from "../protocol/spec";
import { answerOf } from "./answers";
import { bytesOf, type Content } from "./content";
import { refuse } from "./fault";
import type { Folder } from "./media";
import type { Row, Table } from "./records";
import { faulty } from "../texts/en";

export type Imported = Table | Folder;

export interface Item {
  /** sha256 of the content, without 0x. */
  digest: string;
  name: string;
  /** What a row of the preview shows. */
  shown: string;
  content: Content;
}

/** Which column is what; the names of columns, empty for none. */
export interface Binding {
  /** Column by variable of the config. */
  variables: ReadonlyMap<string, string>;
  name: string;
  gold: string;
}

export interface Made {
  items: Item[];
  gold: Map<number, Answer>;
  /** Gold that could not be read, in words. */
  goldFaults: string[];
  /** Items whose content is another's as well. */
  repeated: number;
}

const NAMES = ["name", "id", "title", "filename", "file"];
const GOLDS = ["gold", "label", "answer", "truth", "ground_truth"];
const MOST_NAME = 256;
const AT_A_TIME = 256;

/** The likeliest binding: columns of the same names; else the first that is nothing else. */
export function guessBinding(table: Table, variables: readonly string[]): Binding {
  const named = (names: readonly string[]) => table.columns.find((each) => names.includes(each.toLowerCase())) ?? "";
  const gold = named(GOLDS);
  const name = named(NAMES.filter((each) => !variables.includes(each)));
  const free = table.columns.filter((each) => each !== gold && each !== name && !variables.includes(each));
  const bound = new Map<string, string>();
  for (const variable of variables) {
    const same = table.columns.find((each) => each === variable) ?? table.columns.find((each) => each.toLowerCase() === variable.toLowerCase());
    bound.set(variable, same ?? free.shift() ?? "");
  }
  return { variables: bound, name: [...bound.values()].includes(name) ? "" : name, gold: [...bound.values()].includes(gold) ? "" : gold };
}

/** The items of a table or a folder; `tell` hears how many are done. */
export async function makeItems(imported: Imported, binding: Binding | null, form: Form | null, tell: (done: number) => void): Promise<Made> {
  const contents = imported.kind === "folder" ? folderContents(imported) : tableContents(imported, binding!);
  const items: Item[] = [];
  for (let at = 0; at < contents.length; at += AT_A_TIME) {
    items.push(...(await Promise.all(contents.slice(at, at + AT_A_TIME).map(hashed))));
    tell(items.length);
  }
  const repeated = items.length - new Set(items.map((each) => each.digest)).size;
  return { items, repeated, ...goldOf(marksOf(imported, binding), form) };
}

type Unhashed = Omit<Item, "digest">;

async function hashed(item: Unhashed): Promise<Item> {
  return { ...item, digest: (await sha256(await bytesOf(item.content))).slice(2) };
}

function folderContents({ files }: Folder): Unhashed[] {
  return files.map(({ path, file }) => ({ name: cut(path), shown: path, content: file }));
}

function tableContents(table: Table, binding: Binding): Unhashed[] {
  const bound = [...binding.variables];
  const missing = bound.find(([, column]) => !column);
  if (missing) refuse(faulty.file.noColumn(missing[0]));
  return table.rows.map((row, index) => {
    const values = bound.map(([variable, column]): [string, string] => [variable, required(table, row, column)]);
    const name = (binding.name && row.values.get(binding.name)?.trim()) || faulty.file.unnamed(index + 1);
    return { name: cut(name), shown: values.map(([, value]) => value).join(" | "), content: contentOf(values) };
  });
}

/** One value stands for itself, unless it could be taken for something else than a text; several are the task's data. */
function contentOf(values: readonly [string, string][]): string {
  const only = values.length === 1 ? values[0]![1] : null;
  if (only !== null && !only.startsWith("{") && kindOf(new TextEncoder().encode(only.slice(0, 16))).kind === "text") return only;
  return canonical(Object.fromEntries(values));
}

function required(table: Table, row: Row, column: string): string {
  const value = row.values.get(column) ?? "";
  if (!value.trim()) refuse(faulty.file.nothingIn(table.file, row.at, column));
  return value;
}

/** What an item is marked with as its right answer: a text of a column, or a Label Studio result. */
interface Mark {
  item: number;
  at: string;
  text: string;
  result: unknown;
}

function marksOf(imported: Imported, binding: Binding | null): Mark[] {
  if (imported.kind === "folder") {
    const places = new Map(imported.files.map(({ path }, item) => [path, item]));
    return (imported.truths ?? []).map(({ path, at, result }) => ({ item: places.get(path)!, at, text: "", result }));
  }
  return imported.rows.flatMap((row, item) => {
    const text = binding?.gold ? (row.values.get(binding.gold) ?? "").trim() : "";
    return text || row.truth !== undefined ? [{ item, at: row.at, text, result: row.truth }] : [];
  });
}

function goldOf(marks: readonly Mark[], form: Form | null): Pick<Made, "gold" | "goldFaults"> {
  const gold = new Map<number, Answer>();
  const goldFaults: string[] = [];
  for (const { item, at, text, result } of form ? marks : []) {
    try {
      gold.set(item, text ? answerOf(form!, text) : form!.fromResult(result));
    } catch (error) {
      if (!(error instanceof LabelError)) throw error;
      goldFaults.push(`${at}: ${error.message}`);
    }
  }
  return { gold, goldFaults };
}

function cut(name: string): string {
  const signs = [...name];
  return signs.length > MOST_NAME ? `${signs.slice(0, MOST_NAME - 1).join("")}…` : name;
}
