// Inside the editor's frame: Label Studio's editor on one side, the contract on the other. The page of this script has
// no origin, no store, no network and no way out but the port that its parent gives it, once.
import type { FromEditor, Init, Offer } from "../contract";
import { addresses, install } from "./still";
import { themeStyle } from "./style";

interface Annotation {
  serializeAnnotation(): unknown;
}

interface Store {
  annotationStore: { selected: Annotation | null; annotations: { id: string }[]; addAnnotation(from: object): { id: string }; selectAnnotation(id: string): void };
}

interface Editor {
  store: Store;
  destroy?: () => void;
}

declare global {
  interface Window {
    LabelStudio?: new (root: HTMLElement, options: object) => Editor;
    labelshareStyle?: string;
  }
}

type Said = FromEditor extends infer Each ? (Each extends { item: number } ? Omit<Each, "item"> : never) : never;

const INTERFACES = ["controls", "submit", "update", "skip", "panel"];

let port: MessagePort | null = null;
let nonce = "";
let item = 0;
let shown: Editor | null = null;

function say(said: Said): void {
  port?.postMessage(JSON.stringify({ ...said, nonce, item }));
}

function complain(fault: unknown): void {
  const message = fault instanceof Error ? fault.message : String(fault);
  say({ kind: "error", message: message.slice(0, 300) });
}

/** What the annotation at hand says. Fields that only the editor needs stay here. */
function submit(): void {
  const selected = shown?.store.annotationStore.selected;
  if (selected) say({ kind: "submit", result: selected.serializeAnnotation() });
}

function show(init: Init): void {
  const old = document.getElementById("editor")!;
  shown?.destroy?.();
  const root = document.createElement("div");
  root.id = "editor";
  old.replaceWith(root);
  item = init.item;
  document.documentElement.dataset["theme"] = init.theme;
  const result = (init.result ?? []).map((region, at) => ({ ...region, id: `r${at}`, origin: "manual" }));
  shown = new window.LabelStudio!(root, {
    config: init.config,
    interfaces: INTERFACES,
    task: { id: init.item, data: { ...init.task, ...addresses(init.media) }, annotations: [], predictions: [] },
    settings: { forceBottomPanel: true },
    onLabelStudioLoad: (editor: Editor) => {
      const { annotationStore } = editor.store;
      const made = annotationStore.addAnnotation({ userGenerate: true, result });
      annotationStore.selectAnnotation(made.id);
      shown = editor;
    },
    onSubmitAnnotation: submit,
    onUpdateAnnotation: submit,
    onSkipTask: () => say({ kind: "skip" }),
  });
  if (init.focus) focusIn();
  say({ kind: "ready" });
}

function focusIn(): void {
  window.focus();
  document.body.tabIndex = -1;
  document.body.focus({ preventScroll: true });
}

function onKey(event: KeyboardEvent): void {
  if (event.key === "Escape") return stop(event, () => say({ kind: "leave" }));
  const target = event.target as HTMLElement;
  const isTyping = target.matches("textarea, [contenteditable], input:not([type=radio]):not([type=checkbox])");
  if (event.altKey || event.shiftKey || event.ctrlKey || event.metaKey) return;
  if (event.key === "Enter" && !target.closest("button, a, textarea, summary")) return stop(event, submit);
  if (isTyping) return;
  if (event.key === "s") stop(event, () => say({ kind: "skip" }));
  if (event.key === "r") stop(event, () => say({ kind: "report" }));
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
  port.onmessage = (event: MessageEvent<Init>) => {
    try {
      show(event.data);
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
