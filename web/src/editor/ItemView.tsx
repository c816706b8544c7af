// An item as the annotator sees it. Where its content is not to be had, that is said, and what is known instead.
import { useEffect, useMemo } from "react";
import type { Hex } from "viem";
import { useLoad } from "../app/load";
import { ApiError } from "../api/client";
import { PAIRWISE, Pairwise } from "../protocol/labels/pairwise";
import type { Answer, Form } from "../protocol/labels";
import { t } from "../texts/en";
import { Copy, Notice } from "../ui/parts";
import { Fault } from "../ui/Fault";
import { contentAhead, textsAhead } from "./ahead";
import { marked } from "./Marks";
import { contentOf, OtherContentError, release, type Item, type Shown } from "./content";

interface Props {
  campaign: Hex;
  config: string;
  form: Form;
  item: Item;
  answer: Answer | null;
}

export function ItemView(props: Props) {
  const { campaign, item } = props;
  const ready = useMemo(() => textsAhead(campaign, item.digest), [campaign, item.digest]);
  return ready ? <Content {...props} shown={ready} /> : <Loaded {...props} />;
}

function Loaded(props: Props) {
  const { campaign, config, item } = props;
  const { value, error, loading } = useLoad(async () => {
    try {
      return await contentOf(config, item, await contentAhead(campaign, item.digest));
    } catch (fault) {
      if (fault instanceof ApiError && fault.status === 404) return null;
      throw fault;
    }
  }, [campaign, item.digest]);
  useEffect(() => () => release(value ?? []), [value]);
  if (loading && value === undefined) return <div className="item-view quiet">{t.label.loading}</div>;
  if (error instanceof OtherContentError) return <Notice kind="bad" title={t.label.otherContent} />;
  if (error !== undefined) return <Fault error={error} />;
  if (!value) return <Missing item={item} />;
  return <Content {...props} shown={value} />;
}

function Content({ form, item, answer, shown }: Props & { shown: readonly Shown[] }) {
  if (form.kind === PAIRWISE && shown.length > 1) return <Pair form={form as Pairwise} shown={shown} answer={answer} />;
  return (
    <div className="item-view">
      {shown.map((each) => (
        <One key={each.name} shown={each} title={item.name ?? ""} form={form} answer={answer} />
      ))}
    </div>
  );
}

/** One thing to look at; with the regions of an answer where they are of it. */
export function One({ shown, title, form, answer = null }: { shown: Shown; title: string; form?: Form; answer?: Answer | null }) {
  const drawn = form && marked({ form, answer, shown, title });
  if (drawn) return drawn;
  if (shown.kind === "image") return <img src={shown.value} alt={title} />;
  if (shown.kind === "audio") return <audio src={shown.value} controls aria-label={title} />;
  return (
    <div className="item-text" tabIndex={shown.value.length > 1_200 ? 0 : undefined}>
      {shown.value}
    </div>
  );
}

export function Pair({ form, shown, answer }: { form: Pairwise; shown: readonly Shown[]; answer: Answer | null }) {
  const sides = [form.left, form.right].map((name) => shown.find((each) => each.name === name));
  return (
    <div className="pair">
      {sides.map((side, at) => (
        <div key={at} className={answer === at ? "chosen" : ""}>
          <strong>
            <kbd aria-hidden="true">{at + 1}</kbd> {at === 0 ? t.label.keys.left : t.label.keys.right}
          </strong>
          {side && <One shown={side} title={at === 0 ? t.label.keys.left : t.label.keys.right} />}
        </div>
      ))}
    </div>
  );
}

function Missing({ item }: { item: Item }) {
  return (
    <div className="item-view">
      {item.name && <div className="item-text">{item.name}</div>}
      <p className="quiet small-text">{t.label.noContent}</p>
      {item.uri && (
        <p className="quiet small-text">
          {t.label.elsewhere} <code>{item.uri}</code> <Copy text={item.uri} what={item.uri} />
        </p>
      )}
    </div>
  );
}
