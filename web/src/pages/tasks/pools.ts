// The pools that this oracle's campaigns run in, and the visitor's seats there.
import type { Address, Hex, PublicClient } from "viem";
import { service, type Site } from "../../api/service";
import type { CampaignAnswer, CampaignLine } from "../../api/types";
import { seatOf, type Seat } from "../../wallet/chain";

export interface PoolHere {
  id: Hex;
  /** Any campaign of it: it carries the pool's rules. */
  sample: CampaignAnswer;
  campaigns: CampaignLine[];
  seat: Seat | null;
}

/** Pools of the campaigns, those of the newest campaigns first. */
export async function poolsOf(chain: PublicClient | null, site: Site, account: Address | null): Promise<PoolHere[]> {
  const lines = await service.campaigns();
  const byPool = Map.groupBy(lines, (line) => line.pool);
  return Promise.all(
    [...byPool].map(async ([id, campaigns]) => {
      const [sample, seat] = await Promise.all([
        service.campaign(campaigns[0]!.id),
        chain && account ? seatOf(chain, site, id, account) : null,
      ]);
      return { id, sample, campaigns, seat };
    }),
  );
}
