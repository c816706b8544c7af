// What `boxes.v1` and `spans.v1` have in common: an answer is a set of regions, none of them twice, or none at all.
// An answer's number does not fit a JavaScript number, so here its canonical bytes stand for it.
import { concatHex, type Hex } from "viem";
import { uint } from "../bytes";
import { attribute, classes, everyTag, onlyControl } from "./config";
import { LabelError, noLabel, type Form, type Region } from "./form";
import { faulty } from "../../texts/en";

export const MAX_REGIONS = 100;
const MAX_LABELS = 65_536;

/** One region: its class, its size, and what it shares with another one, in whole numbers. */
export interface Part {
  /** The index of its class. */
  of: number;
}

/** The control of a task of regions, as its config has it. */
export interface RegionControl {
  name: string;
  toName: string;
  classes: readonly string[];
  /** What a result may hold for each class (alias or value) → class. */
  answers: ReadonlyMap<string, number>;
}

export abstract class Regions<P extends Part = Part> implements Form {
  abstract readonly kind: string;
  /** The first byte of a label. */
  protected abstract readonly tag: Hex;
  /** How a result names the control, and where it keeps the class. */
  protected abstract readonly type: string;
  /** How many bytes each number of a region has, its class first. */
  protected abstract readonly widths: readonly number[];
  readonly nClasses = 2 ** 32;
  readonly name: string;
  readonly toName: string;
  readonly classes: readonly string[];
  readonly answers: ReadonlyMap<string, number>;

  constructor(control: RegionControl) {
    ({ name: this.name, toName: this.toName, classes: this.classes, answers: this.answers } = control);
  }

  /** The numbers of a region in the order of its bytes, its class first. */
  protected abstract numbers(part: P): number[];
  /** The region of its numbers; throws where there is no such region. */
  protected abstract part(numbers: readonly number[]): P;
  /** The region of a result's value; throws where it is none. */
  protected abstract fromValue(of: number, value: Record<string, unknown>): P;
  protected abstract toValue(part: P): Record<string, unknown>;
  /** Where a region is, in words. */
  protected abstract place(part: P): string;
  abstract size(part: P): number;
  /** The size of what two regions share. */
  abstract shared(one: P, other: P): number;

  /** The answer that holds these regions; equal ones count once. */
  of(parts: readonly P[]): Hex {
    const texts = parts.map((part) => concatHex(this.numbers(this.part(this.numbers(part))).map((value, at) => uint(value, this.widths[at]!))));
    const own = [...new Set(texts)].sort();
    if (own.length > MAX_REGIONS) throw new LabelError(faulty.label.tooMany(MAX_REGIONS, own.length));
    return concatHex([this.tag, ...own]);
  }

  /** The regions of an answer, in the order of their bytes. */
  parts(answer: unknown): P[] {
    if (typeof answer !== "string") throw new LabelError(faulty.label.noRegions);
    const width = this.widths.reduce((sum, each) => sum + each, 0);
    const body = answer.slice(this.tag.length);
    if (!answer.startsWith(this.tag) || body.length % (2 * width)) throw noLabel(this.kind, answer as Hex);
    const parts: P[] = [];
    for (let at = 0; at < body.length; at += 2 * width) parts.push(this.part(this.read(body.slice(at, at + 2 * width))));
    // Another order, repetitions and other digits: none of them is what the regions spell.
    if (this.of(parts) !== answer) throw noLabel(this.kind, answer as Hex);
    return parts;
  }

  encode(answer: unknown): Hex {
    return this.of(this.parts(answer));
  }

  decode(label: Hex): Hex {
    return this.encode(label);
  }

  describe(answer: unknown): string {
    return this.parts(answer).map((part) => this.told(part)).join("; ") || "(none)";
  }

  /** One region in words. */
  told(part: P): string {
    return `${this.classes[part.of]} ${this.place(part)}`;
  }

  fromResult(result: unknown): Hex {
    if (!Array.isArray(result)) throw new LabelError(faulty.label.list(this.name));
    return this.of(result.map((region: unknown) => this.fromRegion(region)));
  }

  toResult(answer: unknown): Region[] {
    const texts = [...this.answers.keys()];
    return this.parts(answer).map((part) => ({
      from_name: this.name,
      to_name: this.toName,
      type: this.type,
      value: { ...this.toValue(part), [this.type]: [texts[part.of]] },
    }));
  }

  protected checkClass(of: number | undefined): void {
    if (of === undefined || of >= this.classes.length) throw new LabelError(faulty.label.noClass(of, this.classes.length));
  }

  private read(digits: string): number[] {
    let at = 0;
    return this.widths.map((width) => parseInt(digits.slice(at, (at += 2 * width)), 16));
  }

  private fromRegion(region: unknown): P {
    if (!isPlain(region)) throw new LabelError(faulty.label.noRegion);
    for (const [field, expected] of [["type", this.type], ["from_name", this.name], ["to_name", this.toName]] as const) {
      if (region[field] !== expected) throw new LabelError(faulty.label.otherField(field, expected));
    }
    const { value } = region;
    if (!isPlain(value)) throw new LabelError(faulty.label.noObject);
    const chosen = value[this.type];
    if (!Array.isArray(chosen) || chosen.length !== 1) throw new LabelError(faulty.label.oneText(this.type));
    const of = typeof chosen[0] === "string" ? this.answers.get(chosen[0]) : undefined;
    if (of === undefined) throw new LabelError(faulty.label.otherClass);
    return this.fromValue(of, value);
  }
}

/** The only control of a config of regions, which marks a tag of the kind `object`; throws where it is not so. */
export function regionControl(config: string, kind: string, control: string, object: string): RegionControl & { attributes: ReadonlyMap<string, string> } {
  const { control: tag, root } = onlyControl(config, kind, control);
  const { names, answers } = classes(tag, { child: "Label", least: 1, most: MAX_LABELS });
  const toName = attribute(tag, "toName");
  if (!everyTag(root).some((each) => each.name === object && each.attributes.get("name") === toName)) {
    throw new LabelError(faulty.config.marksNone(control, object, toName.slice(0, 80)));
  }
  return { name: attribute(tag, "name"), toName, classes: names, answers, attributes: tag.attributes };
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
