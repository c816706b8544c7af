// One campaign for anyone: where it stands, what it pays, its rules in words, and what is trusted.
import type { Hex } from "viem";
import { useCampaign, useNow, type Opened } from "../app/campaign";
import { hourOf } from "../app/hours";
import { useLoad } from "../app/load";
import { Link } from "../app/router";
import type { CampaignAnswer } from "../api/types";
import type { Spec } from "../protocol/spec";
import { t } from "../texts/en";
import { Amount, AmountIn, Shares, useUnit } from "../ui/Amount";
import { Fault } from "../ui/Fault";
import { bpsText, countText, shortHex } from "../ui/format";
import { Address, Card, Copy, Facts, Figures, Loading, Meter, Notice, Page, Section, StatusPill } from "../ui/parts";
import { TimeLine } from "../ui/TimeLine";
import { hourWords } from "./LandingPage";
import { rulesOf } from "./Rules";
import { PracticeLink } from "./tasks/PracticeOffer";
import { Waiting } from "./Waiting";

const NOBODY = "0x0000000000000000000000000000000000000000";

export default function CampaignPage({ parts }: { parts: Record<string, string> }) {
  const name = parts["campaign"] as Hex;
  const { value, error, reload } = useCampaign(name);
  if (!value) return error ? <Fault error={error} retry={reload} /> : <Loading />;
  return <Shown opened={value} />;
}

function Shown({ opened: { campaign, spec } }: { opened: Opened }) {
  const now = useNow(campaign);
  const running = campaign.status === "created" || campaign.status === "open";
  return (
    <Page
      title={campaign.title ?? t.landing.untitled}
      crumb={{ href: "/", text: t.campaign.back }}
      wide={<StatusPill status={campaign.status} />}
    >
      <div className="row">
        <Link className={running ? "button primary" : "button"} href={`/tasks/${campaign.id}`}>
          {running ? t.campaign.enter : t.campaign.enterOver}
        </Link>
        <Link className="button" href={`/campaigns/${campaign.id}/audit`}>
          {t.campaign.audit}
        </Link>
        <PracticeLink line={campaign} />
      </div>
      <Waiting campaign={campaign} now={now} />
      <Section title={t.campaign.timeLine}>
        <TimeLine campaign={campaign} now={now} />
      </Section>
      <div className="columns">
        <div className="stack">
          <Pay campaign={campaign} spec={spec} />
          {spec && <Asked spec={spec} />}
          {spec ? <Rules campaign={campaign} spec={spec} /> : <NoSpec campaign={campaign} />}
        </div>
        <div className="stack">
          <Progress campaign={campaign} />
          <Trusted campaign={campaign} />
        </div>
      </div>
      <Parameters campaign={campaign} spec={spec} />
    </Page>
  );
}

function Pay({ campaign, spec }: { campaign: CampaignAnswer; spec: Spec | null }) {
  const unit = useUnit(campaign.token);
  const { value: hour } = useLoad(async () => (spec ? hourOf(campaign, spec) : null), [campaign.specHash, campaign.status, spec === null]);
  const [hourName, hourWhy] = hour && spec ? hourWords(hour, spec.seconds_per_label) : [t.landing.hourImplied];
  return (
    <Card title={t.campaign.pay}>
      <Figures
        rows={[
          [t.campaign.perLabel, campaign.price ? <AmountIn key="pay" of={campaign.price} unit={unit} /> : t.unknown],
          [
            hourName,
            hour ? <AmountIn key="hour" of={hour.pay} unit={unit} digits={2} /> : hour === null ? t.unknown : "…",
            hourWhy,
          ],
          [t.campaign.shares, spec ? <Shares key="shares" of={spec.share_weight} symbol="" /> : t.unknown],
          [t.campaign.escrow, <AmountIn key="escrow" of={campaign.state.escrow} unit={unit} />],
          [t.campaign.bond, <AmountIn key="bond" of={campaign.state.bond} unit={unit} />],
        ]}
      />
    </Card>
  );
}

