// A new campaign, step by step, with the labelling screen beside it.
import { useEffect, useRef, useState, type RefObject } from "react";
import type { Answer } from "../../protocol/labels";
import { f } from "../../texts/en";
import { useConfirm } from "../../ui/Confirm";
import { Fault } from "../../ui/Fault";
import { Loading, Notice, Page } from "../../ui/parts";
import { DatasetStep } from "./DatasetStep";
import { datasetFaults, itemFaults, taskFaults, termsOf } from "./form";
import { ItemsStep } from "./ItemsStep";
import { Preview } from "./Preview";
import { ReviewStep } from "./ReviewStep";
import { TaskStep } from "./TaskStep";
import { TermsStep } from "./TermsStep";
import { useForm, type Filling } from "./useForm";
import "./fund.css";

const LAST = f.steps.length - 1;
const WITH_PREVIEW = new Set([1, 2]);

export default function NewPage() {
  const filling = useForm();
  return (
    <Page title={f.title} crumb={{ href: "/fund", text: f.back }} wide={filling && <StartOver filling={filling} />}>
      {filling ? <Steps filling={filling} /> : <Loading />}
    </Page>
  );
}

/** What keeps a step from being left, in words. */
function faultsOf(filling: Filling, step: number): string[] {
  const { form, task, items, ground } = filling;
  if (step === 0) return datasetFaults(form, ground);
  if (step === 1) return taskFaults(form, task);
  if (step === 2) return itemFaults(form, items, task);
  return step === 3 && ground ? termsOf(form, ground, items?.made.items.length ?? 0).faults : [];
}

function Steps({ filling }: { filling: Filling }) {
  const { form, change } = filling;
  const { step } = form;
  const heading = useRef<HTMLHeadingElement>(null);
  const warned = useRef<HTMLDivElement>(null);
  const [asked, setAsked] = useState(false);
  const [selected, setSelected] = useState(0);
  const shown = useRef(step);
  useEffect(() => {
    if (shown.current === step) return;
    shown.current = step;
    heading.current?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, [step]);

  const go = (to: number) => {
    setAsked(false);
    change({ step: to });
  };
  const faults = faultsOf(filling, step);
  const next = () => {
    if (!faults.length) return go(step + 1);
    setAsked(true);
    setTimeout(() => warned.current?.focus());
  };
  // The furthest step that all before it allow.
  const open = [0, 1, 2, 3].findIndex((each) => faultsOf(filling, each).length > 0);
  const reach = open < 0 ? LAST : open;
  const at = step > reach && filling.ground ? reach : step;

  return (
    <>
      <ol className="wizard" aria-label={f.title}>
        {f.steps.map((name, number) => (
          <li key={name} className={number === at ? "now" : number < at ? "done" : ""} aria-current={number === at ? "step" : undefined}>
            <button type="button" disabled={number > reach} onClick={() => go(number)} aria-label={`${number + 1}. ${name}`}>
              {name}
            </button>
          </li>
        ))}
      </ol>
      <div className={WITH_PREVIEW.has(at) ? "fund" : "fund whole"}>
        <div className="stack">
          <div className="stack tight">
            <p className="quiet small-text">{f.stepOf(at + 1)}</p>
            <h2 tabIndex={-1} ref={heading}>{f.steps[at]}</h2>
          </div>
          {at === 0 && <DatasetStep filling={filling} />}
          {at === 1 && <TaskStep filling={filling} />}
          {at === 2 && <ItemsStep filling={filling} selected={selected} select={setSelected} />}
          {at === 3 && <TermsStep filling={filling} />}
          {at === LAST && <ReviewStep filling={filling} />}
          {filling.groundError !== undefined && <Fault error={filling.groundError} retry={filling.reloadGround} />}
        </div>
        {WITH_PREVIEW.has(at) && <Beside filling={filling} selected={selected} withGold={at === 2} />}
        <div className="stack fund-end">
          <Missing shown={asked} faults={faults} place={warned} />
          <div className="row">
            {at > 0 && (
              <button type="button" className="button" onClick={() => go(at - 1)}>
                {f.previous}
              </button>
            )}
            {at < LAST && (
              <button type="button" className="button primary" onClick={next}>
                {f.next}
              </button>
            )}
          </div>
        </div>
      </div>
    </>
  );
}

function Missing({ shown, faults, place }: { shown: boolean; faults: readonly string[]; place: RefObject<HTMLDivElement | null> }) {
  if (!shown || !faults.length) return null;
  return (
    <div ref={place} tabIndex={-1}>
      <Notice kind="warn" title={f.missing}>
        <ul>
          {faults.map((fault) => (
            <li key={fault}>{fault}</li>
          ))}
        </ul>
      </Notice>
    </div>
  );
}

function Beside({ filling, selected, withGold }: { filling: Filling; selected: number; withGold: boolean }) {
  const { form, task, items, gold, change } = filling;
  const made = items?.made.items ?? [];
  const item = withGold ? (made[selected] ?? null) : (made[0] ?? null);
  const keep = (answer: Answer | null) => change({ gold: [...form.gold.filter(([each]) => each !== selected), [selected, answer]] });
  return (
    <aside aria-label={f.preview.title}>
      <Preview
        task={task}
        title={form.title}
        instructions={form.instructions}
        item={item}
        index={withGold ? selected : 0}
        count={made.length}
        {...(withGold ? { gold: { answer: gold.get(selected), keep } } : {})}
      />
    </aside>
  );
}

function StartOver({ filling }: { filling: Filling }) {
  const confirm = useConfirm();
  const ask = () => confirm({ title: f.startOverTitle, lines: f.startOverLines, yes: f.startOver, run: filling.startOver });
  return (
    <button type="button" className="button small plain" onClick={() => void ask()}>
      {f.startOver}
    </button>
  );
}
