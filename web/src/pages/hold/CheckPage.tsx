// Whether a licence holds: public, by its number or its holder, as the chain says now.
import { useState } from "react";
import type { PublicClient } from "viem";
import { useLoad } from "../../app/load";
import { useSite } from "../../app/site";
import { check, questionFault, type Checked, type Claimed } from "../../hold/licences";
import { h } from "../../texts/en";
import { Fault } from "../../ui/Fault";
import { dateText } from "../../ui/format";
import { Address, Check, Facts, Loading, Notice, Page } from "../../ui/parts";
import { Entry } from "./Entry";
import { WithChain } from "./Frame";
import { Validity } from "./MyLicences";
import { TermsCheck } from "./Terms";

export default function CheckPage({ parts }: { parts: Record<string, string> }) {
  const asked: Claimed = { dataset: parts["dataset"] ?? "", number: parts["number"] ?? "", holder: "" };
  return (
    <Page title={h.check.title} lead={h.check.lead} crumb={{ href: "/licences", text: h.shop.back }}>
      <WithChain>{(chain) => <Question chain={chain} first={asked} />}</WithChain>
    </Page>
  );
}

function Question({ chain, first }: { chain: PublicClient; first: Claimed }) {
  const [given, setGiven] = useState(first);
  const [asked, setAsked] = useState<Claimed | null>(first.number ? first : null);
  const [tried, setTried] = useState(false);
  const fault = questionFault(given);
  const shown = tried ? fault : null;
  const change = (name: keyof Claimed) => (value: string) => setGiven({ ...given, [name]: value.trim() });
  return (
    <>
      <form
        className="card"
        onSubmit={(event) => {
          event.preventDefault();
          setTried(true);
          setAsked(fault ? null : { ...given });
        }}
      >
        <Entry label={h.check.dataset} hint={h.check.datasetHint} value={given.dataset} change={change("dataset")} fault={shown === "dataset" ? h.check.faults.dataset : null} mono />
        <Entry label={h.check.number} hint={h.check.numberHint} value={given.number} change={change("number")} fault={shown === "number" || shown === "either" ? h.check.faults[shown] : null} numeric />
        <Entry label={h.check.holder} hint={h.check.holderHint} value={given.holder} change={change("holder")} fault={shown === "holder" ? h.check.faults.holder : null} mono />
        <div>
          <button type="submit" className="button primary">
            {h.check.go}
          </button>
        </div>
      </form>
      {asked && <Answer chain={chain} asked={asked} />}
    </>
  );
}

function Answer({ chain, asked }: { chain: PublicClient; asked: Claimed }) {
  const site = useSite();
  const fault = questionFault(asked);
  const { value, error, reload } = useLoad(async () => (fault ? [] : check(chain, site, asked)), [chain, site, asked]);
  if (fault) return <Notice kind="bad" title={h.check.faults[fault]} />;
  if (!value) return error ? <Fault error={error} retry={reload} /> : <Loading />;
  if (!value.length) return <Notice kind="bad" title={h.check.noneHeld} />;
  return (
    <div className="stack">
      {value.map((each, at) => (
        <One key={at} checked={each} holderNamed={asked.holder !== ""} />
      ))}
    </div>
  );
}

function One({ checked, holderNamed }: { checked: Checked; holderNamed: boolean }) {
  const { licence, forDataset, byHolder, holds } = checked;
  if (!licence) return <Notice kind="bad" title={h.check.none} />;
  const number = String(licence.number);
  return (
    <article className="card" aria-label={h.shop.number(number)}>
      <div className="row apart">
        <h2>{holds ? h.check.holds(number) : h.check.not(number)}</h2>
        <Validity licence={licence} />
      </div>
      <ul className="checks">
        <Check good={forDataset} title={h.check.forDataset}>
          {!forDataset && <p className="quiet">{h.check.isFor} <Address of={licence.dataset} /></p>}
        </Check>
        {holderNamed && <Check good={byHolder} title={h.check.byHolder} />}
        <Check good={licence.current} title={h.check.current}>
          {!licence.current && <p className="quiet">{h.shop.ended(dateText(licence.expiresAt))}</p>}
        </Check>
        <Check good={holds} title={h.check.contract} />
      </ul>
      <Facts
        rows={[
          [h.check.hasIt, <Address key="owner" of={licence.owner} />],
          [h.check.isFor, <Address key="dataset" of={licence.dataset} />],
          [h.check.termsHash, <Address key="terms" of={licence.termsHash} />],
        ]}
      />
      <TermsCheck termsHash={licence.termsHash} label={h.check.termsCheck} />
    </article>
  );
}
