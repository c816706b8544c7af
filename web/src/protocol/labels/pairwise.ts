// `pairwise.v1`: which of two objects is better, or neither. The editor writes a tie as the empty result.
import type { Hex } from "viem";
import { concatHex } from "viem";
import { sizeOf, uint } from "../bytes";
import { attribute, childless, onlyControl } from "./config";
import { checkAnswer, held, LabelError, noLabel, region, type Form, type Region } from "./form";
import { faulty } from "../../texts/en";

export const PAIRWISE = "pairwise.v1";
export const LEFT = 0;
export const RIGHT = 1;
export const TIE = 2;
const WORDS = ["left", "right", "tie"] as const;

export class Pairwise implements Form {
  readonly kind = PAIRWISE;
  readonly nClasses = 3;

  constructor(
    readonly name: string,
    readonly left: string,
    readonly right: string,
  ) {}

  encode(answer: number): Hex {
    checkAnswer(this, answer);
    return concatHex(["0x03", uint(answer, 1)]);
  }

  decode(label: Hex): number {
    if (sizeOf(label) !== 2 || !label.startsWith("0x03")) throw noLabel(this.kind, label);
    const answer = Number(`0x${label.slice(4)}`);
    checkAnswer(this, answer);
    return answer;
  }

  describe(answer: number): string {
    checkAnswer(this, answer);
    return WORDS[answer]!;
  }

  fromResult(result: unknown): number {
    if (Array.isArray(result) && result.length === 0) return TIE;
    const side = held(result, "pairwise", this.name, this.name, "selected");
    if (side !== "left" && side !== "right") throw new LabelError(faulty.label.side);
    return side === "left" ? LEFT : RIGHT;
  }

  toResult(answer: number): Region[] {
    checkAnswer(this, answer);
    return answer === TIE ? [] : [region("pairwise", this.name, this.name, "selected", WORDS[answer])];
  }
}

export function parsePairwise(config: string): Pairwise {
  const { control } = onlyControl(config, PAIRWISE, "Pairwise");
  childless(control);
  const sides = attribute(control, "toName").split(",");
  const [left, right] = sides;
  if (sides.length !== 2 || !left || !right || left === right || sides.some((side) => side !== side.trim())) {
    throw new LabelError(faulty.config.toNames);
  }
  return new Pairwise(attribute(control, "name"), left, right);
}
