// Files of records: CSV, JSON Lines and Label Studio's JSON, each to the same table of named texts.
import { parseCsv } from "./csv";
import { refuse } from "./fault";

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
const MORE = "Use the command line for more: labelshare campaign upload.";

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
  if (!reader) refuse(`${file.name} is of no kind that can be imported.`, "Choose a CSV (.csv, .tsv), JSON Lines (.jsonl), Label Studio JSON (.json), or a folder of pictures or sounds.");
  if (file.size > MOST_BYTES) refuse(`${file.name} is larger than 64 MiB.`, MORE);
  const table = reader(file.name, decoded(file.name, new Uint8Array(await file.arrayBuffer())));
  if (table.rows.length === 0) refuse(`${file.name} holds no items.`, "Choose a file with at least one row below its header.");
  if (table.rows.length > MOST_ROWS) refuse(`${file.name} holds more than ${MOST_ROWS.toLocaleString("en")} items.`, MORE);
  return table;
}

function decoded(file: string, bytes: Uint8Array): string {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (!text.includes("\0")) return text;
  } catch {
    // Said below.
  }
  refuse(`${file} is no text in UTF-8.`, "Export it as UTF-8. In a spreadsheet: Save as → “CSV UTF-8”.");
}

function readCsv(file: string, text: string): Table {
  const [head, ...rows] = parseCsv(file, text);
  if (!head) refuse(`${file} is empty.`, "Choose a file with a header and at least one row.");
  const columns = head.fields.map((name) => name.trim());
  const double = columns.find((name, at) => columns.indexOf(name) !== at);
  if (columns.includes("")) refuse(`${file}: a column of the header (line 1) has no name.`, "Name every column in the first line.");
  if (double !== undefined) refuse(`${file}: two columns are called “${double}”.`, "Give every column a name of its own.");
  const wrong = rows.find((row) => row.fields.length !== columns.length);
  if (wrong) {
    refuse(`${file}: line ${wrong.line} has ${wrong.fields.length} ${wrong.fields.length === 1 ? "field" : "fields"}, the header has ${columns.length}.`, "Every row needs as many fields as the header. A field that holds the separator goes in quotation marks.");
  }
  const records = rows.map(({ line, fields }) => ({ at: `line ${line}`, truth: undefined, values: new Map(columns.map((name, at) => [name, fields[at]!])) }));
  return { kind: "table", file, format: "CSV", columns, rows: records };
}

function readLines(file: string, text: string): Table {
  const rows: Row[] = [];
  text.split("\n").forEach((line, index) => {
    if (!line.trim()) return;
    const at = `line ${index + 1}`;
    let found: unknown;
    try {
      found = JSON.parse(line);
    } catch (error) {
      refuse(`${file}: ${at} is no JSON: ${(error as Error).message}`, "Each line must be one whole JSON object. A list over several lines is Label Studio JSON: call it .json.");
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
    refuse(`${file} is no JSON: ${(error as Error).message}`, "Export it again; if each line is an object of its own, call it .jsonl.");
  }
  if (!Array.isArray(found)) refuse(`${file} is no list of tasks.`, "Label Studio JSON is a list: [{\"data\": {…}}, …]. Export the project as JSON.");
  const rows = (found as unknown[]).map((task, index): Row => {
    const at = `task ${index + 1}`;
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
  if (!isObject(value)) refuse(`${file}: ${at} is neither an object nor a text.`, 'Write each item as an object, such as {"text": "…"}.');
  const values = Object.entries(value).map(([name, each]): [string, string] => [name, textOf(each)]);
  const broken = values.find(([name, text]) => !name.isWellFormed() || !text.isWellFormed());
  if (broken) refuse(`${file}: ${at} holds half a character (a lone surrogate).`, "Export the file again as UTF-8.");
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
