// What a requester's browser computes, against Python's own: spec bytes, gold, amounts, times, intervals.
import { describe, expect, it } from "vitest";
import type { Hex } from "viem";
import gold from "../../tests/vectors/gold.json";
import made from "./specs.json";
import { canonical, NotCanonicalError } from "../src/fund/canonical";
import { forecastOf, pointsOf, spendOf } from "../src/fund/forecast";
import { goldFile, GoldFileError, holds, isRevealable, readGoldFile, revealOf, sealGold } from "../src/fund/gold";
import { lengthFault, milestones, TRIAL, USUAL, type Lengths } from "../src/fund/lengths";
import { escrowFor, labelLimit, shareCapFor, specBytes, specOf, type Decided } from "../src/fund/makeSpec";
import { parseAmount } from "../src/fund/money";
import { intervalOf } from "../src/fund/quality";
import { csvOf } from "../src/fund/results";
import { parseCsv } from "../src/import/csv";
import type { CampaignAnswer } from "../src/api/types";
import { fitting, MOST_POSTED } from "../src/protocol/commitments";
import type { Spec } from "../src/protocol/spec";

type Case = (typeof made.specs)[number];

function decidedOf({ decided }: Case): Decided {
  return { ...decided, price: BigInt(decided.price), shareWeight: BigInt(decided.shareWeight) } as Decided;
}

describe("the spec", () => {
  it.each(made.specs.map((each, at) => [at, each] as const))("%d has Python's bytes and hash", async (_, each) => {
    const spec = specOf(decidedOf(each));
    expect(canonical(spec)).toBe(each.canonical);
    expect((await specBytes(spec)).hash).toBe(each.hash);
    for (const [bps, escrow] of Object.entries(each.escrow)) expect(escrowFor(spec as unknown as Spec, Number(bps))).toBe(BigInt(escrow));
    expect(shareCapFor(spec as unknown as Spec)).toBe(BigInt(each.shareCap));
  });

  it("refuses what has no canonical bytes", () => {
    for (const value of [0.5, 2 ** 53, Number.NaN, "\ud800", { "ä": 1 }]) expect(() => canonical(value)).toThrow(NotCanonicalError);
    expect(canonical({ b: [1, null, true], a: { d: "", c: -1 } })).toBe('{"a":{"c":-1,"d":""},"b":[1,null,true]}');
  });
});

describe("gold", () => {
  const labels = new Map(gold.rows.map((row) => [Number(row.item), row.label as Hex]));

  it("is sealed and revealed as Python does", async () => {
    const sealed = await sealGold(gold.secret as Hex, new Map([...labels].reverse()));
    expect(sealed.root).toBe(gold.root);
    expect(revealOf(sealed)).toBe(gold.reveal);
    expect(await holds(sealed)).toBe(true);
    expect(await readGoldFile(goldFile(sealed))).toEqual(sealed);
  });

  it("knows an altered file", async () => {
    const sealed = await sealGold(gold.secret as Hex, labels);
    const file = goldFile(sealed);
    for (const broken of ["", "[]", "null", file.slice(0, -5), file.replace("0x010002", "0x010001"), file.replace("gold.v1", "gold.v2"), file.replace('"7"', '"-7"')]) {
      await expect(readGoldFile(broken)).rejects.toThrow(GoldFileError);
    }
    expect(await holds({ ...sealed, secret: sealed.root })).toBe(false);
    expect(await holds({ ...sealed, labels: sealed.labels.slice(1) })).toBe(false);
  });
});

describe("times and amounts", () => {
  it.each(made.schedules)("a time line ends when Python's does", ({ lengths, ...ends }) => {
    expect(milestones(lengths as unknown as Lengths)).toMatchObject(ends);
  });

  it("is held against the limits", () => {
    const open = { minPeriod: 172_800, minRescue: 604_800, maxPeriod: 90 * 86_400, maxHorizon: 3 * 365 * 86_400 };
    expect(lengthFault(USUAL, open, 365 * 86_400)).toBeNull();
    expect(lengthFault(TRIAL, open, 365 * 86_400)).toMatchObject({ kind: "range", name: "rescue" });
    expect(lengthFault(USUAL, open, 30 * 86_400)).toMatchObject({ kind: "unbonding" });
    expect(lengthFault({ ...USUAL, rounds: 200 }, open, 9e9)).toMatchObject({ kind: "horizon" });
    expect(lengthFault({ ...USUAL, enrol: 86_400 }, open, 9e9)).toMatchObject({ kind: "range", name: "enrol", least: 172_800 });
  });

  it("reads amounts exactly", () => {
    expect(parseAmount("0.1", 18)).toBe(10n ** 17n);
    expect(parseAmount("12.50", 1)).toBe(125n);
    for (const text of ["", ".5", "1.", "-1", "1e3", "1,5", "0.123"]) expect(parseAmount(text, 2)).toBeNull();
  });

  it("limits labels as the protocol does", () => {
    expect(labelLimit(12, 2_000, 100n, 10n)).toBe(3); // rounded up
    expect(labelLimit(12, 2_000, 100n, 60n)).toBe(1);
    expect(labelLimit(12, 2_000, 100n, 0n)).toBe(3);
  });

  it.each(made.intervals)("an interval is Python's", ({ row, weight, interval }) => {
    const found = intervalOf(row, weight);
    if (interval === null) expect(found).toBeNull();
    else for (const part of ["raw", "low", "high"] as const) expect(found![part]).toBeCloseTo(interval[part], 12);
  });
});

