// A campaign for whoever funded it: items on their way, labels and money as they come, gold, quality, results.
import { useEffect, useRef, useState } from "react";
import type { Hex } from "viem";
import { useCampaign, useNow, type Opened } from "../../app/campaign";
import { Link } from "../../app/router";
import { ApiError } from "../../api/client";
import { service } from "../../api/service";
import type { CampaignAnswer } from "../../api/types";
import { f, t } from "../../texts/en";
import { Fault } from "../../ui/Fault";
import { Card, Loading, Notice, Page, Section, StatusPill, Time } from "../../ui/parts";
import { TimeLine } from "../../ui/TimeLine";
import { sameAccount } from "../../wallet/session";
import { useWallet } from "../../wallet/wallet";
import { GoldCard } from "./GoldCard";
import { MoneyCard } from "./MoneyCard";
import { ProgressCards } from "./Progress";
import { QualitySection } from "./QualitySection";
import { RejectCard } from "./RejectCard";
import { UploadCard } from "./UploadCard";
import "./fund.css";

export default function WatchPage({ parts }: { parts: Record<string, string> }) {
  const name = parts["campaign"] as Hex;
  const { value, error, reload } = useCampaign(name);
  if (!value && error instanceof ApiError && error.status === 404) return <Unseen error={error} reload={reload} />;
  if (!value) return error ? <Fault error={error} retry={reload} /> : <Loading />;
  return <Shown opened={value} reload={reload} />;
}

/** Right after funding the service may not know a campaign yet, which then differs in nothing from one that is not there. */
function Unseen({ error, reload }: { error: unknown; reload: () => Promise<void> }) {
  return (
    <Page title={f.title} crumb={{ href: "/fund", text: f.back }}>
      <Fault error={error} retry={reload} />
      <p className="quiet" role="status">{f.watch.unseen}</p>
    </Page>
  );
}

function Shown({ opened: { campaign, spec }, reload }: { opened: Opened; reload: () => Promise<void> }) {
  const now = useNow(campaign);
  const { connected } = useWallet();
  const { news, lost } = useNews(campaign.id, reload);
  const own = connected !== null && sameAccount(connected.account, campaign.requester);
  return (
    <Page title={campaign.title ?? t.landing.untitled} crumb={{ href: "/fund", text: f.back }} wide={<StatusPill status={campaign.status} />}>
      <div className="row">
        <Link className="button" href={`/campaigns/${campaign.id}`}>{f.watch.campaign}</Link>
        <Link className="button" href={`/campaigns/${campaign.id}/audit`}>{f.watch.audit}</Link>
      </div>
      {connected && !own && <Notice title={f.watch.notYours} />}
      {own && <UploadCard campaign={campaign} />}
      <Section title={t.campaign.timeLine}>
        <TimeLine campaign={campaign} now={now} />
      </Section>
      <div className="columns">
        <div className="stack">
          <ProgressCards campaign={campaign} spec={spec} now={now} />
        </div>
        <div className="stack">
          {own && <MoneyCard campaign={campaign} now={now} reload={reload} />}
          <GoldCard campaign={campaign} spec={spec} now={now} own={own} />
          <News campaign={campaign} news={news} lost={lost} now={now} />
        </div>
      </div>
      <QualitySection campaign={campaign} spec={spec} />
      <RejectCard campaign={campaign} now={now} reload={reload} />
    </Page>
  );
}

interface Happened {
  kind: string;
  block: number;
  index: number;
  time: number;
}

const MOST_NEWS = 8;

/** What happens, as it happens: each event of the stream is news, and a reason to look at the campaign again. */
function useNews(campaign: Hex, reload: () => Promise<void>): { news: Happened[]; lost: boolean } {
  const [news, setNews] = useState<Happened[]>([]);
  const [lost, setLost] = useState(false);
  const latest = useRef(reload);
  latest.current = reload;
  useEffect(() => {
    const stream = service.eventsOf(campaign);
    let timer: ReturnType<typeof setTimeout> | undefined;
    stream.addEventListener("open", () => setLost(false));
    stream.addEventListener("error", () => setLost(true));
    stream.addEventListener("happened", (event) => {
      const found = JSON.parse((event as MessageEvent<string>).data) as Happened;
      setNews((before) => (before.some((each) => each.block === found.block && each.index === found.index) ? before : [found, ...before]));
      clearTimeout(timer);
      timer = setTimeout(() => void latest.current(), 100);
    });
    return () => {
      clearTimeout(timer);
      stream.close();
    };
  }, [campaign]);
  return { news, lost };
}

function News({ news, lost, now }: { campaign: CampaignAnswer; news: readonly Happened[]; lost: boolean; now: number }) {
  return (
    <Card title={f.watch.news}>
      {lost && <p className="quiet small-text">{f.watch.lineLost}</p>}
      {news.length === 0 && <p className="quiet">{f.watch.newsNone}</p>}
      <ul className="news" aria-live="polite">
        {news.slice(0, MOST_NEWS).map((each) => (
          <li key={`${each.block}-${each.index}`}>
            <span>{f.watch.kinds[each.kind] ?? each.kind}</span>
            <span className="quiet small-text"><Time at={each.time} now={Math.max(now, each.time + 1)} /></span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
