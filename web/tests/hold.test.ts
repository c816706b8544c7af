import { describe, expect, it } from "vitest";
import { perDay, receiverFault, stillToCome, type Share } from "../src/hold/chain";
import type { Payment } from "../src/hold/history";
import { questionFault } from "../src/hold/licences";
import { periodsOf, totalOf } from "../src/hold/periods";

const DAY = 86_400;
const START = Date.UTC(2026, 0, 1, 12) / 1000;
const ONE = "0x90F79bf6EB2c4f870365E785982E1f101E93b906";
const OTHER = "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65";

function paid(at: number, amount: bigint, licence: bigint | null): Payment {
  return { kind: "payment", payer: ONE, amount, licence, at, transaction: "0x", block: 1n, index: 0 };
}

describe("periods", () => {
  it.each([
    ["a day", 0, 1],
    ["two weeks", 14, 1],
    ["three months", 90, 7],
    ["a year", 365, 30],
    ["ten years", 3_650, 365],
  ])("keep every payment of %s, in few enough bars", (_, days, length) => {
    const payments = Array.from({ length: days + 1 }, (_, day) => paid(START + day * DAY, BigInt(day + 1), day % 3 ? null : 1n));
    const periods = periodsOf(payments, START + days * DAY);
    const sum = payments.reduce((all, each) => all + each.amount, 0n);
    const licences = payments.filter((each) => each.licence !== null).reduce((all, each) => all + each.amount, 0n);
    expect(periods.reduce((all, each) => all + totalOf(each), 0n)).toBe(sum);
    expect(periods.reduce((all, each) => all + each.licences, 0n)).toBe(licences);
    expect(periods.length).toBeGreaterThanOrEqual(7);
    expect(periods.length).toBeLessThanOrEqual(16);
    for (const each of periods) expect([each.end - each.start, each.start % DAY]).toEqual([length * DAY, 0]);
  });

  it("are none without a payment", () => expect(periodsOf([], START)).toEqual([]));
});

describe("a stream", () => {
  const share = { supply: 16n, unstreamed: 700n, end: START + 7 * DAY, now: START } as Share;
  it("comes to a day's part for a part of the shares", () => {
    expect(perDay(share, 4n)).toBe(25n);
    expect(stillToCome(share, 4n)).toBe(175n);
  });
  it("stands still without shares, and is over at its end", () => {
    expect(perDay({ ...share, supply: 0n }, 0n)).toBe(0n);
    expect(stillToCome({ ...share, supply: 0n }, 0n)).toBe(0n);
    expect(perDay({ ...share, now: share.end }, 4n)).toBe(0n);
  });
});

describe("what is typed", () => {
  const site = { registry: OTHER } as const;
  it.each([
    ["", "none"],
    ["0x1234", "malformed"],
    [ONE.replace("F79b", "f79b"), "malformed"],
    [OTHER, "refused"],
    ["0x0000000000000000000000000000000000000000", "refused"],
    [ONE, "self"],
    ["0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc", null],
  ])("as a receiver: %s", (given, fault) => expect(receiverFault(site, "0x976EA74026E726554dB657fA54763abd0C3a0aa9", ONE, given)).toBe(fault));

  it.each([
    [{ dataset: "x", number: "1", holder: "" }, "dataset"],
    [{ dataset: ONE, number: "0", holder: "" }, "number"],
    [{ dataset: ONE, number: "1.5", holder: "" }, "number"],
    [{ dataset: ONE, number: "", holder: "me" }, "holder"],
    [{ dataset: ONE, number: "", holder: "" }, "either"],
    [{ dataset: ONE.toLowerCase(), number: "1", holder: OTHER }, null],
  ] as const)("as a question: %o", (asked, fault) => expect(questionFault(asked)).toBe(fault));
});
