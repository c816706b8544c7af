// An item in Label Studio's editor, and what the page has around it.
import { lazy, Suspense, useEffect, useRef, type ReactNode } from "react";
import type { Hex } from "viem";
import type { ItemAnswer } from "../../api/types";
import type { FromEditor } from "../../editor/contract";
import { Regions, type Answer, type Form } from "../../protocol/labels";
import { t } from "../../texts/en";
import { Notice } from "../../ui/parts";

const EditorFrame = lazy(() => import("../../editor/EditorFrame"));

interface Props {
  campaign: Hex;
  config: string;
  form: Form;
  item: ItemAnswer;
  answer: Answer | null;
  /** What was wrong with what the editor sent last; "" for nothing. */
  fault: string;
  hear: (said: FromEditor) => void;
  leave: () => void;
  children: ReactNode;
}

/** Whether a mouse or a pen is at hand: the editor draws with nothing else. */
export function hasMouse(): boolean {
  return matchMedia("(any-pointer: fine)").matches;
}

export function EditorDesk({ fault, children, hear, ...rest }: Props) {
  const back = useRef<HTMLDivElement>(null);
  const latest = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (fault) latest.current?.scrollIntoView({ block: "nearest" });
  }, [fault]);
  const asking = useRef<(() => void) | null>(null);
  const onSaid = (said: FromEditor) => {
    // The keyboard goes to the page's own controls below the frame.
    if (said.kind === "leave") back.current?.querySelector<HTMLElement>("button:enabled")?.focus();
    else hear(said);
  };
  const { keys } = t.label.editor;
  const isMarking = rest.form instanceof Regions;
  const more = isMarking ? ([["1–9", keys.choose], ["⌫", keys.remove], ["Ctrl Z", keys.undo]] as const) : ([["1–9", t.label.keys.choose]] as const);
  return (
    <div className="stack">
      <div ref={latest} hidden={!fault}>{fault && <Notice kind="bad" title={fault} />}</div>
      <Suspense
        fallback={
          <p className="quiet" role="status">
            {t.label.editor.loading}
          </p>
        }
      >
        <EditorFrame {...rest} hear={onSaid} asking={asking} />
      </Suspense>
      <div className="row" ref={back}>
        <button type="button" className="button primary" onClick={() => asking.current?.()}>
          {t.label.next}
        </button>
        {children}
        <button type="button" className="button small" onClick={rest.leave}>
          {t.label.editor.plain}
        </button>
      </div>
      <p className="keys">
        {([...more, ["Enter", keys.submit], ["S", t.label.keys.skip], ["R", t.label.keys.report], ["Esc", keys.leave]] as const).map(([key, what]) => (
          <span key={key}>
            <kbd>{key}</kbd> {what}
          </span>
        ))}
      </p>
      {isMarking && !hasMouse() && <Notice kind="warn" title={t.label.regions.mouse} />}
      <p className="quiet small-text">{t.label.editor.wall}</p>
    </div>
  );
}
