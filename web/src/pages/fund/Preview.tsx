// The labelling screen as annotators will see it, with their own widgets, from what is in the form.
import { useEffect, useState } from "react";
import { AnswerForm, isNative } from "../../editor/AnswerForm";
import { contentOf, objectsOf, release, type Shown } from "../../editor/content";
import { One, Pair } from "../../editor/ItemView";
import { MarkingDesk } from "../../editor/marking";
import { useLoad } from "../../app/load";
import { bytesOf } from "../../import/content";
import type { Item } from "../../import/items";
import { Numeric, Pairwise, type Answer } from "../../protocol/labels";
import { f, t } from "../../texts/en";
import { Fault } from "../../ui/Fault";
import { countText } from "../../ui/format";
import { Notice } from "../../ui/parts";
import type { Task } from "./form";

export interface GoldKeeping {
  answer: Answer | undefined;
  keep: (answer: Answer | null) => void;
}

export function Preview({ task, title, instructions, item, index, count, gold }: {
  task: Task;
  title: string;
  instructions: string;
  item: Item | null;
  index: number;
  count: number;
  gold?: GoldKeeping;
}) {
  const { form, config } = task;
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [typed, setTyped] = useState("");
  const known = gold?.answer;
  useEffect(() => {
    setAnswer(known ?? null);
    setTyped(known !== undefined && form instanceof Numeric ? form.describe(known) : "");
  }, [form, item?.digest, index, known]);
  const type = (text: string) => {
    setTyped(text);
    if (!(form instanceof Numeric)) return;
    try {
      setAnswer(form.fromText(text));
    } catch {
      setAnswer(null);
    }
  };
  return (
    <>
      <div className="row apart">
        <h2>{f.preview.title}</h2>
        {item && <span className="quiet small-text">{f.preview.item(countText(index + 1), countText(count))}</span>}
      </div>
      {!form ? (
        <Notice title={f.preview.noForm} />
      ) : (
        <MarkingDesk {...{ form, answer }} choose={setAnswer}>
        <div className="screen">
          <div className="stack tight">
            <h3>{title || t.landing.untitled}</h3>
            {instructions && <p className="quiet small-text item-instructions">{instructions}</p>}
          </div>
          <Content key={`${item?.digest} ${config}`} task={task} item={item} answer={answer} />
          {isNative(form) && <AnswerForm key={`${item?.digest} ${index} ${config}`} form={form} answer={answer} choose={setAnswer} typed={typed} type={type} />}
          {!item && <p className="quiet small-text">{f.preview.sample}</p>}
          {item && gold && (
            <div className="row">
              <button type="button" className="button small" disabled={answer === null || answer === known} onClick={() => gold.keep(answer)}>
                {f.items.keep}
              </button>
              {known !== undefined && (
                <button type="button" className="button small plain" onClick={() => gold.keep(null)}>
                  {f.items.remove}
                </button>
              )}
            </div>
          )}
        </div>
        </MarkingDesk>
      )}
    </>
  );
}

function Content({ task: { config, form }, item, answer }: { task: Task; item: Item | null; answer: Answer | null }) {
  const { value, error } = useLoad(async () => {
    if (!item) return sampleOf(config);
    return contentOf(config, { index: 0, digest: item.digest, name: item.name }, await bytesOf(item.content));
  }, [config, item?.digest]);
  useEffect(() => () => release(value ?? []), [value]);
  if (error !== undefined) return <Fault error={error} />;
  if (!value) return <div className="item-view quiet">{t.label.loading}</div>;
  if (form instanceof Pairwise && value.length > 1) return <Pair form={form} shown={value} answer={answer} />;
  return (
    <div className="item-view">
      {value.map((each) => (
        <One key={each.name} shown={each} title={item?.name ?? ""} {...(form && { form, answer })} />
      ))}
    </div>
  );
}

/** Something to look at before there are items. */
function sampleOf(config: string): Shown[] {
  const { samples } = f.preview;
  const kinds = [...config.matchAll(/<(Image|Audio)\b/g)].map((found) => found[1]!.toLowerCase());
  const named = samples as Readonly<Record<string, string>>;
  return objectsOf(config).map(({ name }) => ({ name, kind: "text", value: kinds.length ? f.preview.media(kinds[0]!) : (named[name] ?? samples.text) }));
}