describe("the forecast", () => {
  const campaign = (labels: number, changes: object = {}) =>
    ({
      status: "open",
      params: { feeBps: 500, schedule: { roundLength: 1_000, window: 50 } },
      timeline: { workStart: 1_000, commitEnd: 2_000, revealEnd: 2_100, finalExpected: null },
      progress: { labels, places: 90, rounds: [{ round: 0, labels, batches: 1 }] },
      proposal: null,
      ...changes,
    }) as unknown as CampaignAnswer;

  it("goes on at the speed so far, and never beyond all places", () => {
    expect(forecastOf(campaign(0), 100n, 900)).toMatchObject({ labels: null, expected: null, soFar: 0n, end: 2_150 });
    expect(forecastOf(campaign(10), 100n, 1_250)).toMatchObject({ labels: 40, soFar: 1_050n, expected: 4_200n });
    expect(forecastOf(campaign(60), 100n, 1_250).labels).toBe(90);
    expect(forecastOf(campaign(60), 100n, 2_050).labels).toBe(60);
  });

  it("tells what comes back only once it can", () => {
    expect(spendOf(forecastOf(campaign(0), 100n, 900), 9_450n)).toBeNull();
    expect(spendOf(forecastOf(campaign(10), 100n, 1_250), 9_450n)).toEqual({ more: 3_150n, back: 5_250n });
  });

  it("is what was settled once something is proposed", () => {
    const settled = campaign(60, { proposal: { payoutTotal: "2001" }, status: "final" });
    expect(forecastOf(settled, 100n, 3_000)).toMatchObject({ soFar: 2_101n, expected: 2_101n, end: null });
  });

  it("draws only what is known by now", () => {
    const points = pointsOf(campaign(10), [{ time: 1_100, labels: 4 }], 1_250);
    expect(points).toEqual([{ time: 1_000, labels: 0 }, { time: 1_100, labels: 4 }, { time: 1_250, labels: 10 }]);
    expect(pointsOf(campaign(0), [{ time: 400, labels: 0 }], 500)).toEqual([{ time: 1_000, labels: 0 }, { time: 1_000, labels: 0 }]);
  });
});

describe("what one transaction opens", () => {
  const large = `0x${"ab".repeat(1_001)}` as Hex;

  it("is as many labels as fit, and no gold beyond", async () => {
    expect(fitting([])).toBe(0);
    expect(fitting(Array<Hex>(1_000).fill("0x0100"))).toBe(1_000);
    expect(fitting(Array<Hex>(200).fill(large))).toBe(Math.floor(MOST_POSTED / 1_011));
    const many = new Map(Array.from({ length: Math.floor(MOST_POSTED / 12) }, (_, item) => [item, "0x0100" as Hex]));
    expect(isRevealable(await sealGold(gold.secret as Hex, new Map([...many].slice(0, 100))))).toBe(true);
    const items = [...many.keys()];
    expect(isRevealable({ secret: gold.secret as Hex, root: gold.root as Hex, items, labels: [...many.values()] })).toBe(false);
  });
});

describe("CSV", () => {
  it("is read as it is written", () => {
    const rows = parseCsv("f", 'a;"b;""c"""\r\n"x\ny";2\n\n;');
    expect(rows).toEqual([{ line: 1, fields: ["a", 'b;"c"'] }, { line: 2, fields: ["x\ny", "2"] }, { line: 5, fields: ["", ""] }]);
  });

  it.each([['a,b\n1,"2', /line 2 is never closed/], ['a,b\n1,2"3', /line 2 has a quotation mark/], ['a\n"1"2', /line 2 goes on behind/]])("says what is wrong with %j", (text, told) => {
    expect(() => parseCsv("f", text)).toThrow(told);
  });

  it("writes what a reader reads again", () => {
    const row = { item: 0, name: 'a "b", c\n', digest: "d", label: " x", accepted: true, confidence: 0.5, labels: 2, agreeing: 1, result: [] };
    const [, read] = parseCsv("f", csvOf([row]));
    expect(read!.fields).toEqual(["0", 'a "b", c\n', "d", " x", "true", "0.5", "2", "1"]);
  });
});
