import { describe, expect, it } from "vitest";
import { MAX_ERROR_CHARS, MAX_MESSAGE_CHARS, MAX_MESSAGES, MAX_REGIONS, Meter, PER_MILLISECONDS, readMessage } from "../src/editor/contract";

const NONCE = "5".repeat(32);
const region = { from_name: "a", to_name: "b", type: "choices", value: { choices: ["x"] } };
const submit = { kind: "submit", nonce: NONCE, item: 3, result: [region] };
const read = (message: object) => readMessage(JSON.stringify(message), NONCE);

describe("what an editor says", () => {
  it.each([
    [submit, { kind: "submit", item: 3, result: [region] }],
    [{ kind: "ready", nonce: NONCE, item: 0 }, { kind: "ready", item: 0 }],
    [{ kind: "size", nonce: NONCE, item: 0, height: 20 }, { kind: "size", item: 0, height: 20 }],
    [{ kind: "error", nonce: NONCE, item: 0, message: "x".repeat(999) }, { kind: "error", item: 0, message: "x".repeat(MAX_ERROR_CHARS) }],
  ])("is read where it is right: %j", (message, said) => {
    expect(read(message)).toEqual(said);
  });

  it.each([
    [{ ...submit, nonce: "6".repeat(32) }],
    [{ ...submit, item: 1.5 }],
    [{ ...submit, item: "3" }],
    [{ ...submit, kind: "toString" }],
    [{ ...submit, extra: 1 }],
    [{ ...submit, result: { length: 1 } }],
    [{ ...submit, result: Array(MAX_REGIONS + 1).fill({ value: {} }) }],
    [{ ...submit, result: ["x"] }],
    [{ ...submit, result: [{ ...region, text: "x".repeat(MAX_MESSAGE_CHARS) }] }],
    [{ kind: "size", nonce: NONCE, item: 0, height: -1 }],
    [{ kind: "error", nonce: NONCE, item: 0, message: {} }],
    [[submit]],
  ])("is dropped where it is not: %#", (message) => {
    expect(read(message)).toBeNull();
  });

  it("is a text, and no object or what is no JSON", () => {
    for (const each of [submit, null, 7, "", "[".repeat(60_000), new String(JSON.stringify(submit))]) expect(readMessage(each, NONCE)).toBeNull();
  });

  it.each(["__proto__", "constructor", "prototype"])("has no key %s", (key) => {
    const text = JSON.stringify(submit).replace('"choices":', `"${key}": {"polluted": 1}, "choices":`);
    expect(() => JSON.parse(text)).not.toThrow();
    expect(readMessage(text, NONCE)).toBeNull();
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});

describe("the meter", () => {
  it("takes what comes in good time", () => {
    const meter = new Meter();
    for (let at = 0; at < 1_000; at += 1) expect(meter.takes(at * (PER_MILLISECONDS / (MAX_MESSAGES - 2)))).toBe(true);
  });

  it("stops a flood at its bound", () => {
    const meter = new Meter();
    const taken = Array.from({ length: MAX_MESSAGES + 5 }, (_, at) => meter.takes(at));
    expect(taken.indexOf(false)).toBe(MAX_MESSAGES - 1);
  });
});
