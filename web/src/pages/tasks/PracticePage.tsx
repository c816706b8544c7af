// Practice on a finished campaign: answers as in real work, each held against the settled result at once. Nothing leaves the page.
import { useEffect, useState } from "react";
import type { Hex } from "viem";
import { useChain } from "../../app/chain";
import { useLoad } from "../../app/load";
import { groundFor, type Ground } from "../../app/practice";
import { openPractice, roundOf, ROUND, type Done, type Practice, type Settled } from "../../app/practiceItems";
import { Link } from "../../app/router";
import { useSite } from "../../app/site";
import { AnswerForm, isNative } from "../../editor/AnswerForm";
import { Regions, type Answer } from "../../protocol/labels";
import { t } from "../../texts/en";
import { Fault } from "../../ui/Fault";
import { Loading, Meter, Notice, Page } from "../../ui/parts";
import { useSession } from "../../wallet/session";
import { AnswerDesk, focusHeading, Keys, useAnswerKeys, useEntry, type Acts } from "./answering";
import { Outcome } from "./Outcome";
import { PracticeScore } from "./PracticeScore";

const words = t.practice;

export default function PracticePage({ parts }: { parts: Record<string, string> }) {
  const name = parts["campaign"] as Hex;
  const site = useSite();
  const chain = useChain();
  const { account } = useSession();
  const { value, error, reload } = useLoad(async () => {
    const ground = await groundFor(name);
    return ground && { ground, practice: await openPractice(chain, site, ground) };
    // A wallet that is connected meanwhile is another way to the same chain, and no reason to begin again.
  }, [name, chain === null, account]);
  if (value === undefined) return error ? <Fault error={error} retry={reload} /> : <Loading />;
  if (!value) return <Nothing title={words.noneTitle} text={words.none} signIn={!account} />;
  const { ground, practice } = value;
  if (practice.proven === false) return <Nothing title={words.unproven} text={words.unprovenTodo} audit={practice.campaign.id} />;
  if (!practice.settled.length) return <Nothing title={words.noneTitle} text={words.noneSettled} />;
  if (!isNative(practice.form)) return <Nothing title={t.label.noForm} text={t.label.noFormTodo} />;
  return <Rounds ground={ground} practice={practice} work={ground.finished.id === name ? "/tasks" : `/tasks/${name}`} />;
}

const CRUMB = { href: "/tasks", text: t.work.title };

function Nothing({ title, text, audit, signIn }: { title: string; text: string; audit?: Hex; signIn?: boolean }) {
  return (
    <Page title={words.title} crumb={CRUMB}>
      <Notice kind={audit ? "bad" : ""} title={title}>
        <p>{text}</p>
        {audit && <Link href={`/campaigns/${audit}/audit`}>{t.audit.title}</Link>}
        {signIn && <Link className="button small" href="/connect">{t.connect.signIn}</Link>}
        <Link className="button small" href="/tasks">{words.toTasks}</Link>
      </Notice>
    </Page>
  );
}

interface Round {
  number: number;
  items: readonly Settled[];
  done: readonly Done[];
}

function Rounds({ ground, practice, work }: { ground: Ground; practice: Practice; work: string }) {
  const { settled } = practice;
  const [seen, setSeen] = useState<ReadonlySet<number>>(new Set());
  const [round, setRound] = useState<Round>(() => ({ number: 1, items: roundOf(settled, seen), done: [] }));
  const known = new Set([...seen, ...round.items.map((each) => each.item)]);
  const left = settled.filter((each) => !known.has(each.item)).length;
  const again = () => {
    // Once all were seen they come again, the same as new.
    const next = left > 0 ? known : new Set<number>();
    setSeen(next);
    setRound({ number: round.number + 1, items: roundOf(settled, next), done: [] });
  };
  const { number, items, done } = round;
  const item = items[done.length];
  if (!item) return <PracticeScore key={number} {...{ done, practice, work, again }} left={Math.min(left, ROUND)} />;
  const isFirst = done.length === 0 && number === 1;
  return (
    <Page title={words.at(done.length + 1, items.length)} crumb={CRUMB} lead={isFirst && words.lead}>
      <Meter part={done.length} whole={items.length} label={words.progress} />
      {isFirst && <About ground={ground} practice={practice} />}
      <OneItem key={number} {...{ practice, item, isFirst }} done={(answer) => setRound({ ...round, done: [...done, { ...item, answer }] })} />
      {!isFirst && <p className="quiet small-text">{words.lead}</p>}
    </Page>
  );
}

/** What these items are, before the first of them. */
function About({ ground, practice: { campaign, proven } }: { ground: Ground; practice: Practice }) {
  return (
    <Notice title={words.from(campaign.title ?? t.landing.untitled)}>
      {!ground.sameTask && <p>{words.otherTask}</p>}
      {ground.sameTask && !ground.sameInstructions && <p>{words.otherInstructions}</p>}
      <p className="quiet">{proven === null ? words.unchecked : words.checked}</p>
    </Notice>
  );
}

function OneItem({ practice, item, isFirst, done }: {
  practice: Practice;
  item: Settled;
  isFirst: boolean;
  done: (answer: Answer | null) => void;
}) {
  const { campaign, spec, form } = practice;
  const entry = useEntry(form, item.item, null);
  const [kept, setKept] = useState<{ item: number; answer: Answer } | null>(null);
  const { answer } = entry;
  const confirmed = kept?.item === item.item ? kept.answer : null;
  const isOpen = confirmed === null;
  const confirm = () => {
    if (answer !== null) setKept({ item: item.item, answer });
  };
  const acts: Acts = isOpen ? { next: confirm, skip: () => done(null) } : { next: () => done(confirmed) };
  useAnswerKeys(form, isOpen ? entry : null, acts);
  useEffect(() => {
    // A new item is read out from its beginning, unless there is a field to type in.
    if (!isFirst && !entry.isTyped) focusHeading();
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [item.item]);
  return (
    // Once it is confirmed, what is drawn on the item is the result.
    <AnswerDesk
      {...{ campaign: campaign.id, spec, form }}
      answer={isOpen || !(form instanceof Regions) ? answer : item.winner}
      {...(isOpen && { choose: entry.choose })}
      item={{ ...spec.items[item.item]!, index: item.item }}
    >
      {isOpen ? (
        <>
          <AnswerForm key={item.item} form={form} answer={entry.choice} typed={entry.typed} choose={entry.choose} type={entry.type} />
          <div className="row">
            <button type="button" className="button primary" disabled={answer === null} onClick={confirm}>
              {words.confirm}
            </button>
            <button type="button" className="button small" onClick={acts.skip}>
              {t.label.skip}
            </button>
          </div>
        </>
      ) : (
        <Outcome practice={practice} settled={item} answer={confirmed} onwards={() => done(confirmed)} />
      )}
      <Keys form={form} entry={isOpen ? entry : null} acts={acts} next={isOpen ? undefined : words.nextKey} />
    </AnswerDesk>
  );
}
