// `numeric.v1`: a decimal number on a fixed grid, as a scaled integer. No float is computed with.
import { concatHex, numberToHex, hexToBigInt, type Hex } from "viem";
import { sizeOf } from "../bytes";
import { attribute, childless, onlyControl, type Tag } from "./config";
import { checkAnswer, held, LabelError, noLabel, region, type Answer, type Form, type Region } from "./form";
import { faulty } from "../../texts/en";

export const NUMERIC = "numeric.v1";
const MAX_SCALED = 10n ** 15n - 1n;
const MAX_ANSWERS = 2n ** 32n;
const DECIMAL = /^-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,9})?$/;

export class Numeric implements Form {
  readonly kind = NUMERIC;

  /** `low`, `high` and `step` in 1 / 10^decimals. */
  constructor(
    readonly control: "number" | "rating",
    readonly name: string,
    readonly toName: string,
    readonly decimals: number,
    readonly low: bigint,
    readonly high: bigint,
    readonly step: bigint,
  ) {}

  get nClasses(): number {
    return Number((this.high - this.low) / this.step) + 1;
  }

  encode(answer: number): Hex {
    return concatHex(["0x04", numberToHex(this.scaled(answer), { size: 8, signed: true })]);
  }

  decode(label: Hex): number {
    if (sizeOf(label) !== 9 || !label.startsWith("0x04")) throw noLabel(this.kind, label);
    return this.place(hexToBigInt(`0x${label.slice(4)}`, { signed: true, size: 8 }));
  }

  describe(answer: Answer): string {
    const scaled = this.scaled(answer);
    const digits = (scaled < 0n ? -scaled : scaled).toString().padStart(this.decimals + 1, "0");
    const point = digits.length - this.decimals;
    return (scaled < 0n ? "-" : "") + digits.slice(0, point) + (this.decimals ? `.${digits.slice(point)}` : "");
  }

  fromResult(result: unknown): number {
    const value = held(result, this.control, this.name, this.toName, this.control);
    if (typeof value !== "number" || !Number.isFinite(value)) throw new LabelError(faulty.label.noNumber(this.control));
    return this.fromText(plain(value));
  }

  toResult(answer: number): Region[] {
    return [region(this.control, this.name, this.toName, this.control, Number(this.describe(answer)))];
  }

  /** The answer of a decimal text, as somebody typed it; throws where the grid does not have it. */
  fromText(text: string): number {
    const found = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text.trim());
    if (!found) throw new LabelError(faulty.label.noDecimal);
    const part = (found[3] ?? "").replace(/0+$/, "");
    if (part.length > this.decimals) throw new LabelError(faulty.label.noStep);
    const size = BigInt(found[2]! + part.padEnd(this.decimals, "0"));
    return this.place(found[1] ? -size : size);
  }

  private scaled(answer: Answer): bigint {
    checkAnswer(this, answer);
    return this.low + BigInt(answer) * this.step;
  }

  private place(scaled: bigint): number {
    if (scaled < this.low || scaled > this.high) {
      throw new LabelError(faulty.label.outside(this.describe(0), this.describe(this.nClasses - 1)));
    }
    if ((scaled - this.low) % this.step !== 0n) throw new LabelError(faulty.label.noStep);
    return Number((scaled - this.low) / this.step);
  }
}

export function parseNumeric(config: string): Numeric {
  const { control } = onlyControl(config, NUMERIC, "Number", "Rating");
  childless(control);
  const limits = control.name === "Rating" ? rating(control) : ["min", "max", "step"].map((name) => decimal(name, attribute(control, name)));
  const decimals = Math.max(...limits.map((text) => (text.split(".")[1] ?? "").length));
  const [low, high, step] = limits.map((text) => scale(text, decimals)) as [bigint, bigint, bigint];
  checkGrid(low, high, step);
  const kind = control.name === "Rating" ? "rating" : "number";
  return new Numeric(kind, attribute(control, "name"), attribute(control, "toName"), decimals, low, high, step);
}

function rating(control: Tag): string[] {
  const text = decimal("maxRating", control.attributes.get("maxRating") ?? "5");
  if (text.includes(".")) throw new LabelError(faulty.config.noRating(text));
  return ["1", text, "1"];
}

function decimal(name: string, text: string): string {
  if (!DECIMAL.test(text)) throw new LabelError(faulty.config.noDecimal(name, text.slice(0, 80)));
  return text;
}

function scale(text: string, decimals: number): bigint {
  const [whole = "", part = ""] = text.split(".");
  return BigInt(whole + part.padEnd(decimals, "0"));
}

function checkGrid(low: bigint, high: bigint, step: bigint): void {
  const size = (value: bigint) => (value < 0n ? -value : value);
  if ([low, high, step].some((value) => size(value) > MAX_SCALED)) throw new LabelError(faulty.config.digits);
  if (step <= 0n || high <= low) throw new LabelError(faulty.config.grid);
  if ((high - low) % step !== 0n) throw new LabelError(faulty.config.steps);
  if ((high - low) / step >= MAX_ANSWERS) throw new LabelError(faulty.config.values);
}

/** The shortest decimal that reads as the same double, without an exponent. */
function plain(value: number): string {
  const found = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(String(value));
  if (!found) return String(value);
  const [, sign, whole, part = "", power] = found;
  const point = whole!.length + Number(power);
  const digits = whole! + part;
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  return `${sign}${digits.slice(0, point).padEnd(point, "0")}${digits.length > point ? `.${digits.slice(point)}` : ""}`;
}
