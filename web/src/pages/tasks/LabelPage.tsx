// Labelling: one item at a time, with the keyboard alone or with a thumb. Every answer is saved as it is given.
import { memo, useMemo, useState, useSyncExternalStore } from "react";
import type { Hex } from "viem";
import { handIn, sealBatch, standing, type Here } from "../../app/annotator";
import type { Opened } from "../../app/campaign";
import { useLoad } from "../../app/load";
import { Link } from "../../app/router";
import { useSite } from "../../app/site";
import { service } from "../../api/service";
import type { AssignmentAnswer, ItemAnswer } from "../../api/types";
import { useAhead } from "../../editor/ahead";
import { AnswerForm, isNative } from "../../editor/AnswerForm";
import { fitsFrame } from "../../editor/content";
import type { FromEditor } from "../../editor/contract";
import { fitting } from "../../protocol/commitments";
import { LabelError, MultiLabel, Regions, type Form } from "../../protocol/labels";
import type { Spec } from "../../protocol/spec";
import { database, type Draft, type KeptBatch } from "../../store/database";
import { t } from "../../texts/en";
import { useConfirm } from "../../ui/Confirm";
import { Fault } from "../../ui/Fault";
import { relativeText } from "../../ui/format";
import { Loading, Meter, Notice, Page } from "../../ui/parts";
import { useWallet } from "../../wallet/wallet";
import { Connect, SignIn } from "./Account";
import { AnswerDesk, Instructions, Keys, useAnswerKeys, useEntry, type Acts } from "./answering";
import { EditorDesk, hasMouse } from "./EditorDesk";
import { ReportDialog } from "./ReportDialog";
import { Review } from "./Review";
import { useDraft, type Drafting } from "./useDraft";
import { useWorking } from "./useAnnotator";

export default function LabelPage({ parts }: { parts: Record<string, string> }) {
  const name = parts["campaign"] as Hex;
  const { editor } = useSite();
  const { opened, error, reload, here, signedIn, form, now, batches, reloadBatches } = useWorking(name);
  const account = useWallet().connected?.account;
  // Neither before the batches are known nor by the campaign's arrival is it asked again: that would take away what was
  // answered meanwhile.
  const work = useLoad(async () => (signedIn && batches ? service.assignment(name) : null), [name, account, signedIn, batches?.length]);
  const [handed, setHanded] = useState(0);
  // The same list while nothing of it changes: the clock ticks once a second, and what is shown of an item has no part in it.
  const items = useMemo(() => labelled(work.value ?? null, batches ?? []), [work.value, batches]);
  const key = useMemo(() => items.map((each) => each.index).join(), [items]);
  const draft = useLoad(async () => (account ? ((await database.draft(name, account)) ?? null) : null), [name, account, signedIn]);
  if (!opened) return error ? <Fault error={error} retry={reload} /> : <Loading />;
  if (!here) return <Connect />;
  if (!signedIn) return <SignIn />;
  if (work.error !== undefined) return <Fault error={work.error} retry={work.reload} />;
  if (!work.value || draft.value === undefined || !batches) return <Loading />;
  if (!opened.spec || !form || !isNative(form)) {
    return (
      <Notice kind="warn" title={t.label.noForm}>
        <p>
          {!editor && t.label.editor.none} {t.label.noFormTodo}
        </p>
      </Notice>
    );
  }
  return (
    <Labelling
      key={key}
      {...{ opened, spec: opened.spec, form, here, now, items, work: work.value, draft: draft.value, handed }}
      goOn={() => setHanded(0)}
      done={async (count) => {
        setHanded(count);
        await reloadBatches();
        await Promise.all([work.reload(), draft.reload()]);
      }}
    />
  );
}

/** The items that are assigned and not sealed yet, as many as may still be handed in. */
function labelled(work: AssignmentAnswer | null, batches: readonly KeptBatch[]): readonly ItemAnswer[] {
  const sealed = new Set(batches.filter((each) => each.state !== "refused").flatMap((each) => each.items));
  const left = work?.items.filter((each) => !sealed.has(each.index)) ?? [];
  return left.slice(0, roomOf(work));
}

function roomOf(work: AssignmentAnswer | null): number {
  return work ? Math.max(0, work.limit - work.committed) : 0;
}

interface Props {
  opened: Opened;
  spec: Spec;
  form: Form;
  here: Here;
  now: number;
  items: readonly ItemAnswer[];
  work: AssignmentAnswer;
  draft: Draft | null;
  /** Labels handed in a moment ago. */
  handed: number;
  goOn: () => void;
  done: (handed: number) => Promise<void>;
}

