// One item, in the open: who answered what, which answer won, and the proofs under the roots on chain.
import type { Hex } from "viem";
import { auditBundle, auditCampaign, auditItem, type AuditedItem } from "../app/audit";
import { useCampaign, type Opened } from "../app/campaign";
import { useChain } from "../app/chain";
import { useLoad } from "../app/load";
import { Link } from "../app/router";
import { useSite } from "../app/site";
import { service } from "../api/service";
import { readForm, type Form } from "../protocol/labels";
import type { Spec } from "../protocol/spec";
import { t } from "../texts/en";
import { Fault } from "../ui/Fault";
import { percentText } from "../ui/format";
import { Address, Check, Loading, Notice, Page, Section } from "../ui/parts";
import { ItemForm } from "./AuditPage";

export default function AuditItemPage({ parts }: { parts: Record<string, string> }) {
  const name = parts["campaign"] as Hex;
  const item = Number(parts["item"]);
  const { value, error, reload } = useCampaign(name);
  if (!value) return error ? <Fault error={error} retry={reload} /> : <Loading />;
  return <Shown opened={value} item={item} />;
}

function Shown({ opened: { campaign, spec }, item }: { opened: Opened; item: number }) {
  const site = useSite();
  const chain = useChain();
  const { value: shown } = useLoad(() => service.item(campaign.id, item), [campaign.id, item]);
  const { value, error, loading, reload } = useLoad(async () => {
    if (!chain) return null;
    const { onchain } = await auditCampaign(chain, site, campaign);
    if (!onchain.posted || !onchain.stands) return "nothing";
    const { bundle, hash } = await auditBundle(site, campaign, onchain.posted);
    return { item: await auditItem(site, campaign, onchain.posted, bundle, item), hash };
  }, [campaign.id, campaign.status, item, chain]);
  const last = (campaign.items ?? 1) - 1;
  return (
    <Page title={t.audit.itemTitle(item)} crumb={{ href: `/campaigns/${campaign.id}/audit`, text: t.audit.title }} lead={shown?.name ?? undefined}>
      {error !== undefined && <Fault error={error} retry={reload} />}
      {loading && !value && error === undefined && <Loading />}
      {value === null && (
        <Notice kind="warn" title={t.faults.noChain.what}>
          <p>{t.faults.noChain.todo}</p>
        </Notice>
      )}
      {value === "nothing" && (
        <Notice title={t.audit.nothing}>
          <p>{t.audit.nothingTodo}</p>
        </Notice>
      )}
      {value && value !== "nothing" && <Found found={value.item} hash={value.hash} spec={spec} />}
      <nav className="row" aria-label={t.audit.item}>
        {item > 0 && (
          <Link className="button small" href={`/campaigns/${campaign.id}/audit/${item - 1}`}>
            ← {t.audit.neighbours.previous}
          </Link>
        )}
        {item < last && (
          <Link className="button small" href={`/campaigns/${campaign.id}/audit/${item + 1}`}>
            {t.audit.neighbours.next} →
          </Link>
        )}
      </nav>
      <ItemForm campaign={campaign} item={item} />
    </Page>
  );
}

function Found({ found, hash, spec }: { found: AuditedItem; hash: boolean; spec: Spec | null }) {
  const form = formOr(spec);
  const words = (label: Hex) => describe(form, label);
  const { verdict } = found;
  return (
    <>
      <Section title={t.audit.verdict}>
        {verdict ? (
          <div className="card">
            <p className="verdict">{words(verdict.winner)}</p>
            <p className="quiet">
              {t.audit.confidence(percentText(verdict.confidenceQ16, 65_536))}, {verdict.accepted ? t.audit.accepted : t.audit.contested}
            </p>
            <ul className="checks">
              <Check good={hash} title={t.audit.bundleHash} />
              <Check good={verdict.proof} title={t.audit.verdictProof} />
            </ul>
          </div>
        ) : (
          <Notice title={t.audit.noVerdict} />
        )}
      </Section>
      <Section title={t.audit.answers}>
        <div className="table-wrap" tabIndex={0} role="region" aria-label={t.audit.answers}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t.audit.annotator}</th>
                <th scope="col">{t.audit.answer}</th>
                <th scope="col">{t.audit.proof}</th>
              </tr>
            </thead>
            <tbody>
              {found.answers.map((each) => (
                <tr key={each.annotator}>
                  <td>
                    <Address of={each.annotator} />
                  </td>
                  <td>
                    {words(each.label)}{" "}
                    {verdict && <span className="quiet small-text">({each.label === verdict.winner ? t.audit.winner : t.audit.differs})</span>}
                  </td>
                  <td>
                    {!each.answer && <span className="quiet">{t.audit.notCounted}</span>}
                    {each.answer && <span className={`mark ${each.proof ? "good" : "bad"}`} role="img" aria-label={each.proof ? t.checks.holds : t.checks.fails}>
                      {each.proof ? "✓" : "✕"}
                    </span>}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Section>
    </>
  );
}

function formOr(spec: Spec | null): Form | null {
  try {
    return spec && readForm(spec.task.type, spec.task.config);
  } catch {
    return null;
  }
}

function describe(form: Form | null, label: Hex): string {
  try {
    return form ? form.describe(form.decode(label)) : label;
  } catch {
    return label;
  }
}
