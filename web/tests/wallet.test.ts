import { describe, expect, it } from "vitest";
import { mergedDraft, type Draft } from "../src/store/database";
import { cameToNothing } from "../src/fund/asked";
import { accountIn, chainIn, OddAnswerError, signatureIn, transactionIn } from "../src/wallet/answers";
import { FailedError, ReplacedError } from "../src/wallet/send";

const SIGNATURE = `0x${"AB".repeat(64)}`;

describe("what a wallet answers", () => {
  it("is read where it is right", () => {
    const account = `0x${"aB".repeat(20)}`;
    expect(accountIn([account, "odd"])).toBe(account);
    expect(accountIn([])).toBeNull();
    expect(chainIn("0x7a69")).toBe(31_337);
    expect(chainIn(1)).toBe(1);
    expect(transactionIn(`0x${"0f".repeat(32)}`)).toBe(`0x${"0f".repeat(32)}`);
  });

  it.each([
    ["00", "1b"],
    ["01", "1c"],
    ["1B", "1b"],
    ["1c", "1c"],
  ])("is a signature with v as 27 or 28: %s", (given, read) => {
    expect(signatureIn(SIGNATURE + given)).toBe(SIGNATURE.toLowerCase() + read);
  });

  it("may be a contract's signature, of any length", () => {
    expect(signatureIn(`${SIGNATURE}00ff`)).toBe(`${SIGNATURE.toLowerCase()}00ff`);
  });

  it.each([
    [accountIn, null],
    [accountIn, "0x12"],
    [accountIn, { 0: `0x${"11".repeat(20)}`, length: 1 }],
    [accountIn, [`0x${"11".repeat(21)}`]],
    [accountIn, [{ toString: () => `0x${"11".repeat(20)}` }]],
    [chainIn, "0x"],
    [chainIn, ""],
    [chainIn, [1]],
    [chainIn, -1],
    [chainIn, 1.5],
    [chainIn, `0x${"ff".repeat(9)}`],
    [signatureIn, SIGNATURE],
    [signatureIn, `${SIGNATURE}0`],
    [signatureIn, `0x${"ab".repeat(16_385)}`],
    [signatureIn, { toLowerCase: () => SIGNATURE }],
    [transactionIn, "0x"],
    [transactionIn, `0x${"0f".repeat(33)}`],
  ] as [(answer: unknown) => unknown, unknown][])("is refused where it is not: %#", (read, answer) => {
    expect(() => read(answer)).toThrow(OddAnswerError);
  });
});

describe("a wallet that was asked to fund", () => {
  const declined = Object.assign(new Error("no"), { code: 4001 });
  it.each([
    [declined, false, true],
    [new OddAnswerError("transaction"), false, false],
    [new Error("the line was lost"), true, false],
    [new FailedError("0x1"), true, true],
    [new ReplacedError(true, "0x2"), true, true],
  ])("%s, with a transaction named: %s, sent nothing for certain: %s", (fault, named, nothing) => {
    expect(cameToNothing(fault, named)).toBe(nothing);
  });
});

describe("a draft that two tabs write", () => {
  const draft = (answers: [number, number][], skipped: number[] = []): Draft => ({
    campaign: "0x1", account: "0x2", answers, skipped, reports: [], savedAt: 5,
  });

  it("keeps what either answered", () => {
    const merged = mergedDraft(null, draft([[3, 1]]), draft([[1, 0], [2, 0]]));
    expect(merged.answers).toEqual([[1, 0], [2, 0], [3, 1]]);
  });

  it("loses only what this tab took away", () => {
    const merged = mergedDraft(draft([[1, 0], [2, 0]]), draft([[2, 1]]), draft([[1, 0], [2, 0], [4, 0]]));
    expect(merged.answers).toEqual([[2, 1], [4, 0]]);
  });

  it("holds no item as skipped that is answered", () => {
    const merged = mergedDraft(null, draft([], [1, 2]), draft([[1, 0]], [3]));
    expect([merged.answers, merged.skipped]).toEqual([[[1, 0]], [3, 2]]);
  });
});
