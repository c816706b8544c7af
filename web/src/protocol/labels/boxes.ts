// `boxes.v1`: rectangles on a picture, in 1/10,000 of its width and height.
import { LabelError } from "./form";
import { regionControl, Regions, type Part } from "./regions";
import { faulty } from "../../texts/en";

export const BOXES = "boxes.v1";
export const WHOLE = 10_000;

/** Left and upper edge, width and height, in 1/10,000 of the picture's. */
export interface Box extends Part {
  x: number;
  y: number;
  w: number;
  h: number;
}

export class Boxes extends Regions<Box> {
  readonly kind = BOXES;
  protected readonly tag = "0x05";
  protected readonly type = "rectanglelabels";
  protected readonly widths = [2, 2, 2, 2, 2];

  size({ w, h }: Box): number {
    return w * h;
  }

  shared(one: Box, other: Box): number {
    const width = Math.min(one.x + one.w, other.x + other.w) - Math.max(one.x, other.x);
    const height = Math.min(one.y + one.h, other.y + other.h) - Math.max(one.y, other.y);
    return width > 0 && height > 0 ? width * height : 0;
  }

  protected numbers({ of, x, y, w, h }: Box): number[] {
    return [of, x, y, w, h];
  }

  protected part(numbers: readonly number[]): Box {
    const [of, x, y, w, h] = numbers as [number, number, number, number, number];
    this.checkClass(of);
    if (w < 1 || h < 1 || x < 0 || y < 0 || x + w > WHOLE || y + h > WHOLE) throw new LabelError(faulty.label.box);
    return { of, x, y, w, h };
  }

  protected fromValue(of: number, value: Record<string, unknown>): Box {
    if (value["rotation"] !== undefined && value["rotation"] !== 0) throw new LabelError(faulty.label.turned);
    const [x, y, width, height] = (["x", "y", "width", "height"] as const).map((name) => {
      const number = value[name];
      if (typeof number !== "number" || !Number.isFinite(number)) throw new LabelError(faulty.label.noNumber(name));
      return number;
    }) as [number, number, number, number];
    const [left, right] = edges(x, width);
    const [top, bottom] = edges(y, height);
    return this.part([of, left, top, right - left, bottom - top]);
  }

  protected toValue({ x, y, w, h }: Box): Record<string, unknown> {
    return { x: x / 100, y: y / 100, width: w / 100, height: h / 100, rotation: 0 };
  }

  protected place({ x, y, w, h }: Box): string {
    return `${percent(x)},${percent(y)} ${percent(w)}x${percent(h)}`;
  }
}

export function parseBoxes(config: string): Boxes {
  const { attributes, ...control } = regionControl(config, BOXES, "RectangleLabels", "Image");
  if (attributes.get("canRotate") !== "false") throw new LabelError(faulty.config.canRotate);
  return new Boxes(control);
}

/** Both edges of a length in percent, to the nearest 1/10,000 and no further than the picture. */
function edges(start: number, length: number): [number, number] {
  const edge = (percents: number) => Math.min(Math.max(Math.floor(100 * percents + 0.5), 0), WHOLE);
  return [edge(start), edge(start + length)];
}

/** 1/10,000 as percent, exactly. */
export function percent(part: number): string {
  return String(part / 100);
}
