// In one screen: what this is, and what one can work on right now.
import { useState } from "react";
import { isUnderWay, loadSpec, MOST_ITEMS, useListNow } from "../app/campaign";
import { hourOf, type Hour } from "../app/hours";
import { useList, useLoad } from "../app/load";
import { Link } from "../app/router";
import { useSite } from "../app/site";
import { service } from "../api/service";
import type { CampaignLine } from "../api/types";
import { t } from "../texts/en";
import { Amount, useUnit, AmountIn } from "../ui/Amount";
import { Fault } from "../ui/Fault";
import { bpsText, countText, relativeText } from "../ui/format";
import { GoesOn, Pager, usePages } from "../ui/Pages";
import { Figures, Loading, Notice, Page, Section, StatusPill } from "../ui/parts";

const [SHOWN, CARDS] = [12, 48];

export function LandingPage() {
  const site = useSite();
  const { value, error, loading, reload, ...reading } = useList(service.campaigns, [], site.development ? 5_000 : 30_000);
  const live = value?.filter(isUnderWay) ?? [];
  const past = value?.filter((each) => !isUnderWay(each)) ?? [];
  return (
    <>
      <div className="hero">
        <Page title={t.landing.title} lead={t.landing.lead}>
          <div className="row">
            <Link className="button primary" href="/tasks">
              {t.landing.start}
            </Link>
            <a className="button" href="#how">
              {t.landing.how}
            </a>
          </div>
        </Page>
      </div>
      <Section title={t.landing.live} note={live.length ? t.landing.liveNote : undefined}>
        {error !== undefined && <Fault error={error} retry={reload} />}
        {loading && !value && <Loading />}
        {value?.length === 0 && (
          <Notice title={t.landing.empty}>
            <p>{t.landing.emptyTodo}</p>
          </Notice>
        )}
        {value && value.length > 0 && !live.length && <p className="quiet">{t.landing.noLive}</p>}
        <Cards lines={live} name={t.landing.live} />
        <GoesOn {...reading} />
      </Section>
      <section className="three" id="how" aria-label={t.landing.how}>
        {t.landing.points.map(([title, text]) => (
          <div className="card soft" key={title}>
            <h2>{title}</h2>
            <p>{text}</p>
          </div>
        ))}
      </section>
      {past.length > 0 && (
        <Section title={t.landing.past}>
          <Cards lines={past} name={t.landing.past} />
        </Section>
      )}
    </>
  );
}

function Cards({ lines, name }: { lines: readonly CampaignLine[]; name: string }) {
  const [all, setAll] = useState(false);
  const shown = all ? lines : lines.slice(0, SHOWN);
  if (!lines.length) return null;
  return (
    <>
      <CampaignGrid lines={shown} name={name} />
      {shown.length < lines.length && (
        <p>
          <button type="button" className="button" onClick={() => setAll(true)}>
            {countText(lines.length)}
          </button>
        </p>
      )}
    </>
  );
}

/** Campaigns as cards that lead to their pages under `at`; `name` is that of the list. */
export function CampaignGrid({ lines, name, at = "/campaigns", fill = false }: { lines: readonly CampaignLine[]; name: string; at?: string; fill?: boolean }) {
  const now = useListNow(lines);
  const pages = usePages(lines, CARDS);
  return (
    <>
      <div className={fill ? "grid fill" : "grid"}>
        {pages.rows.map((line) => (
          <CampaignCard key={line.id} line={line} href={`${at}/${line.id}`} now={now} />
        ))}
      </div>
      <Pager pages={pages} name={name} />
    </>
  );
}

function CampaignCard({ line, href, now }: { line: CampaignLine; href: string; now: number | null }) {
  const hour = useHourly(line);
  return (
    <Link className="card" href={href}>
      <div className="row apart">
        <StatusPill status={line.status} />
        {line.items != null && (
          <span className="quiet small-text">
            {countText(line.items)} {t.landing.items}
          </span>
        )}
      </div>
      <h3>{line.title ?? t.landing.untitled}</h3>
      {line.price != null && (
        <Figures rows={[[t.landing.perLabel, <Amount key="pay" of={line.price} token={line.token} />], hour]} />
      )}
      {isUnderWay(line) && now !== null && now < line.commitEnd && <p className="quiet small-text">{deadline(line, now)}</p>}
    </Link>
  );
}

function deadline({ enrolEnd, commitEnd }: CampaignLine, now: number): string {
  return now < enrolEnd ? t.landing.enrolUntil(relativeText(enrolEnd, now)) : t.landing.workUntil(relativeText(commitEnd, now));
}

/** What an hour is called by how it is known, and how it is reckoned. */
export function hourWords({ acceptedBps }: Hour, seconds: number): [name: string, why: string] {
  const words = t.landing;
  return acceptedBps === null ? [words.hourSettled, words.hourSettledWhy(seconds)] : [words.hourImplied, words.hourImpliedWhy(seconds, bpsText(acceptedBps))];
}

/** What an hour earned, or would earn by the service's own quote. */
function useHourly(line: CampaignLine) {
  const unit = useUnit(line.token);
  const { value } = useLoad(async () => {
    if (line.items == null || line.items > MOST_ITEMS) return null;
    const spec = await loadSpec(line.specHash);
    return { hour: await hourOf(line, spec), seconds: spec.seconds_per_label };
  }, [line.specHash, line.status]);
  if (!value) return [t.landing.hourImplied, <span key="hour" className="quiet">{value === null ? t.unknown : "…"}</span>] as const;
  const [name, why] = hourWords(value.hour, value.seconds);
  return [name, <AmountIn key="hour" of={value.hour.pay} unit={unit} digits={2} />, why] as const;
}
