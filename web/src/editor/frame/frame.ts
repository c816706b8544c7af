// Inside the editor's frame: Label Studio's editor on one side, the contract on the other. The page of this script has
// no origin, no store, no network and no way out but the port that its parent gives it, once.
import type { Region } from "../../protocol/labels/form";
import { keyOf } from "../../ui/keys";
import type { FromEditor, Init, Offer, ToEditor } from "../contract";
import { giveKeys } from "./keys";
import { addresses, install } from "./still";
import { themeStyle } from "./style";

interface Annotation {
  id: string;
  deserializeResults(result: object[]): void;
  reinitHistory(): void;
  serializeAnnotation(): Region[];
}

interface Store {
  annotationStore: { selected: Annotation | null; addAnnotation(from: object): Annotation; selectAnnotation(id: string): void };
}

interface Editor {
  destroy?: () => void;
}

declare global {
  interface Window {
    LabelStudio?: new (root: HTMLElement, options: object) => Editor;
    labelshareStyle?: string;
  }
}

type Said = FromEditor extends infer Each ? (Each extends { item: number } ? Omit<Each, "item"> : never) : never;

const SIZE_MILLISECONDS = 400;
/** In pixels: what labels and margins take, and what a picture has at the least. */
const [LABELS, LEAST_PICTURE] = [150, 200];

let port: MessagePort | null = null;
let nonce = "";
let item = 0;
let shown: Editor | null = null;
let latest: Init | null = null;
let store: Store | null = null;

function say(said: Said): void {
  port?.postMessage(JSON.stringify({ ...said, nonce, item }));
}

function complain(fault: unknown): void {
  const message = fault instanceof Error ? fault.message : String(fault);
  say({ kind: "error", message: message.slice(0, 300) });
}

/** What the annotation at hand says; null while there is none. Fields that only the editor needs stay here, so that many regions fit a message. */
function answered(): Region[] | null {
  const selected = store?.annotationStore.selected;
  return selected?.serializeAnnotation().map(({ from_name, to_name, type, value: { text: _, ...value } }) => ({ from_name, to_name, type, value })) ?? null;
}

function submit(): void {
  const result = answered();
  if (result) say({ kind: "submit", result });
}

/** The editor scales a picture once. Where there is another room it is shown anew, with what is answered so far; a text flows by itself. */
function fit(room: number): void {
  if (!latest || !Object.keys(latest.media).length) return;
  show({ ...latest, room, result: answered() ?? latest.result, focus: document.hasFocus() });
}

/**
 * A config whose answers have keys that nothing else has, and whose pictures are as high as the frame can become, less
 * its labels: by default they follow the frame, and it them.
 */
function fitted(config: string, room: number): string {
  const tree = new DOMParser().parseFromString(config, "application/xml");
  giveKeys(tree);
  for (const image of tree.getElementsByTagName("Image")) {
    for (const name of image.getAttributeNames()) if (name.toLowerCase() === "maxheight") image.removeAttribute(name);
    image.setAttribute("maxHeight", `${Math.max(LEAST_PICTURE, room - LABELS)}px`);
  }
  return new XMLSerializer().serializeToString(tree);
}

function show(init: Init): void {
  const old = document.getElementById("editor")!;
  shown?.destroy?.();
  store = null;
  height = 0;
  const root = document.createElement("div");
  root.id = "editor";
  old.replaceWith(root);
  item = init.item;
  latest = init;
  // The editor has no dark colours of its own; turned around, a picture's would not be true.
  document.documentElement.dataset["theme"] = Object.keys(init.media).length ? "light" : init.theme;
  sizes.disconnect();
  sizes.observe(root);
  const result = (init.result ?? []).map((region, at) => ({ ...region, id: `r${at}`, origin: "manual" }));
  shown = new window.LabelStudio!(root, {
    config: fitted(init.config, init.room),
    interfaces: [], // the page around has the buttons
    task: { id: init.item, data: { ...init.task, ...addresses(init.media) }, annotations: [], predictions: [] },
    onLabelStudioLoad: (loaded: Store) => {
      store = loaded;
      const made = loaded.annotationStore.addAnnotation({ userGenerate: true });
      loaded.annotationStore.selectAnnotation(made.id);
      made.deserializeResults(result);
      made.reinitHistory(); // nothing to undo yet
      if (init.focus) focusIn();
      say({ kind: "ready" });
    },
    onSubmitAnnotation: submit, // its own key, Ctrl+Enter
    onUpdateAnnotation: submit,
  });
}

let height = 0;
let timer = 0;
const sizes = new ResizeObserver(() => {
  timer ||= window.setTimeout(() => {
    timer = 0;
    const wanted = Math.ceil(document.getElementById("editor")!.getBoundingClientRect().height);
    if (wanted === height || !wanted) return;
    height = wanted;
    say({ kind: "size", height });
  }, SIZE_MILLISECONDS);
});

function focusIn(): void {
  window.focus();
  document.body.tabIndex = -1;
  document.body.focus({ preventScroll: true });
}

function onKey(event: KeyboardEvent): void {
  if (event.key === "Escape") return stop(event, () => say({ kind: "leave" }));
  const target = event.target as HTMLElement;
  const isTyping = target.matches("textarea, [contenteditable], input:not([type=radio]):not([type=checkbox])");
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const key = keyOf(event);
  if (key === "Enter" && !event.shiftKey && !target.closest("button, a, textarea, summary")) return stop(event, submit);
  if (isTyping) return;
  if (key === "s") stop(event, () => say({ kind: "skip" }));
  if (key === "r") stop(event, () => say({ kind: "report" }));
}

function stop(event: KeyboardEvent, act: () => void): void {
  event.preventDefault();
  event.stopImmediatePropagation();
  act();
}

function begin(offered: MessagePort): void {
  port = offered;
  const style = document.createElement("style");
  style.textContent = (window.labelshareStyle ?? "") + themeStyle;
  document.head.prepend(style);
  port.onmessage = (event: MessageEvent<ToEditor>) => {
    try {
      if (event.data.kind === "ask") submit();
      else if (event.data.kind === "room") fit(event.data.room);
      else show(event.data);
    } catch (fault) {
      complain(fault);
    }
  };
}

function onOffer(event: MessageEvent<Partial<Offer>>): void {
  const [offered] = event.ports;
  if (event.source !== window.parent || event.data?.kind !== "labelshare.offer" || !offered || port) return;
  removeEventListener("message", onOffer);
  nonce = String(event.data.nonce);
  begin(offered);
}

install();
addEventListener("message", onOffer);
addEventListener("keydown", onKey, true);
addEventListener("error", (event) => complain(event.message));
