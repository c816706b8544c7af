// The page's end of the contract: one frame, one port, and no trust in what comes through.
import { Meter, readMessage, type Ask, type FromEditor, type Init, type Offer, type Room } from "./contract";

/** Why a frame was torn down: it said too much, it left its page, or it never came up. */
export type Fall = "flood" | "left" | "silent";

export const FRAME = "/editor/frame.html";
const PATIENCE_MILLISECONDS = 30_000;

/**
 * A frame's connection, from its making to its end. Messages on the page's window are read from nobody, since any frame
 * or opener could send them; from this frame they only count, as much else may listen there.
 */
export class Connection {
  private readonly nonce = randomNonce();
  private readonly meter = new Meter();
  private readonly timer: number;
  private port: MessagePort | null = null;
  private pending: Init | null = null;
  private closed = false;

  constructor(
    private readonly frame: HTMLIFrameElement,
    private readonly hear: (said: FromEditor) => void,
    private readonly fall: (why: Fall) => void,
  ) {
    frame.addEventListener("load", this.onLoad);
    addEventListener("message", this.onStray);
    this.timer = window.setTimeout(() => this.end("silent"), PATIENCE_MILLISECONDS);
  }

  /** Show an item; before the frame is up, the latest one waits. */
  show(init: Init): void {
    if (this.port) this.port.postMessage(init);
    else this.pending = init;
  }

  /** Ask for what is answered now. */
  ask(): void {
    const message: Ask = { kind: "ask" };
    this.port?.postMessage(message);
  }

  /** The room that there is now. An item that still waits goes in with it. */
  fit(room: number): void {
    const message: Room = { kind: "room", room };
    if (this.port) this.port.postMessage(message);
    else if (this.pending) this.pending = { ...this.pending, room };
  }

  /** Let go of everything. What is still under way is heard by nobody. */
  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.frame.removeEventListener("load", this.onLoad);
    removeEventListener("message", this.onStray);
    if (this.port) this.port.onmessage = null;
    this.port?.close();
  }

  private end(why: Fall): void {
    if (this.closed) return;
    this.close();
    this.fall(why);
  }

  private readonly onLoad = () => {
    if (this.port) return this.end("left"); // a second page in the same frame is none of ours
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    port1.onmessage = this.onMessage;
    const offer: Offer = { kind: "labelshare.offer", nonce: this.nonce };
    // The frame has no origin that could be named; the policy lets it hold nothing but our own page.
    this.frame.contentWindow?.postMessage(offer, "*", [port2]);
    if (this.pending) port1.postMessage(this.pending);
    this.pending = null;
  };

  private readonly onMessage = (event: MessageEvent<unknown>) => {
    if (!this.meter.takes(performance.now())) return this.end("flood");
    const said = readMessage(event.data, this.nonce);
    if (!said) return;
    if (said.kind === "ready") clearTimeout(this.timer);
    this.hear(said);
  };

  private readonly onStray = (event: MessageEvent<unknown>) => {
    if (event.source === this.frame.contentWindow && !this.meter.takes(performance.now())) this.end("flood");
  };
}

function randomNonce(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((each) => each.toString(16).padStart(2, "0")).join("");
}
