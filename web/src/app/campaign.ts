// A campaign with its spec, as pages need it: from the service, or from what this browser kept of it.
import { useEffect, useState } from "react";
import type { Hex } from "viem";
import { LostError } from "../api/client";
import { service } from "../api/service";
import type { CampaignAnswer, CampaignLine } from "../api/types";
import type { Spec } from "../protocol/spec";
import { database } from "../store/database";
import { useLoad } from "./load";
import { useSite } from "./site";

/** Beyond this a page does not load a spec: it lists every item. */
export const MOST_ITEMS = 50_000;

export interface Opened {
  campaign: CampaignAnswer;
  /** Null where nobody has handed it in, or it is too large for a page. */
  spec: Spec | null;
  /** The service does not answer: this is what it last said. */
  kept: boolean;
}

const specs = new Map<Hex, Promise<Spec>>();

/** A spec by its hash, checked against it; loaded once. */
export function loadSpec(digest: Hex): Promise<Spec> {
  const known = specs.get(digest);
  if (known) return known;
  const asked = Promise.all([service.spec(digest), import("../protocol/spec")]).then(([data, { readSpec }]) => readSpec(data, digest));
  specs.set(digest, asked);
  asked.catch(() => specs.delete(digest));
  return asked;
}

/** What the service said last while this page was open: newer than what the store has. */
const heard = new Map<Hex, { answer: CampaignAnswer; keptAt: number }>();

async function open(name: Hex): Promise<Opened> {
  try {
    const campaign = await service.campaign(name);
    heard.set(name, { answer: campaign, keptAt: Date.now() });
    const fits = campaign.items != null && campaign.items <= MOST_ITEMS;
    return { campaign, spec: fits ? await loadSpec(campaign.specHash) : null, kept: false };
  } catch (fault) {
    const kept = fault instanceof LostError ? await database.campaign(name).catch(() => undefined) : undefined;
    if (!kept) throw fault;
    return { campaign: aged(heard.get(name) ?? kept), spec: JSON.parse(kept.spec) as Spec, kept: true };
  }
}

/** An answer of some time ago, with the chain's time as it must be by now. */
function aged({ answer, keptAt }: { answer: CampaignAnswer; keptAt?: number }): CampaignAnswer {
  const passed = Math.max(0, Math.floor((Date.now() - (keptAt ?? Date.now())) / 1_000));
  return { ...answer, timeline: { ...answer.timeline, now: answer.timeline.now + passed } };
}

/** Keep what is needed to act without the service: parameters, rules, the time line. */
export async function keepCampaign({ campaign, spec, kept }: Opened): Promise<void> {
  if (kept || !spec) return;
  await database.saveCampaign({ campaign: campaign.id, answer: campaign, spec: JSON.stringify(spec), keptAt: Date.now() });
}

/** A campaign, looked at again every few seconds. */
export function useCampaign(name: Hex) {
  const site = useSite();
  return useLoad(() => open(name), [name], site.development ? 2_000 : 15_000);
}

/** The chain's time, going on between two looks at it. */
export function useNow(campaign: CampaignAnswer | undefined): number {
  const [, tick] = useState(0);
  const [base, setBase] = useState<{ chain: number; local: number } | null>(null);
  const chain = campaign?.timeline.now;
  useEffect(() => {
    if (chain !== undefined) setBase({ chain, local: Date.now() });
  }, [chain, campaign]);
  useEffect(() => {
    const timer = setInterval(() => tick((count) => count + 1), 1_000);
    return () => clearInterval(timer);
  }, []);
  if (!base) return chain ?? Math.floor(Date.now() / 1000);
  return base.chain + Math.floor((Date.now() - base.local) / 1000);
}

/** Whether a campaign takes work, or will: what is due when is then worth telling. */
export function isUnderWay({ status }: CampaignLine): boolean {
  return status === "created" || status === "open";
}

/** The chain's time for a list of campaigns, which any one that is under way tells; null until it has, or where none is. */
export function useListNow(lines: readonly CampaignLine[]): number | null {
  const site = useSite();
  const one = lines.find(isUnderWay)?.id;
  const { value } = useLoad(async () => (one ? service.campaign(one) : undefined), [one], site.development ? 5_000 : 60_000);
  const now = useNow(value);
  return value ? now : null;
}

/** The campaign's parameters as the contracts take them: numbers that may be large are bigints. */
export function paramsOf(campaign: CampaignAnswer) {
  const { params } = campaign;
  return {
    ...params,
    shareCap: BigInt(params.shareCap),
    stakePerLabel: BigInt(params.stakePerLabel),
    nonce: BigInt(params.nonce),
  };
}

export function poolParamsOf(campaign: CampaignAnswer) {
  const pool = campaign.poolParams;
  return {
    ...pool,
    seatStake: BigInt(pool.seatStake),
    arbitrationRefund: BigInt(pool.arbitrationRefund),
    nonce: BigInt(pool.nonce),
  };
}

export function scopeOf(campaign: CampaignAnswer) {
  return { chainId: campaign.chainId, registry: campaign.registry, campaignId: campaign.id };
}