function Labelling({ opened, spec, form, here, now, items, work, draft, handed, goOn, done }: Props) {
  const { campaign } = opened;
  const drafting = useDraft(campaign.id, here.connected.account, items, draft);
  const confirm = useConfirm();
  const room = roomOf(work);
  const crumb = useMemo(() => ({ href: `/tasks/${campaign.id}`, text: campaign.title ?? t.label.back }), [campaign]);

  // Sealed from the review alone: while one labels, nothing of this is worked out.
  const answers = [...(drafting.reviewing ? drafting.answers : [])].filter(([item]) => items.some((each) => each.index === item)).slice(0, room);
  const batch = answers.slice(0, fitting(answers.map(([, answer]) => form.encode(answer))));
  const submit = async () => {
    const chosen = new Map(batch);
    const words = t.label.words;
    const closes = relativeText(work.closesAt ?? now, now);
    const went = await confirm({
      title: words.title,
      lines: words.lines(chosen.size, work.committed + chosen.size, closes),
      yes: words.yes,
      run: async (tell) => {
        for (const each of await standing(campaign.id, here.connected.account)) {
          if (each.state === "sealed") await handIn(here, each, tell); // what an earlier attempt could not deliver goes first
        }
        // Those may be the same answers: an item is never sealed twice.
        const done = new Set((await standing(campaign.id, here.connected.account)).flatMap((each) => each.items));
        const rest = new Map([...chosen].filter(([item]) => !done.has(item)));
        if (!rest.size) return;
        const current = await service.assignment(campaign.id);
        const given = { nextBatch: current.nextBatch, committed: current.committed, alone: false };
        const sealed = await sealBatch(here, form, current.round ?? 0, rest, given, tell);
        await handIn(here, sealed, tell);
      },
    });
    if (went) await drafting.forget([...chosen.keys()]);
    await done(went ? chosen.size : 0);
  };

  const isOpen = work.takesBatches && items.length > 0 && room > 0;
  if (handed || !isOpen) return <Nothing crumb={crumb} handed={handed} goOn={isOpen ? goOn : null} />;
  if (drafting.reviewing) {
    return (
      <Review {...{ drafting, spec, form, items, room, crumb, submit }} count={batch.length} campaign={campaign.id} />
    );
  }
  return <Desk {...{ drafting, form, spec, items, campaign: campaign.id, crumb }} />;
}

function Nothing({ crumb, handed, goOn }: { crumb: { href: string; text: string }; handed: number; goOn: (() => void) | null }) {
  return (
    <Page title={handed ? t.label.done : t.label.empty} crumb={crumb}>
      {handed > 0 && <Notice kind="good" title={t.label.doneLine(handed)} />}
      {!goOn && <p className="quiet">{t.label.emptyTodo}</p>}
      <div className="row">
        <Link className="button primary" href={crumb.href}>
          {t.label.toDesk}
        </Link>
        {goOn && (
          <button type="button" className="button" onClick={goOn}>
            {t.label.more}
          </button>
        )}
      </div>
    </Page>
  );
}

