// Every text is shown somewhere: the code names it by its path, or by a group out of which one is chosen.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { f, faulty, h, t } from "../src/texts/en";

const SOURCES = join(import.meta.dirname, "../src");
const TEXTS = { t, f, h, faulty };
const ALIAS = /const (\w+) = (\w+(?:\.\w+)*);/g;
const PARTS = /const \{ ([\w,: ]+) \} = (\w+(?:\.\w+)*);/g;
const NAMED = /(?<![\w$."'])([A-Za-z]\w*)((?:\??\.[A-Za-z]\w*)*)/g;

/** A text, a function that makes one, a list of them or the two sentences of a fault; a group is anything else. */
function isText(value: unknown): boolean {
  return typeof value !== "object" || value === null || Array.isArray(value) || "todo" in value;
}

function every(value: unknown, path: string): string[] {
  return isText(value) ? [path] : Object.entries(value as object).flatMap(([name, each]) => every(each, `${path}.${name}`));
}

/** The texts that a path leads to: one, or all of a group; none where it leads nowhere. */
function reached(path: readonly string[]): string[] {
  let value: unknown = TEXTS;
  const walked: string[] = [];
  for (const name of path) {
    if (walked.length && isText(value)) break;
    if (!Object.hasOwn(value as object, name)) return [];
    value = (value as Record<string, unknown>)[name];
    walked.push(name);
  }
  return every(value, walked.join("."));
}

function usedIn(source: string): string[] {
  const aliases = new Map<string, string[][]>(Object.keys(TEXTS).map((name) => [name, [[name]]]));
  const add = (name: string, path: string[]) => aliases.set(name, [...(aliases.get(name) ?? []), path]);
  const pathsOf = (chain: string) => {
    const [root, ...rest] = chain.split(/\??\./);
    return (aliases.get(root!) ?? []).map((start) => [...start, ...rest]);
  };
  const rest = source
    .replaceAll("...", " ")
    .replaceAll(ALIAS, (line, name: string, chain: string) => {
      const paths = pathsOf(chain).filter((path) => reached(path).length);
      for (const path of paths) add(name, path);
      return paths.length ? "" : line;
    })
    .replaceAll(PARTS, (line, names: string, chain: string) => {
      for (const path of pathsOf(chain)) for (const part of names.split(",")) add(part.split(":").at(-1)!.trim(), [...path, part.split(":")[0]!.trim()]);
      return line.replace(chain, "");
    });
  return [...rest.matchAll(NAMED)].flatMap(([chain]) => pathsOf(chain).filter((path) => path.length > 1).flatMap(reached));
}

it("no text is left over", () => {
  const sources = readdirSync(SOURCES, { recursive: true, encoding: "utf8" }).filter((name) => /\.tsx?$/.test(name));
  const used = new Set(sources.flatMap((name) => usedIn(readFileSync(join(SOURCES, name), "utf8"))));
  expect(Object.entries(TEXTS).flatMap(([name, texts]) => every(texts, name)).filter((path) => !used.has(path))).toEqual([]);
});
