// Long lists of a service: read in parts, and never taken for whole where they are not.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { askAll, askList, MOST_ROWS, TooLargeError } from "../src/api/client";

const ROWS = 2_500;
const asked: string[] = [];
let server: Server;

/** Answers with the numbers from a cursor on, as many as asked for, until there are `of`. */
function answer(url: string): object {
  const { pathname, searchParams } = new URL(url, "http://service");
  const [first, limit, of] = [Number(searchParams.get("cursor") ?? 0), Number(searchParams.get("limit")), Number(pathname.slice(1))];
  const end = Math.min(of, first + limit);
  return { items: Array.from({ length: end - first }, (_, at) => first + at), next: end < of ? String(end) : null };
}

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.url!);
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify(answer(request.url!)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A page's addresses begin at its own origin, which there is none of here.
  const { port } = server.address() as AddressInfo;
  const { fetch } = globalThis;
  vi.stubGlobal("fetch", (path: string, init: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init));
});

afterAll(() => {
  vi.unstubAllGlobals();
  server.close();
});

describe("a list", () => {
  it("comes whole where it is short, and its parts are told on the way", async () => {
    const told: number[] = [];
    const { rows, more } = await askList<number>(`/${ROWS}`, MOST_ROWS, (soFar) => told.push(soFar.length));
    expect([rows.length, rows.at(-1), more, told]).toEqual([ROWS, ROWS - 1, false, [1_000, 2_000]]);
  });

  it.each([
    [MOST_ROWS, false],
    [MOST_ROWS + 1, true],
  ])("of %d rows says whether there are more", async (count, goesOn) => {
    const { rows, more } = await askList<number>(`/${count}`);
    expect([rows.length, more]).toEqual([MOST_ROWS, goesOn]);
  });

  it("goes on as far as it is asked to", async () => {
    const { rows, more } = await askList<number>(`/${MOST_ROWS + 1}`, 2 * MOST_ROWS);
    expect([rows.length, rows.at(-1), more]).toEqual([MOST_ROWS + 1, MOST_ROWS, false]);
  });

  it("that is of use as a whole only is never handed out in part", async () => {
    expect(await askAll<number>(`/${MOST_ROWS + 1}`)).toHaveLength(MOST_ROWS + 1);
    await expect(askAll<number>(`/${ROWS}`, 2_000)).rejects.toThrow(TooLargeError);
  });

  it("keeps what its address asks besides", async () => {
    asked.length = 0;
    await askList<number>(`/${ROWS}?state=open`, 1);
    expect(asked).toEqual([`/${ROWS}?state=open&limit=1000`]);
  });
});
