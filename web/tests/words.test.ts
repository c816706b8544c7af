// What pages say: parts to the last digit, losses by the rules that one signs for.
import { createElement, type ReactNode } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Opened } from "../src/app/campaign";
import { impliedHour, settledHour } from "../src/app/hours";
import type { CampaignAnswer, QuoteAnswer } from "../src/api/types";
import { gasOf } from "../src/fund/gas";
import { badWork } from "../src/pages/fund/RejectCard";
import { hourWords } from "../src/pages/LandingPage";
import { lossRules } from "../src/pages/Rules";
import { openedText } from "../src/pages/tasks/DeskPage";
import { useRules } from "../src/pages/tasks/rules";
import type { Spec } from "../src/protocol/spec";
import { f, t } from "../src/texts/en";
import { bpsText, dateText } from "../src/ui/format";
import { copied } from "../src/ui/parts";
import { marksOf } from "../src/ui/TimeLine";

const SLASH = { policy: "skill-and-gold.v1", part_bps: 5_025, forfeit_bps: 5_000, min_labels: 20, min_gold: 3 };
const drawn = (node: ReactNode) => renderToStaticMarkup(node).replaceAll("&#x27;", "'");

describe("a part", () => {
  it.each([
    [7_025, "70.25%"],
    [7_050, "70.5%"],
    [7_000, "70%"],
    [10_000, "100%"],
    [1, "0.01%"],
    [0, "0%"],
  ])("of %d is told exactly", (bps, told) => expect(bpsText(bps)).toBe(told));
});

describe("what enrolment can cost", () => {
  const rules = (slash: object) => lossRules({ slash } as Spec);

  it("is the slash and the forfeit", () => {
    const [slash, forfeit, ...more] = rules(SLASH);
    expect(slash).toContain("50.25%");
    expect(slash).toContain("20 labels");
    expect(forfeit).toContain("up to 50%");
    expect(more).toEqual([]);
    expect(rules({ ...SLASH, forfeit_bps: 0 })).toHaveLength(1);
    expect(rules({ policy: "none.v1" })).toEqual([t.campaign.rule.noSlash]);
  });

  it("is told in the words that are signed for", () => {
    const losses = rules(SLASH);
    expect(t.desk.enrolWords.lines("Signs", "1 DEV", losses)).toEqual(expect.arrayContaining(losses));
    expect(t.silent.enrolAloneLines(losses)).toEqual(expect.arrayContaining(losses));
  });

  it("is not guessed where the rules are not loaded", () => {
    const campaign = { specHash: `0x${"0".repeat(64)}` } as CampaignAnswer;
    const Probe = (opened: Opened) => {
      const { spec, missing } = useRules(opened);
      return createElement("div", null, spec ? "signs" : missing);
    };
    const without = drawn(createElement(Probe, { campaign, spec: null, kept: false }));
    expect(without).toContain(t.desk.noRules);
    expect(without).toContain(t.desk.loadRules);
    expect(without).not.toContain("signs");
    expect(drawn(createElement(Probe, { campaign, spec: { slash: SLASH } as Spec, kept: false }))).toContain("signs");
  });
});

describe("publishing a dataset", () => {
  it("is told with its part, its most and its token, each once", () => {
    const told = f.dataset.confirm.lines("Signs", bpsText(7_025), "1,000,000 shares", "DEV (0x12)").join(" ");
    for (const each of ["70.25%", "never more than 1,000,000 shares.", "DEV (0x12)"]) expect(told.split(each)).toHaveLength(2);
    expect(told).not.toContain("shares shares");
  });
});

describe("an hour", () => {
  const final = { medianLabelPay: "750" } as CampaignAnswer;

  it("is what a settlement paid the median annotator, where there is one", () => {
    const hour = settledHour(final, 10)!;
    expect(hour).toEqual({ pay: 270_000n, acceptedBps: null });
    expect(hourWords(hour, 10)).toEqual([t.landing.hourSettled, t.landing.hourSettledWhy(10)]);
    expect(settledHour({ medianLabelPay: null }, 10)).toBeNull();
  });

  it("is else implied, of the lower part accepted, and says so", () => {
    const hour = impliedHour([{ acceptedBps: 10_000, pay: "36", shares: "0" }, { acceptedBps: 8_500, pay: "30", shares: "0" }]);
    expect(hour).toEqual({ pay: 30n, acceptedBps: 8_500 });
    const [name, why] = hourWords(hour, 10);
    expect(name).toContain("implied");
    for (const each of ["best skill", "10 s", "85% accepted", "nothing is measured"]) expect(why).toContain(each);
  });
});

