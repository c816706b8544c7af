// Writing a Label Studio config from a few decisions; what is written must be read again before it counts.
import { attribute, MAX_TEXT_CHARS } from "../protocol/labels/config";
import { LabelError, readForm, type Form } from "../protocol/labels";
import type { TaskKind } from "./makeSpec";

export type Media = "text" | "image" | "audio";

/** What a task asks, as the form has it. */
export interface Asked {
  kind: TaskKind;
  media: Media;
  /** Of the kinds that choose or mark. */
  classes: readonly string[];
  /** Of numbers: decimals as typed; stars instead where `rating` is set. */
  rating: boolean;
  low: string;
  high: string;
  step: string;
  stars: string;
}

const TAGS: Readonly<Record<Media, string>> = { text: "Text", image: "Image", audio: "Audio" };

/** What the items of a task must be; null where that follows from the table. */
export function mediaOf({ kind, media }: Pick<Asked, "kind" | "media">): Media | null {
  if (kind === "pairwise.v1") return null;
  return kind === "boxes.v1" ? "image" : kind === "spans.v1" ? "text" : media;
}

/** Whether a task marks regions, which have a rule of nearness. */
export function marks(kind: TaskKind): boolean {
  return kind === "boxes.v1" || kind === "spans.v1";
}

/** The XML of a config. */
export function writeConfig(asked: Asked): string {
  const name = mediaOf(asked) ?? asked.media;
  const tag = TAGS[name];
  const object = (name: string) => `<${tag} name="${name}" value="$${name}"/>`;
  if (asked.kind === "pairwise.v1") {
    return view(object("left"), object("right"), '<Pairwise name="better" toName="left,right"/>');
  }
  if (asked.kind === "numeric.v1") {
    const control = asked.rating
      ? `<Rating name="answer" toName="${name}" maxRating="${escaped(asked.stars)}"/>`
      : `<Number name="answer" toName="${name}" min="${escaped(asked.low)}" max="${escaped(asked.high)}" step="${escaped(asked.step)}"/>`;
    return view(object(name), control);
  }
  const children = (child: string) => asked.classes.map((each) => `<${child} value="${escaped(each)}"/>`).join("");
  // The classes come first: they stay in sight above a tall picture or a long text.
  if (asked.kind === "boxes.v1") return view(`<RectangleLabels name="answer" toName="${name}" canRotate="false">${children("Label")}</RectangleLabels>`, object(name));
  if (asked.kind === "spans.v1") return view(`<Labels name="answer" toName="${name}">${children("Label")}</Labels>`, object(name));
  const choice = asked.kind === "multi-label.v1" ? "multiple" : "single";
  return view(object(name), `<Choices name="answer" toName="${name}" choice="${choice}">${children("Choice")}</Choices>`);
}

/** The form that a config makes, and why it makes none. */
export function tryForm(kind: string, config: string): { form: Form; fault: null } | { form: null; fault: string } {
  try {
    return { form: readForm(kind, config), fault: null };
  } catch (error) {
    if (error instanceof LabelError) return { form: null, fault: error.message };
    throw error;
  }
}

/** Whether a text can be a class: what the protocol's reader takes. */
export function classFault(text: string): string | null {
  try {
    attribute({ name: "Choice", attributes: new Map([["value", text]]), children: [] }, "value");
    return null;
  } catch {
    return `1 to ${MAX_TEXT_CHARS} characters`;
  }
}

function view(...tags: string[]): string {
  return `<View>\n  ${tags.join("\n  ")}\n</View>`;
}

function escaped(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;").replace(/\n/g, "&#10;").replace(/\t/g, "&#9;");
}
