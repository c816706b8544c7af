// How good the labels are, drawn, and the results to download; all from the published evidence, checked first.
import { useMemo, useState } from "react";
import { auditBundle, type AuditedBundle } from "../../app/audit";
import { useChain } from "../../app/chain";
import { useLoad } from "../../app/load";
import { Link } from "../../app/router";
import { useSite } from "../../app/site";
import { service } from "../../api/service";
import type { CampaignAnswer } from "../../api/types";
import { qualityOf, type Quality, type Skill } from "../../fund/quality";
import { csvOf, jsonLinesOf, resultsOf } from "../../fund/results";
import { labelInShort } from "../../editor/Answered";
import { nearOf } from "../../protocol/groups";
import { Regions, type Form } from "../../protocol/labels";
import { readOnchain, type Settlement } from "../../protocol/settlement";
import { formOf, type Spec } from "../../protocol/spec";
import { f, t } from "../../texts/en";
import { Fault, ToldError } from "../../ui/Fault";
import { countText, percentText } from "../../ui/format";
import { byAccount, byName, Pager, usePages } from "../../ui/Pages";
import { Address, Card, Figures, Loading, Notice, Section } from "../../ui/parts";
import { save } from "../../ui/save";

const SETTLED = new Set(["proposed", "disputed", "final"]);
const SHOWN = 24;

export function QualitySection({ campaign, spec }: { campaign: CampaignAnswer; spec: Spec | null }) {
  const site = useSite();
  const chain = useChain();
  const settled = SETTLED.has(campaign.status) && campaign.proposal !== null && campaign.proposal !== undefined;
  const name = settled ? campaign.proposal!.bundleHash : null;
  const { value, error, reload } = useLoad(async () => {
    if (!name || !chain) return null;
    const onchain = await readOnchain(chain, site.registry, campaign.id, BigInt(site.block));
    if (!onchain.posted || !onchain.stands) throw new ToldError(f.watch.quality.broken);
    const audited = await auditBundle(site, campaign, onchain.posted);
    if (!audited.hash || !audited.payoutRoot || !audited.truthRoot || !audited.payoutSum) throw new ToldError(f.watch.quality.broken);
    return { audited, posted: onchain.posted };
  }, [name, chain, site]);
  const form = useMemo(() => (spec ? formOf(spec) : null), [spec]);
  if (!settled) {
    return (
      <Section title={f.watch.quality.title} note={f.watch.quality.before}>
        <p className="quiet">{f.watch.download.before}</p>
      </Section>
    );
  }
  if (error !== undefined) return <Section title={f.watch.quality.title}><Fault error={error} retry={reload} /></Section>;
  if (!value) return <Section title={f.watch.quality.title}><Loading /></Section>;
  return <Shown campaign={campaign} spec={spec} form={form} audited={value.audited} posted={value.posted} />;
}

function Shown({ campaign, spec, form, audited, posted }: { campaign: CampaignAnswer; spec: Spec | null; form: Form | null; audited: AuditedBundle; posted: Settlement }) {
  const { seed } = campaign.state;
  const quality = useMemo(() => qualityOf(audited.bundle, form, spec?.gold.weight ?? 1, spec && nearOf(spec, form), seed), [audited, form, spec, seed]);
  return (
    <>
      <Section title={f.watch.quality.title} note={f.watch.quality.checked}>
        <Card>
          <Figures
            rows={[
              [f.watch.quality.agreement, percentText(quality.agreeing, quality.labels)],
              [f.watch.quality.alike, quality.pairs ? percentText(quality.alike, quality.pairs) : "—"],
              [f.watch.quality.accepted, `${countText(quality.accepted)} / ${countText(quality.items)}`],
              ...(quality.gold.count ? [[f.watch.quality.gold, quality.gold.answered ? percentText(quality.gold.right, quality.gold.answered) : "—", quality.gold.void ? f.watch.quality.voids(quality.gold.void) : undefined] as const] : []),
            ]}
          />
        </Card>
        <div className="columns">
          <Confusion quality={quality} form={form} />
          <Contested quality={quality} campaign={campaign} spec={spec} form={form} />
        </div>
        <Skills skills={quality.skills} />
      </Section>
      <Downloads campaign={campaign} spec={spec} form={form} audited={audited} posted={posted} />
    </>
  );
}

