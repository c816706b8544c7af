// What is asked: title, instructions, the kind of answer; a config is written from it, or pasted.
import { marks, type Media } from "../../fund/config";
import type { TaskKind } from "../../fund/makeSpec";
import { f } from "../../texts/en";
import { Card } from "../../ui/parts";
import { Options, TextField } from "./fields";
import type { FundForm } from "./form";
import type { Filling } from "./useForm";

export function TaskStep({ filling }: { filling: Filling }) {
  const { form, change, task } = filling;
  const words = f.task;
  const kinds = Object.entries(words.kinds) as [TaskKind, readonly [string, string]][];
  const ask = (part: Partial<FundForm["asked"]>) => change({ asked: { ...form.asked, ...part } });
  return (
    <>
      <Card>
        <TextField label={words.title} hint={words.titleHint} value={form.title} change={(title) => change({ title })} />
        <TextField label={words.instructions} hint={words.instructionsHint} value={form.instructions} change={(instructions) => change({ instructions })} lines={4} />
      </Card>
      <Card>
        <Options label={words.kind} value={form.asked.kind} change={(kind) => ask({ kind })} options={kinds.map(([kind, [name, note]]) => [kind, name, note])} />
        {form.own === null ? <Asked form={form} ask={ask} /> : (
          <TextField label={words.config} hint={words.configHint} value={form.own} change={(own) => change({ own })} lines={9} mono />
        )}
        {marks(form.asked.kind) && <Near form={form} change={change} />}
        {form.own === null && (
          <details>
            <summary>{words.written}</summary>
            <pre tabIndex={0}>{task.config}</pre>
          </details>
        )}
        <div className="row">
          <button type="button" className="button small" onClick={() => change({ own: form.own === null ? task.config : null })}>
            {form.own === null ? words.own : words.ownBack}
          </button>
        </div>
        {form.own !== null && task.fault && <p role="status" className="bad-text">{words.configFault(task.fault)}</p>}
      </Card>
    </>
  );
}

/** When two people's markings count as the same. */
function Near({ form, change }: { form: FundForm; change: Filling["change"] }) {
  const words = f.task;
  return (
    <details>
      <summary>{words.near}</summary>
      <div className="stack reasons">
        <p className="quiet small-text">{words.nearWhy}</p>
        <div className="field-row">
          <TextField label={words.overlap} hint={words.overlapHint} value={form.overlap} change={(overlap) => change({ overlap })} numeric />
          <TextField label={words.alike} hint={words.alikeHint} value={form.alike} change={(alike) => change({ alike })} numeric />
        </div>
      </div>
    </details>
  );
}

function Asked({ form, ask }: { form: FundForm; ask: (part: Partial<FundForm["asked"]>) => void }) {
  const { asked } = form;
  const words = f.task;
  if (asked.kind === "pairwise.v1") return <p className="quiet">{words.pairText}</p>;
  const medias = Object.entries(words.medias) as [Media, string][];
  return (
    <>
      {!marks(asked.kind) && <Options label={words.media} value={asked.media} change={(media) => ask({ media })} options={medias} />}
      {marks(asked.kind) && <p className="quiet">{asked.kind === "boxes.v1" ? words.boxesText : words.spansText}</p>}
      {asked.kind !== "numeric.v1" && <TextField label={words.classes} hint={words.classesHint} value={asked.lines} change={(lines) => ask({ lines })} lines={5} list />}
      {asked.kind === "numeric.v1" && (
        <>
          <Options label={words.number} value={asked.rating ? "stars" : "number"} change={(way) => ask({ rating: way === "stars" })} options={[["number", words.number], ["stars", words.rating]]} />
          {asked.rating ? (
            <TextField label={words.stars} value={asked.stars} change={(stars) => ask({ stars })} numeric />
          ) : (
            <div className="field-row">
              <TextField label={words.low} value={asked.low} change={(low) => ask({ low })} numeric />
              <TextField label={words.high} value={asked.high} change={(high) => ask({ high })} numeric />
              <TextField label={words.step} value={asked.step} change={(step) => ask({ step })} numeric />
            </div>
          )}
        </>
      )}
    </>
  );
}
