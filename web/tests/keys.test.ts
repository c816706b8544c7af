import { describe, expect, it } from "vitest";
import { digitOf, keyOf } from "../src/ui/keys";

const press = (key: string, code: string) => ({ key, code });

describe("a key", () => {
  it.each([
    ["s", "KeyS", "s"],
    ["S", "KeyS", "s"], // Shift, or Caps Lock
    ["U", "KeyU", "u"],
    ["Enter", "Enter", "Enter"],
    ["ArrowLeft", "ArrowLeft", "ArrowLeft"],
    ["q", "KeyA", "q"], // a letter goes by what is written on it
  ])("%s is the same in either case", (key, code, read) => expect(keyOf(press(key, code))).toBe(read));

  it.each([
    ["1", "Digit1", "1"],
    ["&", "Digit1", "1"], // AZERTY
    ["à", "Digit0", "0"],
    ["1", "Digit1", "1"], // AZERTY with Shift
    ["Dead", "Digit6", "6"],
    ["٣", "Digit3", "3"],
    ["4", "Numpad4", "4"],
    ["7", "KeyU", "7"], // a layout that has its digits elsewhere
  ])("%s at %s is the digit %s", (key, code, digit) => {
    expect(digitOf(press(key, code))).toBe(digit);
    expect(keyOf(press(key, code))).toBe(digit);
  });

  it.each([
    ["ArrowLeft", "Numpad4"],
    ["Home", "Numpad7"],
    ["a", "KeyA"],
    ["F1", "F1"],
    ["+", "NumpadAdd"],
  ])("%s at %s is no digit", (key, code) => {
    expect(digitOf(press(key, code))).toBeNull();
  });
});
