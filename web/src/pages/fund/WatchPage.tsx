// A campaign for whoever funded it: items on their way, labels and money as they come, gold, quality, results.
import { useEffect, useRef, useState } from "react";
import type { Hex } from "viem";
import { useCampaign, useNow, type Opened } from "../../app/campaign";
import { Link } from "../../app/router";
import { ApiError } from "../../api/client";
import { follow, NOTHING, type Told } from "../../api/stream";
import type { CampaignAnswer } from "../../api/types";
import { f, t } from "../../texts/en";
import { Fault } from "../../ui/Fault";
import { Card, Loading, Notice, Page, Section, StatusPill, Time } from "../../ui/parts";
import { TimeLine } from "../../ui/TimeLine";
import { sameAccount } from "../../wallet/session";
import { useWallet } from "../../wallet/wallet";
import { Waiting } from "../Waiting";
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
  const { news, progress, lost } = useNews(campaign.id, reload);
  const own = connected !== null && sameAccount(connected.account, campaign.requester);
  return (
    <Page title={campaign.title ?? t.landing.untitled} crumb={{ href: "/fund", text: f.back }} wide={<StatusPill status={campaign.status} />}>
      <div className="row">
        <Link className="button" href={`/campaigns/${campaign.id}`}>{f.watch.campaign}</Link>
        <Link className="button" href={`/campaigns/${campaign.id}/audit`}>{f.watch.audit}</Link>
      </div>
      {connected && !own && <Notice title={f.watch.notYours} />}
      <Waiting campaign={campaign} now={now} />
      {own && <UploadCard campaign={campaign} spec={spec} />}
      <Section title={t.campaign.timeLine}>
        <TimeLine campaign={campaign} now={now} />
      </Section>
      <div className="columns">
        <div className="stack">
          <ProgressCards campaign={progress ? { ...campaign, progress } : campaign} spec={spec} now={now} />
        </div>
        <div className="stack">
          {own && <MoneyCard campaign={campaign} now={now} reload={reload} />}
          <GoldCard campaign={campaign} spec={spec} now={now} own={own} />
          <News campaign={campaign} news={news} lost={lost} now={now} />
        </div>
      </div>
      <QualitySection campaign={campaign} spec={spec} />
      <RejectCard campaign={campaign} spec={spec} now={now} reload={reload} />
    </Page>
  );
}

const MOST_NEWS = 8;

/** What happens, as it happens: each event on chain is news, and a reason to look at the campaign again. */
function useNews(campaign: Hex, reload: () => Promise<void>): Told {
  const [told, setTold] = useState(NOTHING);
  const latest = useRef(reload);
  latest.current = reload;
  useEffect(() => {
    setTold(NOTHING);
    return follow(campaign, setTold);
  }, [campaign]);
  const { news } = told;
  useEffect(() => {
    if (!news.length) return;
    const timer = setTimeout(() => void latest.current(), 100);
    return () => clearTimeout(timer);
  }, [news]);
  return told;
}

function News({ news, lost, now }: { campaign: CampaignAnswer; news: Told["news"]; lost: boolean; now: number }) {
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
