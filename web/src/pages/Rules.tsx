// A spec in words: each rule a sentence, with this campaign's numbers.
import type { CampaignAnswer } from "../api/types";
import type { Spec } from "../protocol/spec";
import { t } from "../texts/en";
import { amountText, bpsText, countText, percentText, sharesText } from "../ui/format";
import type { Unit } from "../wallet/chain";

export function rulesOf(spec: Spec, campaign: CampaignAnswer, unit: Unit): string[] {
  const rule = t.campaign.rule;
  const price = amountText(spec.price, unit);
  const weight = sharesText(spec.share_weight);
  const { from_bps: from, full_bps: full } = spec.skill;
  return [
    rule.items(countText(spec.items.length), spec.redundancy.k),
    spec.assignment.policy === "given.v1" ? rule.given : rule.rendezvous(bpsText(spec.assignment.cap_bps ?? 0)),
    aggregationRule(spec.aggregation.policy),
    ...(spec.task.overlap_bps && spec.task.alike_bps ? [rule.alike(bpsText(spec.task.overlap_bps), bpsText(spec.task.alike_bps))] : []),
    rule.accept(percentText(spec.acceptance.numerator, spec.acceptance.denominator)),
    rule.contested,
    spec.pay.policy === "flat.v1" ? rule.flatPay(price) : rule.skillPay(price, bpsText(from), bpsText(full)),
    spec.shares.policy === "flat.v1" ? rule.flatShares(weight) : rule.skillShares(weight),
    spec.gold.policy === "merkle.v1" ? rule.gold(countText(spec.gold.count ?? 0)) : rule.noGold,
    ...lossRules(spec),
    rule.fee(bpsText(campaign.params.feeBps)),
  ];
}

function aggregationRule(policy: string): string {
  if (policy === "majority.v1") return t.campaign.rule.majority;
  return policy === "committee.v1" ? t.campaign.rule.committee : t.campaign.rule.dawidSkene;
}

/** How stake is lost by these rules: what whoever enrols signs for. */
export function lossRules({ slash }: Spec): string[] {
  if (slash.policy !== "skill-and-gold.v1") return [t.campaign.rule.noSlash];
  const first = t.campaign.rule.slash(bpsText(slash.part_bps ?? 0), slash.min_labels ?? 20, slash.min_gold ?? 3);
  return slash.forfeit_bps ? [first, t.campaign.rule.forfeit(bpsText(slash.forfeit_bps))] : [first];
}
