// What a page makes of a campaign's event stream: nothing twice, and nothing that the chain has dropped.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { follow, NOTHING, withEvent, withoutDropped, type Told } from "../src/api/stream";
import type { HappenedAnswer } from "../src/api/types";

const CAMPAIGN = `0x${"11".repeat(32)}` as const;

const at = (block: number, index: number, kind = "Accepted"): HappenedAnswer =>
  ({ kind, block, index, time: 1_800_000_000, transaction: `0x${"22".repeat(32)}` });

const told = (...events: HappenedAnswer[]): Told => events.reduce(withEvent, NOTHING);

describe("events", () => {
  it("come the newest first, each once", () => {
    expect(told(at(3, 0), at(4, 1), at(4, 2), at(4, 1)).news).toEqual([at(4, 2), at(4, 1), at(3, 0)]);
  });

  it("that the chain has dropped are void, and what holds instead takes their place", () => {
    const after = withoutDropped(told(at(3, 0), at(3, 1), at(20, 0)), { block: 3, index: 0 });
    expect(withEvent(after, at(20, 0, "Cancelled")).news).toEqual([at(20, 0, "Cancelled"), at(3, 0)]);
  });

  it("are all told anew where no place is known", () => {
    expect(withoutDropped(told(at(0, 0), at(3, 1)), { block: null, index: null }).news).toEqual([]);
  });
});

/** A line of a browser, as far as a page sees it. */
class Line extends EventTarget {
  static made: Line[] = [];
  readonly CLOSED = 2;
  readyState = 1;
  constructor(readonly url: string) {
    super();
    Line.made.push(this);
  }
  close() {
    this.readyState = this.CLOSED;
  }
  say(kind: string, said?: object) {
    this.dispatchEvent(said ? new MessageEvent(kind, { data: JSON.stringify(said) }) : new Event(kind));
  }
}

describe("a line", () => {
  let shown: Told;
  let leave: () => void;

  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("EventSource", Line);
    Line.made = [];
    shown = NOTHING;
    leave = follow(CAMPAIGN, (change) => (shown = change(shown)));
  });

  afterEach(() => {
    leave();
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  const progress = { enrolled: 1, batches: 0, labels: 0, opened: 0, places: 40, rounds: [] };

  it("tells of events and of progress", () => {
    const [line] = Line.made;
    line!.say("open");
    line!.say("happened", at(3, 0));
    line!.say("progress", progress);
    line!.say("happened", at(9, 0));
    line!.say("reorganised", { block: 3, index: 0 });
    expect(shown).toEqual({ news: [at(3, 0)], progress, lost: false });
  });

  it("that broke off is resumed by the browser, and goes on where it was", () => {
    const [line] = Line.made;
    line!.say("open");
    line!.say("happened", at(3, 0));
    line!.say("progress", progress);
    line!.readyState = 0;
    line!.say("error");
    expect(shown).toEqual({ news: [at(3, 0)], progress: null, lost: true });
    vi.advanceTimersByTime(60_000);
    expect(Line.made.length).toBe(1);
    line!.say("open");
    expect(shown).toEqual({ news: [at(3, 0)], progress: null, lost: false });
  });

  it("that was refused is opened anew later, and begins anew", () => {
    Line.made[0]!.say("open");
    Line.made[0]!.say("happened", at(3, 0));
    Line.made[0]!.close();
    Line.made[0]!.say("error");
    vi.advanceTimersByTime(60_000);
    expect(Line.made.length).toBe(2);
    Line.made[1]!.say("open");
    Line.made[1]!.say("happened", at(2, 5));
    expect(shown.news).toEqual([at(2, 5)]);
  });

  it("that nobody follows any more is not opened again", () => {
    Line.made[0]!.close();
    Line.made[0]!.say("error");
    leave();
    vi.advanceTimersByTime(60_000);
    expect(Line.made.length).toBe(1);
  });
});
