// Boxes and spans against Python's own: results and bytes, and which answers count as one. See tests/web/region_vectors.py.
import { describe, expect, it } from "vitest";
import type { Hex } from "viem";
import made from "./regions.json";
import { piecesOf } from "../src/editor/Marks";
import { counted } from "../src/fund/quality";
import { guessBinding, makeItems } from "../src/import/items";
import { readFolder } from "../src/import/media";
import { readTable } from "../src/import/records";
import { areAlike, groupsOf, type Near } from "../src/protocol/groups";
import { Boxes, hasAnswer, LabelError, Spans, type Regions } from "../src/protocol/labels";

const control = (name: string, toName: string, classes: string[], answers = classes) => ({ name, toName, classes, answers: new Map(answers.map((text, at) => [text, at])) });
const FORMS: Readonly<Record<string, Regions>> = {
  "boxes.v1": new Boxes(control("things", "image", ["car", "person"], ["car", "p"])) as unknown as Regions,
  "spans.v1": new Spans(control("names", "text", ["PER", "LOC"])) as unknown as Regions,
};

describe("a result", () => {
  it.each(made.results.map((each, at) => [at, each] as const))("%d is read as Python reads it", (_, { kind, result, label, words, again }) => {
    const form = FORMS[kind]!;
    if (label === null) return void expect(() => form.fromResult(result)).toThrow(LabelError);
    const answer = form.fromResult(result);
    expect([answer, form.encode(answer), form.decode(label as Hex)]).toEqual([label, label, label]);
    expect(form.describe(answer)).toBe(words);
    expect(form.toResult(answer)).toEqual(again);
    expect(form.fromResult(form.toResult(answer))).toBe(label);
  });

  it("holds no number that JSON cannot write", () => {
    for (const x of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const value = { x, y: 1, width: 1, height: 1, rectanglelabels: ["car"] };
      expect(() => FORMS["boxes.v1"]!.fromResult([{ from_name: "things", to_name: "image", type: "rectanglelabels", value }])).toThrow(LabelError);
    }
  });
});

describe("a label", () => {
  it.each(made.labels.map((each) => [each.label.slice(0, 60), each] as const))("%s is one only where Python says so", (_, { kind, label, good }) => {
    expect(hasAnswer(FORMS[kind]!, label as Hex)).toBe(good);
    if (!good) expect(() => FORMS[kind]!.decode(label as Hex)).toThrow(LabelError);
    if (good) expect(hasAnswer(FORMS[kind]!, label.toUpperCase().replace("0X", "0x") as Hex)).toBe(!/[a-f]/.test(label.slice(2)));
  });

  it("is no number", () => expect(hasAnswer(FORMS["boxes.v1"]!, 5)).toBe(false));
});

describe("groups", () => {
  const nearOf = ({ kind, overlap_bps, alike_bps }: (typeof made.groups)[number]): Near => ({ form: FORMS[kind]!, overlapBps: overlap_bps, alikeBps: alike_bps });

  it.each(made.groups.map((each, at) => [at, each] as const))("%d are Python's, in its order", (_, given) => {
    const votes = new Map(Object.entries(given.votes)) as unknown as Map<Hex, number>;
    const found = groupsOf(nearOf(given), made.seed as Hex, given.item, votes);
    expect(found.map((group) => ({ ...group, labels: [...group.labels].sort() }))).toEqual(given.groups);
    // No order of the labels decides.
    const turned = groupsOf(nearOf(given), made.seed as Hex, given.item, new Map([...votes].reverse()));
    expect(turned.map((group) => group.centre)).toEqual(found.map((group) => group.centre));
  });

  it("pair regions so that as many as possible have a partner", () => {
    const form = FORMS["spans.v1"]!;
    const label = (...spans: [number, number][]) => form.of(spans.map(([start, end]) => ({ of: 0, start, end }) as never));
    const near = (alikeBps: number): Near => ({ form, overlapBps: 5_000, alikeBps });
    // The first of one fits both of the other, the second only the first: taken greedily, one pair is missed.
    const [one, other] = [label([0, 10], [0, 14]), label([0, 12], [5, 15])];
    expect(areAlike(near(10_000), one, other)).toBe(true);
    expect(areAlike(near(10_000), one, label([0, 12]))).toBe(false);
    expect(areAlike(near(6_666), one, label([0, 12]))).toBe(true);
    expect(areAlike(near(1), label(), label())).toBe(true);
    expect(areAlike(near(1), label(), one)).toBe(false);
  });

  it("hold no bytes that are no label", () => {
    const near: Near = { form: FORMS["boxes.v1"]!, overlapBps: 1, alikeBps: 1 };
    expect(groupsOf(near, made.seed as Hex, 0, new Map([["0x0500", 2], ["0x", 1], ["0x05", 1]]))).toEqual([{ centre: "0x05", labels: ["0x05"], count: 1 }]);
  });

  it("are counted as their centres", () => {
    const given = made.groups.find((each) => each.groups.length > 1 && each.groups.some((group) => group.labels.length > 1))!;
    const openings = Object.entries(given.votes).flatMap(([label, count]) =>
      Array.from({ length: count as number }, () => ({ annotator: "0x", commitHash: "0x", items: [given.item], labels: [label] }) as never),
    );
    const counts = counted({ openings }, nearOf(given), made.seed as Hex).get(given.item)!;
    expect(Object.fromEntries(counts)).toEqual(Object.fromEntries(given.groups.map((group) => [group.centre, group.count])));
    expect([...counted({ openings }, null, made.seed as Hex).get(given.item)!].length).toBe(Object.keys(given.votes).length);
  });
});