describe("gas", () => {
  it("is told by who pays it", () => {
    const calls = [
      { call: "join", inJob: false, new: 1_000, held: 1_000 },
      { call: "approve (escrow)", inJob: true, new: 46, held: 46 },
      { call: "createCampaign", inJob: true, new: 107, held: 107 },
      { call: "propose", inJob: true, new: 67, held: 67 },
    ];
    expect(gasOf({ gas: { calls, job: { new: 220, held: 220 } } } as unknown as QuoteAnswer)).toEqual({ own: 153, all: 220 });
  });
});

describe("a page", () => {
  it("tells what keeps bad work down by the rules that apply", () => {
    const none = { policy: "none.v1" };
    const told = (pay: string, slash: object) => badWork({ pay: { policy: pay }, slash: slash as Spec["slash"] }).join(" ");
    expect(told("skill.v1", SLASH)).toMatch(/follows skill.*Stakes stand behind/);
    expect(told("flat.v1", none)).toMatch(/paid in full.*Nobody's stake/);
    expect(told("flat.v1", none)).not.toContain("follows skill");
  });

  it("tells who opened a batch", () => {
    expect(openedText({ openingReceipt: "0x12" })).toBe(t.desk.opened);
    expect(openedText({ openingReceipt: "0x" })).toBe(t.desk.openedOnChain);
  });

  it("counts one as one", () => {
    expect(t.backup.restored(1, 1, 1, 1)).toBe("Restored 1 batch and 1 draft and 1 set of sealed gold; 1 was here already.");
    expect(t.backup.restored(2, 0, 0, 2)).toBe("Restored 2 batches and 0 drafts and 2 sets of sealed gold; 0 were here already.");
  });

  it("says how long a sign-in lasts as the service has it", () => {
    expect(t.connect.words.lines("here", "2 h").join(" ")).toContain("lasts 2 h");
  });
});

describe("the time line", () => {
  const campaign = (status: string, since: number, changes: object = {}) =>
    ({
      status,
      params: { schedule: { rounds: 1, roundLength: 100, window: 50 } },
      timeline: { acceptEnd: 100, enrolEnd: 200, workStart: 210, commitEnd: 310, revealEnd: 400, settleEnd: 500 },
      state: { since, placeFreed: false, committed: false, ...changes },
    }) as unknown as CampaignAnswer;
  const partsOf = (given: CampaignAnswer, now: number) => marksOf(given, now).marks.map((each) => each.part);

  it("of one that nobody accepted is empty, whenever it was cancelled", () => {
    for (const since of [50, 450]) {
      const { marks, current } = marksOf(campaign("cancelled", since), 600);
      expect(marks.map((each) => each.part)).toEqual([0, 0, 0, 0, 0, 0]);
      expect(marks[0]!.said).toBe(t.phases.stopped(t.status.cancelled, dateText(since)));
      expect(marks.slice(1).map((each) => each.said)).toEqual(Array(5).fill(t.phases.never));
      expect(current).toBe(-1);
    }
  });

  it("of one that stopped goes as far as it came", () => {
    const { marks } = marksOf(campaign("cancelled", 450, { placeFreed: true }), 600);
    expect(marks.map((each) => each.part)).toEqual([1, 1, 1, 1, 0.5, 0]);
    expect(marks[4]!.said).toContain(t.status.cancelled);
    expect(marks[5]!.said).toBe(t.phases.never);
  });

  it("of one that runs, or is final, is as before", () => {
    expect(partsOf(campaign("open", 90), 260)).toEqual([1, 1, 0.5, 0, 0, 0]);
    expect(partsOf(campaign("final", 480), 600)).toEqual([1, 1, 1, 1, 1, 1]);
  });
});

describe("copying", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("says whether it did", async () => {
    const written: string[] = [];
    vi.stubGlobal("navigator", { clipboard: { writeText: async (text: string) => void written.push(text) } });
    expect(await copied("0x12")).toBe(true);
    expect(written).toEqual(["0x12"]);
    vi.stubGlobal("navigator", { clipboard: { writeText: async () => Promise.reject(new Error("NotAllowedError")) } });
    expect(await copied("0x12")).toBe(false);
    vi.stubGlobal("navigator", {});
    expect(await copied("0x12")).toBe(false);
  });
});
