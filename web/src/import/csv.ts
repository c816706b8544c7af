// CSV (RFC 4180) with a header; the separator is a comma, a semicolon or a tab, whichever the header has most of.
import { refuse } from "./fault";
import { faulty } from "../texts/en";

export interface CsvRow {
  /** Where the row begins, counted from 1. */
  line: number;
  fields: string[];
}

/** All rows of a text, the header first; a fault names its line. */
export function parseCsv(file: string, text: string): CsvRow[] {
  const separator = separatorOf(text);
  const rows: CsvRow[] = [];
  let [at, line] = [0, 1];
  while (at < text.length) {
    const row: CsvRow = { line, fields: [] };
    for (;;) {
      const field = text[at] === '"' ? quoted(file, text, at, line, separator) : plain(file, text, at, line, separator);
      row.fields.push(field.value);
      [at, line] = [field.end, line + field.lines];
      if (text[at] !== separator) break;
      at += 1;
    }
    if (text[at] === "\r") at += 1;
    if (text[at] === "\n") at += 1;
    line += 1;
    // An empty line is no row.
    if (row.fields.length > 1 || row.fields[0] !== "") rows.push(row);
  }
  return rows;
}

interface Field {
  value: string;
  end: number;
  /** Line ends within it. */
  lines: number;
}

function plain(file: string, text: string, start: number, line: number, separator: string): Field {
  let end = start;
  while (end < text.length && text[end] !== separator && text[end] !== "\n" && text[end] !== "\r") end += 1;
  const value = text.slice(start, end);
  if (value.includes('"')) {
    refuse(faulty.file.quoteWithin(file, line));
  }
  return { value, end, lines: 0 };
}

function quoted(file: string, text: string, start: number, line: number, separator: string): Field {
  let value = "";
  let [at, lines] = [start + 1, 0];
  for (;;) {
    const end = text.indexOf('"', at);
    if (end < 0) {
      refuse(faulty.file.quoteOpen(file, line));
    }
    const piece = text.slice(at, end);
    value += piece;
    lines += piece.split("\n").length - 1;
    if (text[end + 1] !== '"') {
      const next = text[end + 1];
      if (next !== undefined && next !== separator && next !== "\n" && next !== "\r") {
        refuse(faulty.file.quoteBehind(file, line + lines));
      }
      return { value, end: end + 1, lines };
    }
    value += '"';
    at = end + 2;
  }
}

function separatorOf(text: string): string {
  const head = text.slice(0, text.search(/[\r\n]|$/));
  const count = (mark: string) => head.split(mark).length - 1;
  return [",", ";", "\t"].reduce((best, mark) => (count(mark) > count(best) ? mark : best));
}
