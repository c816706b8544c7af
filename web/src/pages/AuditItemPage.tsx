// One item, in the open: who answered what, which answer won, and the proofs under the roots on chain.
import { useMemo } from "react";
import type { Hex } from "viem";
import { auditBundle, auditCampaign, auditItem, type AuditedItem } from "../app/audit";
import { useCampaign, type Opened } from "../app/campaign";
import { useChain } from "../app/chain";
import { useLoad } from "../app/load";
import { Link } from "../app/router";
import { useSite } from "../app/site";
import { service } from "../api/service";
import { Drawn, labelInShort } from "../editor/Answered";
import { groupsOf, nearOf, type Near } from "../protocol/groups";
import { answerOr, type Answer } from "../protocol/labels";
import { formOr } from "../protocol/spec";
import { t } from "../texts/en";
import { Fault } from "../ui/Fault";
import { percentText, shortHex } from "../ui/format";
import { Address, Check, Loading, Notice, Page, Section } from "../ui/parts";
import { ItemForm } from "./AuditPage";

export default function AuditItemPage({ parts }: { parts: Record<string, string> }) {
  const name = parts["campaign"] as Hex;
  const item = Number(parts["item"]);
  const { value, error, reload } = useCampaign(name);
  if (!value) return error ? <Fault error={error} retry={reload} /> : <Loading />;
  return <Shown opened={value} item={item} />;
}

function Shown({ opened, item }: { opened: Opened; item: number }) {
  const { campaign } = opened;
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
      {value && value !== "nothing" && <Found found={value.item} hash={value.hash} opened={opened} item={item} />}
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

function Found({ found, hash, opened: { campaign, spec }, item }: { found: AuditedItem; hash: boolean; opened: Opened; item: number }) {
  const form = useMemo(() => spec && formOr(spec), [spec]);
  const words = (label: Hex) => labelInShort(form, label);
  const { verdict } = found;
  const matches = useMemo(() => matching(found, spec && nearOf(spec, form), campaign.state.seed, item), [found, form, spec, campaign.state.seed, item]);
  const content = spec?.items[item];
  const given: [string, Hex][] = [...(verdict ? [[t.audit.verdict, verdict.winner] as [string, Hex]] : []), ...found.answers.map((each): [string, Hex] => [shortHex(each.annotator), each.label])];
  const drawn = form ? given.flatMap(([who, label]): [string, Answer][] => {
    const answer = answerOr(form, label);
    return answer === null ? [] : [[who, answer]];
  }) : [];
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
        {form && spec && content && <Drawn campaign={campaign.id} config={spec.task.config} form={form} item={{ ...content, index: item }} answers={drawn} />}
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
                    {verdict && <span className="quiet small-text">({matches.has(each.label) ? t.audit.winner : t.audit.differs})</span>}
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

/** The labels that count as the winner: the same one, and of regions those of its group. */
function matching(found: AuditedItem, near: Near | null, seed: Hex, item: number): ReadonlySet<Hex> {
  if (!found.verdict) return new Set();
  const { winner } = found.verdict;
  if (!near) return new Set([winner]);
  const counts = new Map<Hex, number>();
  for (const { label, answer } of found.answers) if (answer) counts.set(label, (counts.get(label) ?? 0) + 1);
  return new Set(groupsOf(near, seed, item, counts).find((group) => group.centre === winner)?.labels ?? [winner]);
}
