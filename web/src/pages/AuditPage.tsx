// The public audit of a campaign: each check is made in this browser, against what the chain says.
import { useState } from "react";
import type { Hex } from "viem";
import { auditBundle, auditCampaign, type Audited, type AuditedBundle } from "../app/audit";
import { useCampaign, type Opened } from "../app/campaign";
import { useChain } from "../app/chain";
import { useLoad } from "../app/load";
import { navigate } from "../app/router";
import { useSite } from "../app/site";
import type { CampaignAnswer } from "../api/types";
import { t } from "../texts/en";
import { AmountIn, Shares, useUnit } from "../ui/Amount";
import { Fault } from "../ui/Fault";
import { countText } from "../ui/format";
import { byAccount, Pager, usePages } from "../ui/Pages";
import { Address, Check, Loading, Notice, Page, Section, StatusPill } from "../ui/parts";

export default function AuditPage({ parts }: { parts: Record<string, string> }) {
  const name = parts["campaign"] as Hex;
  const { value, error, reload } = useCampaign(name);
  if (!value) return error ? <Fault error={error} retry={reload} /> : <Loading />;
  return <Shown opened={value} />;
}

function Shown({ opened: { campaign, spec } }: { opened: Opened }) {
  const site = useSite();
  const chain = useChain();
  const { value, error, reload } = useLoad(
    async () => (chain ? auditCampaign(chain, site, campaign) : null),
    [campaign.id, campaign.status, campaign.proposal?.bundleHash, chain],
  );
  return (
    <Page
      title={t.audit.title}
      crumb={{ href: `/campaigns/${campaign.id}`, text: campaign.title ?? t.landing.untitled }}
      lead={t.audit.lead}
      wide={<StatusPill status={campaign.status} />}
    >
      {!chain && (
        <Notice kind="warn" title={t.faults.noChain.what}>
          <p>{t.faults.noChain.todo}</p>
        </Notice>
      )}
      {error !== undefined && <Fault error={error} retry={reload} />}
      {chain && !value && error === undefined && <Loading />}
      {value && <Checks campaign={campaign} audited={value} hasSpec={spec !== null} />}
    </Page>
  );
}

function Checks({ campaign, audited, hasSpec }: { campaign: CampaignAnswer; audited: Audited; hasSpec: boolean }) {
  const { onchain } = audited;
  return (
    <>
      <Section title={t.audit.checks}>
        <div className="card">
          <ul className="checks">
            <Check good={audited.id} title={t.audit.id}>
              <Address of={campaign.id} />
            </Check>
            {/* A spec with other bytes is refused when it is loaded: one that is here is the one on chain. */}
            <Check good={hasSpec ? true : null} title={hasSpec ? t.audit.specHash : t.audit.noSpec}>
              <Address of={campaign.specHash} />
            </Check>
            {onchain.posted && (
              <>
                <Check good={onchain.stands} title={t.audit.settlement}>
                  <p className="quiet small-text">{t.audit.settlementWhy}</p>
                  <Address of={onchain.settlement} />
                </Check>
                <Check good={audited.same} title={t.audit.same} />
              </>
            )}
          </ul>
        </div>
        {!onchain.posted && (
          <Notice title={t.audit.nothing}>
            <p>{t.audit.nothingTodo}</p>
          </Notice>
        )}
      </Section>
      {onchain.posted && onchain.stands && <Evidence campaign={campaign} audited={audited} />}
    </>
  );
}

function Evidence({ campaign, audited }: { campaign: CampaignAnswer; audited: Audited }) {
  const site = useSite();
  const [asked, setAsked] = useState(false);
  const posted = audited.onchain.posted!;
  const { value, error, loading, reload } = useLoad(
    async () => (asked ? auditBundle(site, campaign, posted) : null),
    [asked, posted.bundleHash],
  );
  return (
    <>
      <Section title={t.audit.item}>
        <ItemForm campaign={campaign} />
      </Section>
      <Section title={t.audit.bundle} note={t.audit.bundleNote}>
        {!asked && (
          <p>
            <button type="button" className="button primary" onClick={() => setAsked(true)}>
              {t.audit.load}
            </button>
          </p>
        )}
        {asked && loading && !value && <Loading />}
        {error !== undefined && <Fault error={error} retry={reload} />}
        {value && <BundleChecks value={value} />}
      </Section>
      {value && <Payouts campaign={campaign} value={value} />}
    </>
  );
}

function BundleChecks({ value }: { value: AuditedBundle }) {
  return (
    <div className="card">
      <ul className="checks">
        <Check good={value.hash} title={t.audit.bundleHash} />
        <Check good={value.payoutRoot} title={t.audit.payoutRoot} />
        <Check good={value.payoutSum} title={t.audit.payoutSum} />
        <Check good={value.truthRoot} title={t.audit.truthRoot} />
      </ul>
      <p className="quiet small-text">{t.audit.verify}</p>
    </div>
  );
}

export function ItemForm({ campaign, item }: { campaign: CampaignAnswer; item?: number }) {
  const [text, setText] = useState(item === undefined ? "" : String(item + 1));
  const last = campaign.items ?? 1;
  const good = /^\d{1,10}$/.test(text) && Number(text) >= 1 && Number(text) <= last;
  return (
    <form
      className="row"
      onSubmit={(event) => {
        event.preventDefault();
        if (good) navigate(`/campaigns/${campaign.id}/audit/${Number(text) - 1}`);
      }}
    >
      <div className="field">
        <label htmlFor="item-number">
          {t.audit.itemNumber} <span className="quiet">({t.audit.range(countText(last))})</span>
        </label>
        <div className="row">
          <input id="item-number" inputMode="numeric" value={text} onChange={(event) => setText(event.target.value.trim())} />
        </div>
      </div>
      <button className="button align-end" disabled={!good}>
        {t.audit.show}
      </button>
    </form>
  );
}

function Payouts({ campaign, value }: { campaign: CampaignAnswer; value: AuditedBundle }) {
  const unit = useUnit(campaign.token);
  const { payouts } = value.bundle;
  const pages = usePages(payouts);
  return (
    <Section title={t.audit.payouts} note={t.audit.payoutsNote(countText(payouts.length))}>
      <div className="table-wrap" tabIndex={0} role="region" aria-label={t.audit.payouts}>
        <table className="stacking">
          <thead>
            <tr>
              <th scope="col">{t.audit.account}</th>
              <th scope="col" className="amount">{t.audit.paid}</th>
              <th scope="col" className="amount">{t.audit.shares}</th>
              <th scope="col" className="amount">{t.audit.slash}</th>
            </tr>
          </thead>
          <tbody>
            {pages.rows.map((row, at) => (
              <tr key={row.account} {...pages.mark(at)}>
                <td><Address of={row.account} /></td>
                <td className="amount" data-name={t.audit.paid}><AmountIn of={row.payout} unit={unit} /></td>
                <td className="amount" data-name={t.audit.shares}><Shares of={row.shares} symbol="" /></td>
                <td className="amount" data-name={t.audit.slash}>{row.slash ? <AmountIn of={row.slash} unit={unit} /> : "—"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Pager pages={pages} name={t.audit.payouts} find={byAccount(payouts)} />
    </Section>
  );
}
