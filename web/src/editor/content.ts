// What an item is made of: bytes whose sha256 the spec names. They are shown as text or as a picture, never as HTML.
import type { ItemAnswer } from "../api/types";
import { everyTag, readTags, type Tag } from "../protocol/labels/config";
import { sha256 } from "../protocol/spec";

/** An item as a spec lists it, with its place there. */
export type Item = Pick<ItemAnswer, "index" | "digest" | "uri" | "name">;

/** One thing to look at: the name of its tag in the config, and what it is. */
export interface Shown {
  name: string;
  kind: "text" | "image" | "audio";
  /** The text itself, or a blob: address. */
  value: string;
}

/** The bytes are not what the spec names. */
export class OtherContentError extends Error {}

const OBJECTS = new Set("Text HyperText Paragraphs Markdown Table Image Audio AudioPlus Video Pdf".split(" "));

interface ObjectTag {
  name: string;
  variable: string;
}

let latest: { config: string; objects: ObjectTag[] } | null = null;

/** The tags of a config that show a variable of the task, in document order. Items that follow each other have one config, which is read once. */
export function objectsOf(config: string): readonly ObjectTag[] {
  if (latest?.config !== config) latest = { config, objects: readObjects(config) };
  return latest.objects;
}

function readObjects(config: string): ObjectTag[] {
  return everyTag(readTags(config)).flatMap((tag) => {
    const variable = /^\$([A-Za-z0-9_]+)$/.exec(tag.attributes.get("value") ?? "")?.[1];
    return OBJECTS.has(tag.name) && variable ? [{ name: tag.attributes.get("name") ?? variable, variable }] : [];
  });
}

/** Plain headings of a config: a text for everybody, no variable. */
export function headingsOf(config: string): string[] {
  const isHeading = (tag: Tag) => tag.name === "Header" && !/\$/.test(tag.attributes.get("value") ?? "$");
  return everyTag(readTags(config)).filter(isHeading).map((tag) => tag.attributes.get("value")!);
}

/**
 * What to show of an item's bytes. Content that is a JSON object holding every variable of the config is the task's
 * data, as Label Studio has it; any other is the value of the first variable.
 */
export async function contentOf(config: string, item: Item, bytes: Uint8Array<ArrayBuffer>): Promise<Shown[]> {
  if ((await sha256(bytes)) !== `0x${item.digest}`) throw new OtherContentError(item.digest);
  const objects = objectsOf(config);
  const data = taskData(bytes, objects);
  // Task data are texts: an address in it is shown, and never fetched.
  if (data) return objects.map(({ name, variable }) => ({ name, kind: "text", value: data[variable]! }));
  const kind = kindOf(bytes);
  const name = objects[0]?.name ?? "item";
  return [{ name, kind: kind.kind, value: kind.kind === "text" ? textOf(bytes) : URL.createObjectURL(new Blob([bytes], { type: kind.type })) }];
}

/** An item for an editor in a frame: texts by variable, and media as bytes. */
export async function taskOf(config: string, item: ItemAnswer, bytes: Uint8Array<ArrayBuffer>): Promise<{ task: Record<string, string>; media: Record<string, Blob> }> {
  if ((await sha256(bytes)) !== `0x${item.digest}`) throw new OtherContentError(item.digest);
  const objects = objectsOf(config);
  const data = taskData(bytes, objects);
  if (data) return { task: data, media: {} };
  const variable = objects[0]?.variable ?? "item";
  const kind = kindOf(bytes);
  if (kind.kind === "text") return { task: { [variable]: textOf(bytes) }, media: {} };
  return { task: {}, media: { [variable]: new Blob([bytes], { type: kind.type }) } };
}

// What the editor shows without what its frame lacks: an origin (HyperText, Paragraphs) or a network (Video, Pdf). Of the
// answers, choices and regions: it takes no keys for a rating, and an untouched pair for a tie.
const IN_FRAME = new Set("View Header Style Text Image Choices Choice RectangleLabels Labels Label".split(" "));

/** Attributes of a text that the editor decodes or fetches first: it is then another one than this page has. */
const OTHER_TEXT = new Set(["encoding", "valuetype"]);

/** Whether the editor in its frame can show all of a config, and the same as this page. */
export function fitsFrame(config: string): boolean {
  const fits = (tag: Tag) => IN_FRAME.has(tag.name) && ![...tag.attributes.keys()].some((name) => OTHER_TEXT.has(name.toLowerCase()));
  return everyTag(readTags(config)).every(fits);
}

/** Let go of the addresses that `contentOf` made. */
export function release(shown: readonly Shown[]): void {
  for (const each of shown) if (each.kind !== "text") URL.revokeObjectURL(each.value);
}

function taskData(bytes: Uint8Array, objects: readonly ObjectTag[]): Record<string, string> | null {
  if (!objects.length || bytes[0] !== 0x7b) return null;
  try {
    const found = JSON.parse(textOf(bytes)) as Record<string, unknown>;
    const values = objects.map(({ variable }) => [variable, found[variable]] as const);
    if (values.some(([, value]) => typeof value !== "string" && typeof value !== "number")) return null;
    return Object.fromEntries(values.map(([name, value]) => [name, String(value)]));
  } catch {
    return null;
  }
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Pictures and sounds by their first bytes; SVG is no picture here, since it can hold more than one. */
export function kindOf(bytes: Uint8Array): { kind: "image" | "audio"; type: string } | { kind: "text"; type: string } {
  const starts = (text: string, at = 0) => [...text].every((each, place) => bytes[at + place] === each.charCodeAt(0));
  if (starts("\x89PNG")) return { kind: "image", type: "image/png" };
  if (starts("\xff\xd8\xff")) return { kind: "image", type: "image/jpeg" };
  if (starts("GIF8")) return { kind: "image", type: "image/gif" };
  if (starts("RIFF") && starts("WEBP", 8)) return { kind: "image", type: "image/webp" };
  if (starts("RIFF") && starts("WAVE", 8)) return { kind: "audio", type: "audio/wav" };
  if (starts("ID3") || starts("\xff\xfb")) return { kind: "audio", type: "audio/mpeg" };
  if (starts("OggS")) return { kind: "audio", type: "audio/ogg" };
  return { kind: "text", type: "text/plain" };
}