function Confusion({ quality: { confusion }, form }: { quality: Quality; form: Form | null }) {
  const words = f.watch.quality;
  if (!confusion) return <Card title={words.confusion}><p className="quiet">{form instanceof Regions ? words.confusionRegions : words.confusionLarge}</p></Card>;
  const { names, counts } = confusion;
  return (
    <Card title={words.confusion}>
      <p className="quiet small-text">{words.confusionNote}</p>
      <div className="table-wrap flat" tabIndex={0} role="region" aria-label={words.confusion}>
        <table className="matrix">
          <thead>
            <tr>
              <th scope="col">{`${words.won} ↓ · ${words.given} →`}</th>
              {names.map((name) => <th key={name} scope="col">{name}</th>)}
            </tr>
          </thead>
          <tbody>
            {names.map((won, row) => (
              <tr key={won}>
                <th scope="row">{won}</th>
                {names.map((given, column) => {
                  const count = counts[row]![column]!;
                  return (
                    <td key={given} data-level={levelOf(count, counts[row]!)} title={words.cell(won, given, count)}>
                      {count}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

/** How dark a cell is: its part of the row. */
function levelOf(count: number, row: readonly number[]): number {
  const sum = row.reduce((all, each) => all + each, 0);
  if (!count) return 0;
  const part = count / sum;
  return part < 0.15 ? 1 : part < 0.5 ? 2 : 3;
}

function Contested({ quality, campaign, spec, form }: { quality: Quality; campaign: CampaignAnswer; spec: Spec | null; form: Form | null }) {
  const words = f.watch.quality;
  const { contested } = quality;
  const pages = usePages(contested, SHOWN);
  const nameOf = (item: number) => spec?.items[item]?.name ?? t.audit.itemTitle(item);
  return (
    <Card title={words.contested}>
      <p className="quiet small-text">{contested.length ? words.contestedNote : words.contestedNone}</p>
      <ul className="news">
        {pages.rows.map((row, at) => (
          <li key={row.item} {...pages.mark(at)}>
            <Link href={`/campaigns/${campaign.id}/audit/${row.item}`}>{nameOf(row.item)}</Link>
            <span className="quiet small-text">{`${form ? `${labelInShort(form, row.winner)}, ` : ""}${words.certain(percentText(row.confidenceQ16, 65_536))}`}</span>
          </li>
        ))}
      </ul>
      <Pager pages={pages} name={words.contested} find={byName(contested, (row) => [nameOf(row.item), String(row.item + 1)])} />
    </Card>
  );
}

const [WIDTH, HEIGHT, EDGE] = [400, 22, 8];

function Skills({ skills }: { skills: readonly Skill[] }) {
  const words = f.watch.quality;
  const pages = usePages(skills, SHOWN);
  return (
    <Card title={words.skills}>
      <p className="quiet small-text">{words.skillsNote}</p>
      <ul className="skills">
        {pages.rows.map((each, at) => (
          <li key={each.annotator} {...pages.mark(at)}>
            <div>
              <Address of={each.annotator} />
              <small>{words.labels(each.labels, each.accepted)}</small>
            </div>
            <SkillLine skill={each} />
          </li>
        ))}
      </ul>
      <Pager pages={pages} name={words.skills} find={byAccount(skills.map(({ annotator: account }) => ({ account })))} />
    </Card>
  );
}

function SkillLine({ skill: { skill, interval } }: { skill: Skill }) {
  const clipped = (value: number) => Math.max(-1, Math.min(1, value));
  const x = (value: number) => EDGE + ((clipped(value) + 1) / 2) * (WIDTH - 2 * EDGE);
  const told = `${f.watch.quality.skill} ${skill.toFixed(2)}${interval ? `, ${f.watch.quality.interval(interval.low.toFixed(2), interval.high.toFixed(2))}` : ""}`;
  return (
    <svg className="chart" viewBox={`0 0 ${WIDTH} ${HEIGHT + 14}`} role="img" aria-label={told}>
      <line className="axis" x1={EDGE} x2={WIDTH - EDGE} y1={HEIGHT / 2} y2={HEIGHT / 2} />
      <line className="axis" x1={x(0)} x2={x(0)} y1="2" y2={HEIGHT - 2} />
      {interval && <line className="bar" x1={x(interval.low)} x2={x(interval.high)} y1={HEIGHT / 2} y2={HEIGHT / 2} />}
      <circle className="dot" cx={x(skill)} cy={HEIGHT / 2} r="5.5" />
      <text x={Math.max(16, Math.min(WIDTH - 16, x(skill)))} y={HEIGHT + 11} textAnchor="middle">{skill.toFixed(2)}</text>
    </svg>
  );
}

function Downloads({ campaign, spec, form, audited, posted }: { campaign: CampaignAnswer; spec: Spec | null; form: Form | null; audited: AuditedBundle; posted: Settlement }) {
  const [error, setError] = useState<unknown>();
  const words = f.watch.download;
  const name = `labelshare-${campaign.id.slice(2, 10)}`;
  const results = () => resultsOf(spec!, form!, audited.bundle, campaign.state.seed);
  const bundle = async () => {
    setError(undefined);
    try {
      save(`${name}-bundle.jsonl`, await service.bundle(campaign.id, posted.bundleHash), "application/x-ndjson");
    } catch (fault) {
      setError(fault);
    }
  };
  return (
    <Section title={words.title} note={words.note}>
      {campaign.status !== "final" && <Notice kind="warn" title={words.notFinal} />}
      <div className="row">
        {spec && form && (
          <>
            <button type="button" className="button primary" onClick={() => save(`${name}.csv`, csvOf(results()), "text/csv")}>{words.csv}</button>
            <button type="button" className="button" onClick={() => save(`${name}.jsonl`, jsonLinesOf(results()), "application/x-ndjson")}>{words.jsonl}</button>
          </>
        )}
        <button type="button" className="button" onClick={() => void bundle()}>{words.bundle}</button>
      </div>
      {error !== undefined && <Fault error={error} />}
    </Section>
  );
}
