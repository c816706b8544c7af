// The items to practise on: what a finished campaign settled, from its evidence, held against the chain as an audit does.
import type { PublicClient } from "viem";
import { service, type Site } from "../api/service";
import type { CampaignAnswer } from "../api/types";
import { counted } from "../fund/quality";
import type { TruthRow } from "../protocol/bundle";
import { areAlike, nearOf, type Near } from "../protocol/groups";
import { LabelError, type Answer, type Form } from "../protocol/labels";
import type { Settlement } from "../protocol/settlement";
import { formOf, type Spec } from "../protocol/spec";
import { auditBundle, auditCampaign } from "./audit";
import { loadSpec } from "./campaign";
import type { Ground } from "./practice";

/** So many items make a round. */
export const ROUND = 10;

/** An item with what was made of it. */
export interface Settled {
  item: number;
  winner: Answer;
  confidenceQ16: number;
  /** What was answered and how often, the most frequent first. */
  given: [answer: Answer, count: number][];
}

/** An item that was answered; null where it was skipped. */
export type Done = Settled & { answer: Answer | null };

export interface Practice {
  campaign: CampaignAnswer;
  spec: Spec;
  form: Form;
  /** Where answers are regions: which are near enough. */
  near: Near | null;
  settled: Settled[];
  /** Whether the evidence is what the chain names; null where there is no way to the chain. */
  proven: boolean | null;
}

export async function openPractice(chain: PublicClient | null, site: Site, { finished, hidden }: Ground): Promise<Practice> {
  const campaign = await service.campaign(finished.id);
  const spec = await loadSpec(campaign.specHash);
  const form = formOf(spec);
  const posted = chain ? await standing(chain, site, campaign) : shownSettlement(campaign);
  const near = nearOf(spec, form);
  const nothing = { campaign, spec, form, near, settled: [], proven: false };
  if (!posted) return nothing;
  const { bundle, hash, truthRoot } = await auditBundle(site, campaign, posted);
  if (!hash || !truthRoot) return nothing;
  const given = counted(bundle, near, campaign.state.seed);
  const settled = bundle.truths.flatMap((row) => {
    const content = spec.items[row.item];
    const counts = given.get(row.item);
    // A contested item has no settled answer that one could be held against.
    return row.accepted && content && counts && !hidden.has(content.digest) ? settledOf(form, row, counts) : [];
  });
  return { campaign, spec, form, near, settled, proven: chain ? true : null };
}

/** Whether an answer would count as the result. */
export function agrees({ form, near }: Pick<Practice, "form" | "near">, answer: Answer, winner: Answer): boolean {
  return near ? areAlike(near, form.encode(answer), form.encode(winner)) : answer === winner;
}

/** The settlement that the chain has; null where the service shows another campaign, or the chain has none. */
async function standing(chain: PublicClient, site: Site, campaign: CampaignAnswer): Promise<Settlement | null> {
  const { onchain, id } = await auditCampaign(chain, site, campaign);
  return id && onchain.status === "final" && onchain.stands ? onchain.posted : null;
}

/** The settlement as the service tells it. */
function shownSettlement({ proposal }: CampaignAnswer): Settlement | null {
  if (!proposal) return null;
  return { ...proposal, payoutTotal: BigInt(proposal.payoutTotal), shareTotal: BigInt(proposal.shareTotal) };
}

function settledOf(form: Form, row: TruthRow, counts: ReadonlyMap<TruthRow["winner"], number>): Settled[] {
  try {
    const given = [...counts].map(([label, count]): [Answer, number] => [form.decode(label), count]);
    given.sort(([, one], [, other]) => other - one);
    return [{ item: row.item, winner: form.decode(row.winner), confidenceQ16: row.confidenceQ16, given }];
  } catch (fault) {
    if (fault instanceof LabelError) return []; // no label of the form: nobody could have answered it
    throw fault;
  }
}

/** Items for a round, at random, of those that were not seen yet. */
export function roundOf(settled: readonly Settled[], seen: ReadonlySet<number>): Settled[] {
  const pool = settled.filter((each) => !seen.has(each.item));
  for (let at = pool.length - 1; at > 0; at -= 1) {
    const other = Math.floor(Math.random() * (at + 1));
    [pool[at], pool[other]] = [pool[other]!, pool[at]!];
  }
  return pool.slice(0, ROUND);
}
