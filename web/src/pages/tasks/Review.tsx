// Before answers are sealed: all of them at a glance, each open to change.
import { useEffect } from "react";
import type { Hex } from "viem";
import type { ItemAnswer } from "../../api/types";
import { Drawn, inShort } from "../../editor/Answered";
import type { Answer, Form } from "../../protocol/labels";
import type { Spec } from "../../protocol/spec";
import { t } from "../../texts/en";
import { keyOf } from "../../ui/keys";
import { byName, Pager, usePages } from "../../ui/Pages";
import { Notice, Page } from "../../ui/parts";
import type { Drafting } from "./useDraft";

interface Props {
  drafting: Drafting;
  campaign: Hex;
  spec: Spec;
  form: Form;
  items: readonly ItemAnswer[];
  room: number;
  /** Answers that are handed in together. */
  count: number;
  crumb: { href: string; text: string };
  submit: () => Promise<void>;
}

export function Review({ drafting, campaign, spec, form, items, room, count, crumb, submit }: Props) {
  const answered = items.filter((each) => drafting.answers.has(each.index));
  const skipped = items.filter((each) => drafting.skipped.has(each.index)).length;
  const pages = usePages(items);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (keyOf(event) === "u" && !document.querySelector("dialog[open]")) drafting.undo();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [drafting]);

  return (
    <Page title={t.label.review} crumb={crumb} lead={t.label.reviewLead(answered.length, skipped)}>
      {answered.length > room && <Notice kind="warn" title={t.label.overLimit(room)} />}
      {count < Math.min(answered.length, room) && <Notice kind="warn" title={t.label.overSize(count)} />}
      {answered.length === 0 && <Notice title={t.label.nothing} />}
      <div className="row">
        <button type="button" className="button primary" disabled={count === 0} onClick={() => void submit()} autoFocus>
          {t.label.handIn(count)}
        </button>
        <button type="button" className="button" onClick={() => drafting.go(firstOpen(items, drafting))}>
          {t.label.goOn}
        </button>
      </div>
      <div className="table-wrap" tabIndex={0} role="region" aria-label={t.label.items}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t.earnings.item}</th>
              <th scope="col">{t.earnings.yourAnswer}</th>
              <th scope="col">
                <span className="visually-hidden">{t.label.change}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {pages.rows.map((each, at) => (
              <tr key={each.index} {...pages.mark(at)}>
                <td>{each.name ?? t.audit.itemTitle(each.index)}</td>
                <td>
                  {said(drafting, form, each.index)}
                  <Drawn {...{ campaign, form }} config={spec.task.config} item={each} answers={answersOf(drafting, each.index)} />
                </td>
                <td className="amount">
                  <button type="button" className="button small" onClick={() => drafting.go(pages.first + at)} aria-label={`${t.label.change} ${t.audit.itemTitle(each.index)}`}>
                    {t.label.change}
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Pager pages={pages} name={t.label.items} find={byName(items, (each) => [each.name ?? t.audit.itemTitle(each.index), String(each.index + 1)])} />
    </Page>
  );
}

function said(drafting: Drafting, form: Form, item: number) {
  const answer = drafting.answers.get(item);
  if (answer !== undefined) return <strong>{inShort(form, answer)}</strong>;
  return <span className="quiet">{drafting.skipped.has(item) ? t.label.skipped : t.label.toDo}</span>;
}

function answersOf(drafting: Drafting, item: number): [string, Answer][] {
  const answer = drafting.answers.get(item);
  return answer === undefined ? [] : [[t.earnings.yourAnswer, answer]];
}

function firstOpen(items: readonly ItemAnswer[], drafting: Drafting): number {
  const open = items.findIndex((each) => !drafting.answers.has(each.index));
  return open < 0 ? 0 : open;
}