describe("a text with spans", () => {
  const text = "a😀b\r\ncd";
  const pieces = (...spans: [number, number][]) => piecesOf(text, spans.map(([start, end]) => ({ of: 0, start, end }))).map((each) => [each.text, each.within, each.ending]);

  it("is cut at code points", () => expect(pieces([1, 3])).toEqual([["a", [], []], ["😀b", [0], [0]], ["\r\ncd", [], []]]));
  it("may have spans that cross", () => expect(pieces([0, 3], [1, 7])).toEqual([["a", [0], []], ["😀b", [0, 1], [0]], ["\r\ncd", [1], [1]]]));
  it("has none beyond its end", () => expect(pieces([9, 12])).toEqual([[text, [], []]]));
});

describe("gold from Label Studio", () => {
  const file = (name: string, content: BlobPart) => new File([content], name);
  const region = (type: string, value: object) => [{ id: "r", type, from_name: type === "labels" ? "names" : "things", to_name: type === "labels" ? "text" : "image", value }];
  const task = (data: object, result: unknown, truth = true) => ({ data, annotations: [{ result: [], ground_truth: false }, { result, ground_truth: truth }] });

  it("comes with the texts", async () => {
    const span = region("labels", { start: 2, end: 5, text: "😀 b", labels: ["LOC"] });
    const tasks = [task({ text: "a 😀 b" }, span), task({ text: "b" }, span, false), task({ text: "c" }, []), task({ text: "d" }, region("labels", { start: 0, end: 0, labels: ["PER"] }))];
    const table = await readTable(file("tasks.json", JSON.stringify(tasks)));
    const made = await makeItems(table, guessBinding(table, ["text"]), FORMS["spans.v1"]!, () => undefined);
    expect([...made.gold]).toEqual([[0, "0x0600010000000200000005"], [2, "0x06"]]);
    expect(made.goldFaults).toEqual(["task 4: a span is empty, or too far in the text"]);
  });

  it("is matched to pictures by their names", async () => {
    const box = region("rectanglelabels", { x: 1, y: 2, width: 3, height: 4, rotation: 0, rectanglelabels: ["p"] });
    const tasks = [task({ image: "/data/upload/7/0a1b2c3d-b%20c.png" }, box), task({ image: "s3://x/a.png?y=1" }, []), task({ image: "twin.png" }, box), task({ image: "none.png" }, box)];
    const names = ["f/a.png", "f/b c.png", "f/one/twin.png", "f/two/twin.png"];
    const placed = [...names.map((path, at) => ({ path, file: file(path, new Uint8Array([0x89, 0x50, 0x4e, 0x47, at])) })), { path: "f/tasks.json", file: file("tasks.json", JSON.stringify(tasks)) }, { path: "f/about.json", file: file("about.json", "{}") }];
    const folder = await readFolder(placed);
    const made = await makeItems(folder, null, FORMS["boxes.v1"]!, () => undefined);
    expect(made.items.map((each) => each.name)).toEqual(names);
    expect([...made.gold]).toEqual([[1, "0x050001006400c8012c0190"], [0, "0x05"]]);
    expect(folder.skipped.map((each) => each.path)).toEqual(["f/about.json", "task 3", "task 4"]);
  });
});
