import { describe, expect, it } from "vitest";
import * as vectors from "./vectors";

describe("the project's vectors", () => {
  it.each([
    ["domains", vectors.checkDomains, 21],
    ["leaves", vectors.checkLeaves, 20],
    ["trees", vectors.checkTrees, 100],
    ["typed data", vectors.checkTypedData, 17],
    ["openings", vectors.checkOpenings, 18],
    ["item lists", vectors.checkItemLists, 1],
    ["ids", vectors.checkIds, 2],
  ] as const)("%s agree to the bit", async (_, check, least) => {
    expect(await check()).toBeGreaterThanOrEqual(least);
  });
});
