// What the oracle asks of a campaign, held against one: each reason, its boundary, and what would do.
import { describe, expect, it } from "vitest";
import { declinedFor, offeredBy, takenFrom, type Offered } from "../src/fund/acceptance";
import { milestones, scheduleOf, TRIAL } from "../src/fund/lengths";
import type { AcceptanceAnswer, CampaignAnswer } from "../src/api/types";

const ME = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const OTHER = "0x90F79bf6EB2c4f870365E785982E1f101E93b906";
const ANYTHING: AcceptanceAnswer = { oracle: "0x1CBd3b2770909D4e10f157cABC84C7264073C9Ec", leastEscrow: "0", leastFee: "0" };
const OFFERED: Offered = {
  requester: ME, escrow: 1_050n, pay: 1_000n, feeBps: 500, slice: 250n, unbonding: 365 * 86_400, schedule: scheduleOf(TRIAL, 0),
};
const HELD = milestones(TRIAL).settleEnd + TRIAL.window + TRIAL.slash;

describe("what the oracle asks", () => {
  it("is nothing by itself", () => {
    expect(declinedFor(ANYTHING, OFFERED)).toEqual([]);
    expect(declinedFor(ANYTHING, { ...OFFERED, escrow: 0n, pay: 0n, requester: null })).toEqual([]);
    expect(takenFrom(ANYTHING, OFFERED)).toBeLessThan(0);
  });

  it("may be a requester whom it knows, however the address is written", () => {
    const asked = { ...ANYTHING, requesters: [ME] } satisfies AcceptanceAnswer;
    expect(declinedFor(asked, { ...OFFERED, requester: ME.toLowerCase() as typeof ME })).toEqual([]);
    expect(declinedFor(asked, { ...OFFERED, requester: OTHER })).toEqual([{ kind: "requester", requester: OTHER }]);
    expect(declinedFor(asked, { ...OFFERED, requester: null })).toEqual([{ kind: "requester", requester: null }]);
  });

  it("may be a least escrow, a seat's slice where it names none", () => {
    expect(declinedFor({ ...ANYTHING, leastEscrow: "1050" }, OFFERED)).toEqual([]);
    expect(declinedFor({ ...ANYTHING, leastEscrow: "1051" }, OFFERED)).toEqual([{ kind: "escrow", given: 1_050n, least: 1_051n }]);
    expect(declinedFor({ ...ANYTHING, leastEscrow: null }, { ...OFFERED, escrow: 250n })).toEqual([]);
    expect(declinedFor({ ...ANYTHING, leastEscrow: null }, { ...OFFERED, escrow: 249n })).toEqual([{ kind: "escrow", given: 249n, least: 250n }]);
  });

  it("may be a least fee, with the percentage that would do", () => {
    expect(declinedFor({ ...ANYTHING, leastFee: "50" }, OFFERED)).toEqual([]);
    expect(declinedFor({ ...ANYTHING, leastFee: "51" }, OFFERED)).toEqual([{ kind: "fee", given: 50n, least: 51n, enoughBps: 510 }]);
    expect(declinedFor({ ...ANYTHING, leastFee: "51" }, { ...OFFERED, feeBps: 510 })).toEqual([]);
    expect(declinedFor({ ...ANYTHING, leastFee: "1" }, { ...OFFERED, pay: 999n, feeBps: 10 })).toMatchObject([{ enoughBps: 11 }]);
    expect(declinedFor({ ...ANYTHING, leastFee: "1001" }, OFFERED)).toMatchObject([{ enoughBps: null }]);
    expect(declinedFor({ ...ANYTHING, leastFee: "1" }, { ...OFFERED, pay: 0n })).toMatchObject([{ enoughBps: null }]);
  });

  it("may be an end, from the latest acceptance; before that it is a matter of waiting", () => {
    const most = HELD - TRIAL.accept;
    expect(declinedFor({ ...ANYTHING, longestSeconds: most }, OFFERED)).toEqual([]);
    expect(declinedFor({ ...ANYTHING, longestSeconds: most - 1 }, OFFERED)).toEqual([{ kind: "long", given: most, most: most - 1 }]);
    expect(takenFrom({ ...ANYTHING, longestSeconds: HELD }, OFFERED)).toBe(0);
    expect(takenFrom({ ...ANYTHING, longestSeconds: HELD - 7 }, OFFERED)).toBe(7);
    expect(takenFrom(ANYTHING, { ...OFFERED, unbonding: milestones(TRIAL).hardEnd - 9 })).toBe(9);
  });

  it("is held against a campaign that waits by what is locked in it now", () => {
    const campaign = {
      requester: ME, price: "10", acceptEnd: 0,
      params: { feeBps: 500, schedule: OFFERED.schedule }, poolParams: { seatStake: "1003", maxOpen: 4, unbonding: OFFERED.unbonding },
      progress: { places: 100 }, state: { escrow: "1050" },
    } as unknown as CampaignAnswer;
    expect(offeredBy(campaign)).toEqual(OFFERED);
  });
});
