// Native widgets for an answer, one a task type: a few big controls, the same by key, mouse and thumb.
import { useId } from "react";
import { LEFT, MultiLabel, Numeric, Pairwise, Regions, RIGHT, SingleChoice, TIE, type Answer, type Form } from "../protocol/labels";
import { t } from "../texts/en";
import { Notice } from "../ui/parts";
import { RegionForm } from "./RegionForm";

interface Props {
  form: Form;
  answer: Answer | null;
  choose: (answer: Answer | null) => void;
  /** Text in the number field that is no answer yet. */
  typed: string;
  type: (text: string) => void;
}

/** Whether this page has a widget for a form. */
export function isNative(form: Form): boolean {
  return [SingleChoice, MultiLabel, Pairwise, Numeric, Regions].some((each) => form instanceof each);
}

export function AnswerForm(props: Props) {
  const { form } = props;
  if (form instanceof SingleChoice) return <Choice {...props} names={form.classes} />;
  if (form instanceof Pairwise) return <Choice {...props} names={[t.label.left, t.label.right, t.label.tie]} />;
  if (form instanceof MultiLabel) return <Several {...props} form={form} />;
  if (form instanceof Numeric && form.control === "rating") return <Rating {...props} form={form} />;
  if (form instanceof Numeric) return <NumberField {...props} form={form} />;
  if (form instanceof Regions) return <RegionForm form={form} answer={props.answer} choose={props.choose} />;
  return <Notice kind="warn" title={t.label.noForm} />;
}

/** Numbers in a row, each of which is its own key as far as there are keys. */
function Rating({ form, answer, choose }: Props & { form: Numeric }) {
  const group = useId();
  const names = Array.from({ length: form.nClasses }, (_, at) => form.describe(at));
  return (
    <div className="stack tight">
      <fieldset className="answers scale">
        <legend className="visually-hidden">{t.label.keys.choose}</legend>
        {names.map((name, at) => (
          <label className="answer" key={name}>
            <input type="radio" name={group} checked={answer === at} onChange={() => choose(at)} />
            <span>{name}</span>
          </label>
        ))}
      </fieldset>
      <p className="quiet small-text">{t.label.scale(names[0]!, names.at(-1)!)}</p>
    </div>
  );
}

function Choice({ names, answer, choose, form }: Props & { names: readonly string[] }) {
  const group = useId();
  return (
    <fieldset className="answers">
      <legend className="visually-hidden">{t.label.keys.choose}</legend>
      {names.map((name, at) => (
        <label className="answer" key={`${form.kind}${at}`}>
          <input type="radio" name={group} checked={answer === at} onChange={() => choose(at)} />
          <kbd aria-hidden="true">{at < 9 ? at + 1 : at === 9 ? 0 : "·"}</kbd>
          <span>{name}</span>
        </label>
      ))}
    </fieldset>
  );
}

function Several({ form, answer, choose }: Props & { form: MultiLabel }) {
  const members = new Set(answer === null ? [] : form.members(answer));
  return (
    <div className="stack tight">
      <fieldset className="answers">
        <legend className="visually-hidden">{t.label.keys.choose}</legend>
        {form.classes.map((name, at) => (
          <label className="answer" key={name}>
            <input type="checkbox" checked={members.has(at)} onChange={() => choose(toggled(answer, at))} />
            <kbd aria-hidden="true">{at < 9 ? at + 1 : at === 9 ? 0 : "·"}</kbd>
            <span>{name}</span>
          </label>
        ))}
      </fieldset>
      <p className="quiet small-text">{t.label.several}</p>
    </div>
  );
}

function NumberField({ form, typed, type }: Props & { form: Numeric }) {
  const id = useId();
  const step = { low: form.describe(0), high: form.describe(form.nClasses - 1) };
  const unit = decimalOf(form.step, form.decimals);
  return (
    <div className="field">
      <label htmlFor={id}>{t.label.value}</label>
      <input id={id} inputMode="decimal" autoComplete="off" value={typed} onChange={(event) => type(event.target.value)} aria-describedby={`${id}-range`} autoFocus />
      <span className="quiet small-text" id={`${id}-range`}>
        {t.label.range(step.low, step.high, unit)}
      </span>
    </div>
  );
}

function decimalOf(scaled: bigint, decimals: number): string {
  const digits = scaled.toString().padStart(decimals + 1, "0");
  return decimals ? `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}` : digits;
}

/** A set of classes with one of them changed. */
export function toggled(answer: Answer | null, index: number): number {
  const before = typeof answer === "number" ? answer : 0;
  const bit = 2 ** index;
  return Math.floor(before / bit) % 2 === 1 ? before - bit : before + bit;
}

/** The answer after a key; undefined where the key says nothing to this form. */
export function answerByKey(form: Form, key: string, answer: Answer | null): number | undefined {
  if (form instanceof Pairwise) {
    const side = { "1": LEFT, "2": RIGHT, "3": TIE, "0": TIE, ArrowLeft: LEFT, ArrowRight: RIGHT, ArrowDown: TIE }[key];
    return side;
  }
  if (form instanceof Regions || (form instanceof Numeric && form.control === "number")) return undefined;
  if (!/^\d$/.test(key)) return undefined;
  const index = key === "0" ? 9 : Number(key) - 1;
  if (form instanceof MultiLabel) return index < form.classes.length ? toggled(answer, index) : undefined;
  return index < form.nClasses ? index : undefined;
}