function Progress({ campaign }: { campaign: CampaignAnswer }) {
  const { progress } = campaign;
  const said = t.campaign.progressOf(countText(progress.labels), countText(progress.places));
  return (
    <Card title={t.campaign.progress}>
      <Meter part={progress.labels} whole={progress.places} label={said} />
      <p className="quiet small-text">{said}</p>
      <Figures
        rows={[
          [t.campaign.enrolled, countText(progress.enrolled)],
          [t.campaign.batches, countText(progress.batches)],
          [t.campaign.opened, countText(progress.opened)],
        ]}
      />
    </Card>
  );
}

function Asked({ spec }: { spec: Spec }) {
  return (
    <Card title={t.campaign.asked}>
      <p className="item-instructions">{spec.instructions}</p>
    </Card>
  );
}

function Rules({ campaign, spec }: { campaign: CampaignAnswer; spec: Spec }) {
  const unit = useUnit(campaign.token);
  if (unit === undefined) return <Loading />;
  const lines = rulesOf(spec, campaign, unit ?? { symbol: t.baseUnits, decimals: 0 });
  return (
    <Card title={t.campaign.rules}>
      <p className="quiet small-text">{t.campaign.rulesNote}</p>
      <ul>
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </Card>
  );
}

function NoSpec({ campaign }: { campaign: CampaignAnswer }) {
  return <Notice title={campaign.items == null ? t.campaign.specUnknown : t.campaign.specLarge(countText(campaign.items))} />;
}

function Trusted({ campaign }: { campaign: CampaignAnswer }) {
  const of: Record<string, string> = { registry: campaign.registry, oracle: campaign.oracle, requester: campaign.requester };
  const { arbitrator } = campaign.poolParams;
  return (
    <Card title={t.campaign.trusted}>
      {t.campaign.trust.map(([name, text, key]) => (
        <div className="stack tight" key={key}>
          <p>
            <strong>{name}</strong> <Address of={of[key]!} />
          </p>
          <p className="small-text">{text}</p>
        </div>
      ))}
      <div className="stack tight">
        <p>
          <strong>{t.campaign.arbitratorName}</strong> {arbitrator !== NOBODY && <Address of={arbitrator} />}
        </p>
        <p className="small-text">{arbitrator === NOBODY ? t.campaign.noArbitrator : t.campaign.arbitrator}</p>
      </div>
      <div className="stack tight">
        <p>
          <strong>{t.campaign.tokenName}</strong> <Address of={campaign.token} />
        </p>
        <p className="small-text">{t.campaign.token}</p>
      </div>
    </Card>
  );
}

function Parameters({ campaign, spec }: { campaign: CampaignAnswer; spec: Spec | null }) {
  const facts = t.campaign.facts;
  const { items: _, ...rules } = spec ?? { items: [] };
  return (
    <Section title={t.campaign.spec}>
      <div className="card">
        <Facts
          rows={[
            [facts.id, <Address key="id" of={campaign.id} />],
            [facts.requester, <Address key="requester" of={campaign.requester} />],
            [facts.oracle, <Address key="oracle" of={campaign.oracle} />],
            [facts.dataset, <Named key="dataset" href={`/datasets/${campaign.dataset}`} of={campaign.dataset} />],
            [facts.pool, <Named key="pool" href={`/tasks/pools/${campaign.pool}`} of={campaign.pool} />],
            [facts.token, <Address key="token" of={campaign.token} />],
            [facts.specHash, <Address key="spec" of={campaign.specHash} />],
            [facts.items, campaign.items == null ? t.unknown : countText(campaign.items)],
            [facts.fee, bpsText(campaign.params.feeBps)],
            [facts.stake, <Amount key="stake" of={campaign.params.stakePerLabel} token={campaign.token} />],
          ]}
        />
        {spec && (
          <details>
            <summary>{t.campaign.specRaw}</summary>
            <pre tabIndex={0}>{JSON.stringify({ ...rules, items: `${spec.items.length} items` }, null, 2)}</pre>
          </details>
        )}
      </div>
    </Section>
  );
}

function Named({ href, of }: { href: string; of: string }) {
  return (
    <span className="address">
      <Link href={href}>{shortHex(of)}</Link>
      <Copy text={of} what={shortHex(of)} />
    </span>
  );
}
