// In one screen: what this is, and what one can work on right now.
import { useState } from "react";
import { isUnderWay, loadSpec, MOST_ITEMS, useListNow } from "../app/campaign";
import { useList, useLoad } from "../app/load";
import { Link } from "../app/router";
import { useSite } from "../app/site";
import { service } from "../api/service";
import type { CampaignLine } from "../api/types";
import { t } from "../texts/en";
import { Amount, useUnit, AmountIn } from "../ui/Amount";
import { Fault } from "../ui/Fault";
import { countText, relativeText } from "../ui/format";
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
        <Figures rows={[[t.landing.perLabel, <Amount key="pay" of={line.price} token={line.token} />], hourly(line)]} />
      )}
      {isUnderWay(line) && now !== null && now < line.commitEnd && <p className="quiet small-text">{deadline(line, now)}</p>}
    </Link>
  );
}

function deadline({ enrolEnd, commitEnd }: CampaignLine, now: number): string {
  return now < enrolEnd ? t.landing.enrolUntil(relativeText(enrolEnd, now)) : t.landing.workUntil(relativeText(commitEnd, now));
}

function hourly(line: CampaignLine) {
  return [t.landing.perHour, <Hourly key="hour" line={line} />] as const;
}

/** What an hour earns by the service's own quote, where a usual part of the labels is accepted. */
function Hourly({ line }: { line: CampaignLine }) {
  const unit = useUnit(line.token);
  const { value } = useLoad(async () => {
    if (line.items == null || line.items > MOST_ITEMS) return null;
    const spec = await loadSpec(line.specHash);
    const quote = await quoteOf(line.specHash, spec);
    return { hour: typicalHour(quote.hourly), seconds: spec.seconds_per_label };
  }, [line.specHash]);
  if (!value) return <span className="quiet">{value === null ? t.unknown : "…"}</span>;
  return (
    <>
      <AmountIn of={value.hour.pay} unit={unit} digits={2} />
      <small>{t.landing.perHourWhy(value.seconds, `${value.hour.acceptedBps / 100}%`)}</small>
    </>
  );
}

const quotes = new Map<string, ReturnType<typeof service.quote>>();

export function quoteOf(specHash: string, spec: unknown): ReturnType<typeof service.quote> {
  const known = quotes.get(specHash);
  if (known) return known;
  const asked = service.quote(spec, 0);
  quotes.set(specHash, asked);
  asked.catch(() => quotes.delete(specHash));
  return asked;
}

/** The middle one of the hours that a quote states, by how much is accepted; the lower of two. */
export function typicalHour<Hour extends { acceptedBps: number }>(hours: readonly Hour[]): Hour {
  const sorted = [...hours].sort((one, other) => one.acceptedBps - other.acceptedBps);
  return sorted[Math.floor((sorted.length - 1) / 2)]!;
}
