// The pools that this oracle's campaigns run in, and the visitor's seats there.
import type { Address, Hex, PublicClient } from "viem";
import type { Listed } from "../../api/client";
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

/** Pools of the campaigns, those of the newest campaigns first; of so many campaigns at most. */
export async function poolsOf(chain: PublicClient | null, site: Site, account: Address | null, most: number): Promise<Listed<PoolHere>> {
  const { rows: lines, more } = await service.campaigns(most);
  const byPool = Map.groupBy(lines, (line) => line.pool);
  const rows = await Promise.all(
    [...byPool].map(async ([id, campaigns]) => {
      const [sample, seat] = await Promise.all([
        service.campaign(campaigns[0]!.id),
        chain && account ? seatOf(chain, site, id, account) : null,
      ]);
      return { id, sample, campaigns, seat };
    }),
  );
  return { rows, more };
}
