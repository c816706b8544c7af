// Items that the service lacks, from the file that they came from.
import { describe, expect, it } from "vitest";
import { contentsOf, spread } from "../src/fund/again";
import { guessBinding, makeItems, type Binding } from "../src/import/items";
import type { Row, Table } from "../src/import/records";
import type { Spec } from "../src/protocol/spec";

const nothing = () => undefined;
const row = (values: Record<string, string>, at: number): Row => ({ at: `line ${at}`, values: new Map(Object.entries(values)), truth: undefined });
const table: Table = {
  kind: "table", file: "signs.csv", format: "CSV", columns: ["text", "note", "label"],
  rows: Array.from({ length: 12 }, (_, at) => row({ text: `a text ${at}`, note: `a note ${at}`, label: "" }, at)),
};
const note: Binding = { variables: new Map([["text", "note"]]), name: "", gold: "" };

async function specOf(binding: Binding): Promise<Spec> {
  const { items } = await makeItems(table, binding, null, nothing);
  return { items: items.map(({ digest }) => ({ digest })) } as Spec;
}

describe("the file that a campaign was funded with", () => {
  it("gives every content again, whichever column they are in", async () => {
    for (const binding of [guessBinding(table, ["text"]), note]) {
      const spec = await specOf(binding);
      const found = await contentsOf(table, spec, ["text"]);
      expect(found.map((each) => each.digest)).toEqual(spec.items.map((each) => each.digest));
    }
  });

  it("gives a preference again, whichever side its columns are", async () => {
    const sides: Binding = { variables: new Map([["left", "note"], ["right", "text"]]), name: "", gold: "" };
    expect(await contentsOf(table, await specOf(sides), ["left", "right"])).toHaveLength(12);
  });

  it("gives nothing else", async () => {
    const spec = await specOf(note);
    const other = { ...table, rows: table.rows.map((_, at) => row({ text: `other ${at}`, note: `other ${at}`, label: "x" }, at)) };
    expect(await contentsOf(other, spec, ["text"])).toEqual([]);
    const more = { ...table, rows: [...table.rows, row({ text: "more", note: "more", label: "" }, 13)] };
    expect(await contentsOf(more as Table, spec, ["text"])).toHaveLength(12);
  });
});

describe("a look at many", () => {
  it("goes from the first to the last", () => {
    expect(spread([1, 2, 3], 5)).toEqual([1, 2, 3]);
    const looked = spread(Array.from({ length: 1_000 }, (_, at) => at), 200);
    expect([looked.length, looked[0], looked.at(-1), new Set(looked).size]).toEqual([200, 0, 999, 200]);
  });
});