/** Drawn again for the item and its answer, and not for the clock. */
const Desk = memo(function Desk({ drafting, form, spec, items, campaign, crumb }: { drafting: Drafting; form: Form; spec: Spec; items: readonly ItemAnswer[]; campaign: Hex; crumb: { href: string; text: string } }) {
  const item = items[drafting.at]!;
  const saved = drafting.answers.get(item.index) ?? null;
  useAhead(campaign, spec.task.config, items, drafting.at);
  const entry = useEntry(form, item.index, saved);
  const { answer } = entry;
  const [reporting, setReporting] = useState(false);

  const site = useSite();
  const canEdit = useMemo(() => site.editor && fitsFrame(spec.task.config), [site, spec]);
  const [wantsEditor, setWantsEditor] = useState(() => prefersEditor(form));
  const inEditor = canEdit && wantsEditor;
  const isSmall = useSmall();
  const useEditor = (on: boolean) => {
    preferEditor(form, on);
    setWantsEditor(on);
  };
  const [fault, setFault] = useState({ item: -1, text: "" });

  // What was answered comes in one way, from the widgets here and from the editor's frame alike.
  const hear = (said: FromEditor) => {
    if (said.item !== item.index || reporting || document.querySelector("dialog[open]")) return;
    if (said.kind === "skip") void drafting.skip(item.index);
    if (said.kind === "report") setReporting(true);
    if (said.kind === "error") setFault({ item: item.index, text: `${t.label.editor.fault} ${said.message}` });
    if (said.kind !== "submit") return;
    // An untouched editor says so too; the widgets here send nothing before something is chosen.
    const isEmpty = Array.isArray(said.result) && said.result.length === 0;
    const doubt = form instanceof MultiLabel ? t.label.editor.empty : form instanceof Regions ? t.label.editor.emptyMarks : "";
    const isAsked = fault.item === item.index && fault.text === doubt;
    if (inEditor && isEmpty && doubt && !isAsked) return setFault({ item: item.index, text: doubt });
    try {
      void drafting.answer(item.index, form.fromResult(said.result));
    } catch (error) {
      if (!(error instanceof LabelError)) throw error;
      setFault({ item: item.index, text: `${t.label.editor.noLabel} ${error.message}` });
    }
  };
  const next = () => {
    if (answer !== null) hear({ kind: "submit", item: item.index, result: form.toResult(answer) });
  };
  const acts: Acts = {
    ...(!inEditor && { next }),
    undo: drafting.undo,
    skip: () => void drafting.skip(item.index),
    report: () => setReporting(true),
  };
  useAnswerKeys(form, inEditor ? null : entry, acts, reporting);

  const done = items.filter((each) => drafting.answers.has(each.index)).length;
  const others = (
    <>
      <button type="button" className="button small" disabled={!drafting.canUndo} onClick={drafting.undo}>
        {t.label.undo}
      </button>
      <button type="button" className="button small" onClick={acts.skip}>
        {t.label.skip}
      </button>
      <button type="button" className="button small" onClick={acts.report}>
        {t.label.report}
      </button>
    </>
  );
  const status = (
    <p className="quiet small-text" role="status">
      {t.audit.itemTitle(item.index)}
      {drafting.isSaved && ` · ${t.label.saved}`}
    </p>
  );
  return (
    <Page
      title={t.label.title(done, items.length)}
      crumb={crumb}
      wide={
        <button type="button" className="button small" onClick={() => drafting.review(true)}>
          {t.label.partly}
        </button>
      }
    >
      <Meter part={done} whole={items.length} label={t.label.progress} />
      {inEditor ? (
        <>
          <Instructions text={spec.instructions} open={!isSmall} />
          <EditorDesk
            {...{ campaign, form, item, hear }}
            answer={saved}
            config={spec.task.config}
            fault={fault.item === item.index ? fault.text : ""}
            leave={() => useEditor(false)}
          >
            {others}
          </EditorDesk>
          {status}
        </>
      ) : (
        <AnswerDesk {...{ campaign, spec, form, item, answer }} choose={entry.choose}>
          <AnswerForm key={item.index} form={form} answer={entry.choice} typed={entry.typed} choose={entry.choose} type={entry.type} />
          <div className="row">
            <button type="button" className="button primary" disabled={answer === null} onClick={next}>
              {t.label.next}
            </button>
            {others}
            {canEdit && (
              <button type="button" className="button small" onClick={() => useEditor(true)}>
                {t.label.editor.use}
              </button>
            )}
          </div>
          <Keys {...{ form, entry, acts }} />
          {status}
        </AnswerDesk>
      )}
      {reporting && (
        <ReportDialog
          close={() => setReporting(false)}
          report={async (note) => {
            setReporting(false);
            await drafting.report(item.index, note);
          }}
        />
      )}
    </Page>
  );
});

const SMALL = "(max-width: 640px)";

/** Whether the screen is so small that the editor's frame needs it for itself. */
function useSmall(): boolean {
  return useSyncExternalStore(
    (changed) => {
      const media = matchMedia(SMALL);
      media.addEventListener("change", changed);
      return () => media.removeEventListener("change", changed);
    },
    () => matchMedia(SMALL).matches,
  );
}

/** What was chosen last, for regions apart: there the editor comes up by itself where there is a mouse to draw with. */
function editorKey(form: Form): string {
  return form instanceof Regions ? "labelshare.editor.regions" : "labelshare.editor";
}

function prefersEditor(form: Form): boolean {
  return (localStorage.getItem(editorKey(form)) ?? (form instanceof Regions && hasMouse() ? "yes" : "no")) === "yes";
}

function preferEditor(form: Form, on: boolean): void {
  localStorage.setItem(editorKey(form), on ? "yes" : "no");
}
