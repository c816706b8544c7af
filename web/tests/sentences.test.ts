// Every sentence that a person reads stands in texts/en.ts: nothing like one is left anywhere else.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const SOURCE = join(import.meta.dirname, "../src");
/** Three words in a row. */
const SENTENCE = /(?:^|[\s“"(>])[A-Za-z][\w’']*[,;:]? [A-Za-z][\w’']*[,;:]? [a-z][\w’']*/;
/** What is no sentence to anyone: classes of a style, and faults that no page shows the text of. */
const NOT_READ = /(?:className=\{?|from |new Error\(|new NoChainError\(|new StoppedError\(|super\()$/;
/** Signed to the letter, typed to the letter, or read by the browser alone. */
const ELSEWHERE = ["Sign in to this labelshare oracle.", " wants you to sign in with your Ethereum account:", "labelshare campaign compute-openly ", "button, a, ", "html, body {", "no key of a message"];

interface Found {
  text: string;
  before: string;
}

/** Texts of a source: its string literals and what stands between tags; comments are none. */
function textsOf(raw: string): Found[] {
  // What a template holds is code of its own, a name or a number in most.
  const source = raw.replace(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, "…");
  const found: Found[] = [];
  let code = "";
  const piece = /\/\/[^\n]*|\/\*[^]*?\*\/|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\[^])*`/g;
  let end = 0;
  for (const { 0: all, index } of source.matchAll(piece)) {
    code += source.slice(end, index);
    if (!all.startsWith("/")) {
      found.push({ text: all.slice(1, -1).replace(/\\[^n]/g, "").replace(/\\n|\n/g, " "), before: code.trimEnd().slice(-40) });
      code += '""';
    }
    end = index + all.length;
  }
  code += source.slice(end);
  for (const { 1: text } of code.matchAll(/[^=]>([^<>{}();=]+)<\//g)) found.push({ text: text!, before: "" });
  return found;
}

const sentencesOf = (source: string) =>
  textsOf(source)
    .filter(({ text, before }) => SENTENCE.test(text) && !NOT_READ.test(before) && !ELSEWHERE.some((each) => text.includes(each)))
    .map(({ text }) => text);

describe("sentences outside of texts/", () => {
  const files = readdirSync(SOURCE, { recursive: true, encoding: "utf8" }).filter((name) => /\.tsx?$/.test(name) && !name.startsWith("texts/") && name !== "protocol/abi.ts");

  it("are found", () => {
    expect(sentencesOf('throw new LabelError("a label is too long");')).toEqual(["a label is too long"]);
    expect(sentencesOf("refuse(`${file} holds no items.`); // not in a comment at all")).toHaveLength(1);
    expect(sentencesOf("<p className=\"quiet small-text row\">Nothing is here yet</p>")).toEqual(["Nothing is here yet"]);
    expect(sentencesOf('throw new Error("used outside of its provider")')).toEqual([]);
  });

  it("are none", () => {
    expect(files.length).toBeGreaterThan(100);
    const found = files.flatMap((name) => sentencesOf(readFileSync(join(SOURCE, name), "utf8")).map((text) => `${name}: ${text}`));
    expect(found.join("\n")).toBe("");
  });
});
