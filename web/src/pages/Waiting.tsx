// Why the oracle has not accepted a campaign yet: with amounts in its token where that can be computed, else as the oracle says it.
import type { CampaignAnswer } from "../api/types";
import { service } from "../api/service";
import { useLoad } from "../app/load";
import { declinedFor, offeredBy, takenFrom, type Declined } from "../fund/acceptance";
import { t } from "../texts/en";
import { useUnit } from "../ui/Amount";
import { amountText, dateText, spanText } from "../ui/format";
import { Notice } from "../ui/parts";
import type { Unit } from "../wallet/chain";

const DECLINED = "not accepted: ";

export function Waiting({ campaign, now }: { campaign: CampaignAnswer; now: number }) {
  if (campaign.status !== "created" || !campaign.waitsFor || now >= campaign.acceptEnd) return null;
  return <Told campaign={campaign} reason={campaign.waitsFor} now={now} />;
}

function Told({ campaign, reason, now }: { campaign: CampaignAnswer; reason: string; now: number }) {
  const unit = useUnit(campaign.token);
  const isDeclined = reason.startsWith(DECLINED);
  const { value: asked } = useLoad(async () => (isDeclined ? service.acceptance() : null), [isDeclined]);
  const lines: string[] = [];
  if (asked && unit) {
    const offered = offeredBy(campaign);
    lines.push(...declinedFor(asked, offered).map((each) => reasonOf(each, unit)));
    const from = takenFrom(asked, offered);
    if (now < from && from < campaign.acceptEnd) lines.push(t.waits.later(dateText(from)));
  }
  if (!lines.length) lines.push(t.waits.says(isDeclined ? reason.slice(DECLINED.length) : reason));
  return (
    <Notice kind="warn" title={t.waits.title}>
      {lines.map((line) => <p key={line}>{line}</p>)}
      <p className="quiet small-text">{t.waits.until(dateText(campaign.acceptEnd))}</p>
    </Notice>
  );
}

export function reasonOf(each: Declined, unit: Unit): string {
  const exact = (amount: bigint) => amountText(amount, unit, unit.decimals);
  switch (each.kind) {
    case "requester": return t.declined.requester(each.requester);
    case "escrow": return t.declined.escrow(exact(each.given), exact(each.least));
    case "fee": return t.declined.fee(exact(each.given), exact(each.least));
    case "long": return t.declined.long(spanText(each.given), spanText(each.most));
  }
}
