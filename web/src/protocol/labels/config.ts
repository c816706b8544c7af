// Reading a label config: Label Studio XML that strangers wrote. It is parsed, never inserted as HTML.
// What could be read in two ways is refused, as in labelshare.protocol.labels.config.
import { LabelError } from "./form";
import { faulty } from "../../texts/en";

export const MAX_CONFIG_BYTES = 256 * 1024;
export const MAX_CONFIG_DEPTH = 32;
export const MAX_CONFIG_TAGS = 16_384;
export const MAX_CLASSES = 65_536;
export const MAX_TEXT_CHARS = 1024;

// Tags that show something or lay out; any other control would add answers that the canonical form lacks.
const PASSIVE = new Set(
  "View Header Style Text HyperText Image Audio AudioPlus Video Paragraphs Table List Collapse Panel Markdown Pdf".split(" "),
);
const DECLARED = /^<\?xml[ \t\r\n]/;
const DECLARATION =
  /^<\?xml\s+version\s*=\s*["']1\.0["'](\s+encoding\s*=\s*["'][uU][tT][fF]-8["'])?(\s+standalone\s*=\s*["'](yes|no)["'])?\s*\?>/;
const COMMENTS = /<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>/g;
const VARIABLE = /\$[A-Za-z0-9_[\].{}]/;

/** A tag as plain data: names and texts, no node of any document. */
export interface Tag {
  name: string;
  attributes: ReadonlyMap<string, string>;
  children: readonly Tag[];
}

/** The tree of a config; throws `LabelError` for what is no acceptable XML. */
export function readTags(config: string): Tag {
  checkText(config);
  const parsed = new DOMParser().parseFromString(config, "application/xml");
  const root = parsed.documentElement;
  if (root === null || parsed.getElementsByTagName("parsererror").length > 0) {
    throw new LabelError(faulty.config.noXml);
  }
  const budget = { tags: 0 };
  return tagOf(root, 1, budget);
}

/** The one tag of these names in a config; throws where others that ask something are there. */
export function onlyControl(config: string, kind: string, ...names: string[]): { control: Tag; root: Tag } {
  const task = kind.split(".")[0];
  const root = readTags(config);
  const all = everyTag(root);
  const controls = all.filter((tag) => names.includes(tag.name));
  const own = new Set(controls.flatMap((control) => [control, ...control.children]));
  const stranger = all.find((tag) => !PASSIVE.has(tag.name) && !own.has(tag));
  if (stranger) throw new LabelError(faulty.config.stranger(stranger.name.slice(0, 80), task));
  if (controls.length !== 1) throw new LabelError(faulty.config.one(task, names, controls.length));
  return { control: controls[0]!, root };
}

export function everyTag(root: Tag): Tag[] {
  return [root, ...root.children.flatMap(everyTag)];
}

export function childless(control: Tag): void {
  if (control.children.length) throw new LabelError(faulty.config.childless(control.name));
}

/** An attribute that must be there, with no outer spaces. */
export function attribute(tag: Tag, name: string): string {
  const text = tag.attributes.get(name) ?? "";
  const length = [...text].length;
  if (length === 0 || length > MAX_TEXT_CHARS || text !== stripped(text)) {
    throw new LabelError(faulty.config.attribute(tag.name, name, MAX_TEXT_CHARS));
  }
  return text;
}

/** The classes of a control, by its children, and what a result may hold for each. */
export function classes(control: Tag, { child = "Choice", least = 2, most = MAX_CLASSES } = {}): { names: string[]; answers: Map<string, number> } {
  if (control.attributes.has("value")) throw new LabelError(faulty.config.fromData);
  const names: string[] = [];
  const answers = new Map<string, number>();
  control.children.forEach((tag, index) => {
    const name = className(control, tag, child);
    names.push(name);
    const answer = tag.attributes.has("alias") ? attribute(tag, "alias") : name;
    if (answers.has(answer)) throw new LabelError(faulty.config.sameAnswer(answer.slice(0, 80)));
    answers.set(answer, index);
  });
  if (names.length < least || names.length > most) throw new LabelError(faulty.config.count(names.length, least, most));
  if (new Set(names).size !== names.length) throw new LabelError(faulty.config.sameValue);
  return { names, answers };
}

function className(control: Tag, tag: Tag, child: string): string {
  if (tag.name !== child || tag.children.length) throw new LabelError(faulty.config.plainTags(control.name, child));
  const name = attribute(tag, "value");
  if (VARIABLE.test(name)) throw new LabelError(faulty.config.classFromData(name.slice(0, 80)));
  return name;
}

function checkText(config: string): void {
  if (!config.isWellFormed()) throw new LabelError(faulty.config.surrogate);
  if (new TextEncoder().encode(config).length > MAX_CONFIG_BYTES) throw new LabelError(faulty.config.large);
  if (config.includes("\0") || config.startsWith("\ufeff")) throw new LabelError(faulty.config.nul);
  if (config.replace(COMMENTS, "").includes("<!DOCTYPE")) throw new LabelError(faulty.config.dtd);
  if (DECLARED.test(config) && !DECLARATION.test(config)) throw new LabelError(faulty.config.declaration);
}

function tagOf(element: Element, depth: number, budget: { tags: number }): Tag {
  budget.tags += 1;
  if (depth > MAX_CONFIG_DEPTH) throw new LabelError(faulty.config.deep(MAX_CONFIG_DEPTH));
  if (budget.tags > MAX_CONFIG_TAGS) throw new LabelError(faulty.config.tags(MAX_CONFIG_TAGS));
  const attributes = new Map([...element.attributes].map((each) => [each.name, each.value]));
  const children = [...element.children].map((child) => tagOf(child, depth + 1, budget));
  const name = element.namespaceURI ? `{${element.namespaceURI}}${element.localName}` : element.nodeName;
  return { name, attributes, children };
}

/** As Python's str.strip, whose white space is JavaScript's and four more, but no byte order mark. */
function stripped(text: string): string {
  const space = "[ \\t\\n\\r\\v\\f\\x1c-\\x1f\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+";
  return text.replace(new RegExp(`^${space}|${space}$`, "g"), "");
}
