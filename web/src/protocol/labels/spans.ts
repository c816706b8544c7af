// `spans.v1`: stretches of a text, from one code point to before another.
import { LabelError } from "./form";
import { regionControl, Regions, type Part } from "./regions";
import { faulty } from "../../texts/en";

export const SPANS = "spans.v1";
const MOST = 2 ** 32 - 1;

/** From the code point `start` to before `end`. */
export interface Span extends Part {
  start: number;
  end: number;
}

export class Spans extends Regions<Span> {
  readonly kind = SPANS;
  protected readonly tag = "0x06";
  protected readonly type = "labels";
  protected readonly widths = [2, 4, 4];

  size({ start, end }: Span): number {
    return end - start;
  }

  shared(one: Span, other: Span): number {
    return Math.max(0, Math.min(one.end, other.end) - Math.max(one.start, other.start));
  }

  protected numbers({ of, start, end }: Span): number[] {
    return [of, start, end];
  }

  protected part(numbers: readonly number[]): Span {
    const [of, start, end] = numbers as [number, number, number];
    this.checkClass(of);
    if (!(start >= 0 && start < end && end <= MOST)) throw new LabelError(faulty.label.span);
    return { of, start, end };
  }

  protected fromValue(of: number, value: Record<string, unknown>): Span {
    const [start, end] = (["start", "end"] as const).map((name) => {
      const number = value[name];
      if (!Number.isSafeInteger(number)) throw new LabelError(faulty.label.noWhole(name));
      return number as number;
    }) as [number, number];
    return this.part([of, start, end]);
  }

  protected toValue({ start, end }: Span): Record<string, unknown> {
    return { start, end };
  }

  protected place({ start, end }: Span): string {
    return `${start}-${end}`;
  }
}

export function parseSpans(config: string): Spans {
  const { attributes: _, ...control } = regionControl(config, SPANS, "Labels", "Text");
  return new Spans(control);
}

/** Where each code point of a text begins, in UTF-16 units, and where the text ends. */
export function codePoints(text: string): number[] {
  const starts: number[] = [];
  let at = 0;
  for (const sign of text) {
    starts.push(at);
    at += sign.length;
  }
  return [...starts, at];
}
