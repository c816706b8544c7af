// Files of records: CSV, JSON Lines and Label Studio's JSON, each to the same table of named texts.
import { parseCsv } from "./csv";
import { refuse } from "./fault";
import { faulty } from "../texts/en";

/** One record: its values by column, and where it stands in the file. */
export interface Row {
  /** Such as "line 12" or "task 3". */
  at: string;
  values: ReadonlyMap<string, string>;
  /** A Label Studio result that is marked as ground truth. */
  truth: unknown;
}

export interface Table {
  kind: "table";
  file: string;
  format: "CSV" | "JSON Lines" | "Label Studio JSON";
  columns: string[];
  rows: Row[];
}

export const MOST_ROWS = 50_000;
const MOST_BYTES = 64 * 1024 * 1024;

const READERS: Readonly<Record<string, (file: string, text: string) => Table>> = {
  csv: readCsv, tsv: readCsv, jsonl: readLines, ndjson: readLines, json: readJson,
};

export const RECORD_ENDS = Object.keys(READERS);

export function endOf(name: string): string {
  return /\.([^./]+)$/.exec(name)?.[1]?.toLowerCase() ?? "";
}

/** The table of one file; throws `ImportError` with words where it is none. */
export async function readTable(file: File): Promise<Table> {
  const reader = READERS[endOf(file.name)];
  if (!reader) refuse(faulty.file.kind(file.name));
  if (file.size > MOST_BYTES) refuse(faulty.file.large(file.name));
  const table = reader(file.name, decoded(file.name, new Uint8Array(await file.arrayBuffer())));
  if (table.rows.length === 0) refuse(faulty.file.noItems(file.name));
  if (table.rows.length > MOST_ROWS) refuse(faulty.file.full(file.name, MOST_ROWS));
  return table;
}

function decoded(file: string, bytes: Uint8Array): string {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (!text.includes("\0")) return text;
  } catch {
    // Said below.
  }
  refuse(faulty.file.notUtf8(file));
}

function readCsv(file: string, text: string): Table {
  const [head, ...rows] = parseCsv(file, text);
  if (!head) refuse(faulty.file.empty(file));
  const columns = head.fields.map((name) => name.trim());
  const double = columns.find((name, at) => columns.indexOf(name) !== at);
  if (columns.includes("")) refuse(faulty.file.unnamedColumn(file));
  if (double !== undefined) refuse(faulty.file.sameColumn(file, double));
  const wrong = rows.find((row) => row.fields.length !== columns.length);
  if (wrong) {
    refuse(faulty.file.fields(file, wrong.line, wrong.fields.length, columns.length));
  }
  const records = rows.map(({ line, fields }) => ({ at: faulty.file.line(line), truth: undefined, values: new Map(columns.map((name, at) => [name, fields[at]!])) }));
  return { kind: "table", file, format: "CSV", columns, rows: records };
}

function readLines(file: string, text: string): Table {
  const rows: Row[] = [];
  text.split("\n").forEach((line, index) => {
    if (!line.trim()) return;
    const at = faulty.file.line(index + 1);
    let found: unknown;
    try {
      found = JSON.parse(line);
    } catch (error) {
      refuse(faulty.file.lineNoJson(file, at, (error as Error).message));
    }
    rows.push({ at, truth: undefined, values: valuesOf(file, at, found) });
  });
  return { kind: "table", file, format: "JSON Lines", columns: columnsOf(rows), rows };
}

function readJson(file: string, text: string): Table {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch (error) {
    refuse(faulty.file.noJson(file, (error as Error).message));
  }
  if (!Array.isArray(found)) refuse(faulty.file.noList(file));
  const rows = (found as unknown[]).map((task, index): Row => {
    const at = faulty.file.task(index + 1);
    const data = isObject(task) && "data" in task ? task["data"] : task;
    return { at, values: valuesOf(file, at, data), truth: isObject(task) ? truthOf(task) : undefined };
  });
  return { kind: "table", file, format: "Label Studio JSON", columns: columnsOf(rows), rows };
}

/** The result of the annotation that Label Studio marks as ground truth. */
function truthOf(task: Record<string, unknown>): unknown {
  const annotations = task["annotations"] ?? task["completions"];
  if (!Array.isArray(annotations)) return undefined;
  const found = (annotations as unknown[]).find((each) => isObject(each) && each["ground_truth"] === true);
  return isObject(found) ? found["result"] : undefined;
}

function valuesOf(file: string, at: string, value: unknown): ReadonlyMap<string, string> {
  if (typeof value === "string") return new Map([["text", value]]);
  if (!isObject(value)) refuse(faulty.file.noObject(file, at));
  const values = Object.entries(value).map(([name, each]): [string, string] => [name, textOf(each)]);
  const broken = values.find(([name, text]) => !name.isWellFormed() || !text.isWellFormed());
  if (broken) refuse(faulty.file.surrogate(file, at));
  return new Map(values);
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function columnsOf(rows: readonly Row[]): string[] {
  return [...new Set(rows.flatMap((row) => [...row.values.keys()]))];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
