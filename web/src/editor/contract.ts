// The one contract between the page and whatever shows an item and takes an answer: the native widgets here, and an
// editor in a sandboxed frame. A frame has no way to the wallet or the store; it gets one item at a time and says
// what was answered, as a Label Studio result. What it says is read as strictly as anything from outside.
import type { Region } from "../protocol/labels/form";

/** The page's one message to the frame's window. With it goes the port that all others take. */
export interface Offer {
  kind: "labelshare.offer";
  /** Random, new with each frame: what the frame says holds it. */
  nonce: string;
}

/** From the page to the editor, by the port. */
export interface Init {
  kind: "init";
  /** Which item this is; what comes back names it, so that a late answer is never another item's. */
  item: number;
  config: string;
  /** The task's data: a text for each variable of the config that is no medium. */
  task: Record<string, string>;
  /** Pictures and sounds, by variable, as bytes: the frame can fetch nothing. */
  media: Record<string, Blob>;
  /** What was answered before, to go on from. */
  result: Region[] | null;
  theme: "light" | "dark";
  /** How many pixels high the frame may become. */
  room: number;
  /** Whether the keyboard goes to the editor. */
  focus: boolean;
}

/** From the page to the editor: say what is answered now, as `submit`. */
export interface Ask {
  kind: "ask";
}

/** From the page to the editor: the window has another size, and the frame another room. */
export interface Room {
  kind: "room";
  room: number;
}

export type ToEditor = Init | Ask | Room;

/** From the editor to the page: by the port as JSON, with the frame's nonce. */
export type FromEditor =
  | { kind: "ready"; item: number }
  | { kind: "submit"; item: number; result: unknown }
  | { kind: "skip"; item: number }
  | { kind: "report"; item: number }
  /** Escape: the keyboard goes back to the page. */
  | { kind: "leave"; item: number }
  /** How many pixels high the editor would like to be; the page sets the bounds. */
  | { kind: "size"; item: number; height: number }
  | { kind: "error"; item: number; message: string };

export const MAX_MESSAGE_CHARS = 64 * 1024;
export const MAX_ERROR_CHARS = 300;
/** Regions of a result; a form that takes fewer says so. */
export const MAX_REGIONS = 1_000;
/** Somebody quick answers two or three items a second, and each takes up to five messages: half of this. */
export const MAX_MESSAGES = 60;
export const PER_MILLISECONDS = 2_000;

const KINDS = new Set(["ready", "submit", "skip", "report", "leave", "size", "error"]);
const FIELDS: Readonly<Record<string, string>> = { submit: "result", size: "height", error: "message" };
const NO_KEYS = new Set(["__proto__", "constructor", "prototype"]);

/** A message of a frame, or null for anything that is none. */
export function readMessage(data: unknown, nonce: string): FromEditor | null {
  if (typeof data !== "string" || data.length > MAX_MESSAGE_CHARS) return null;
  const found = parsed(data);
  if (!isPlain(found) || found["nonce"] !== nonce) return null;
  const { kind, item } = found;
  if (typeof kind !== "string" || !KINDS.has(kind)) return null;
  if (!Number.isSafeInteger(item) || (item as number) < 0) return null;
  const own = FIELDS[kind];
  const allowed = ["kind", "nonce", "item", ...(own ? [own] : [])];
  if (Object.keys(found).sort().join() !== allowed.sort().join()) return null;
  const said = { kind, item: item as number };
  if (kind === "submit") return isResult(found["result"]) ? ({ ...said, result: found["result"] } as FromEditor) : null;
  const height = found["height"];
  if (kind === "size") return Number.isSafeInteger(height) && (height as number) > 0 ? ({ ...said, height } as FromEditor) : null;
  if (kind !== "error") return said as FromEditor;
  const message = found["message"];
  return typeof message === "string" ? { kind: "error", item: said.item, message: message.slice(0, MAX_ERROR_CHARS) } : null;
}

/** Counts what a frame says; false once it says too much. */
export class Meter {
  private readonly times: number[] = [];

  takes(now: number): boolean {
    this.times.push(now);
    if (this.times.length > MAX_MESSAGES) this.times.shift();
    return this.times.length < MAX_MESSAGES || now - this.times[0]! > PER_MILLISECONDS;
  }
}

/** JSON with no key that could reach an object's prototype. What nests too deep for the reader is no message either. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text, (key, value: unknown) => {
      if (NO_KEYS.has(key)) throw new SyntaxError("no key of a message");
      return value;
    });
  } catch {
    return undefined;
  }
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isResult(value: unknown): boolean {
  return Array.isArray(value) && value.length <= MAX_REGIONS && value.every((each) => isPlain(each) && isPlain(each["value"]));
}
