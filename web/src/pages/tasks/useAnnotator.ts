// What every page of a campaign's work starts from: campaign, rules, account, and the batches in this browser.
import { useMemo } from "react";
import type { Hex } from "viem";
import type { Here } from "../../app/annotator";
import { useCampaign, useNow, type Opened } from "../../app/campaign";
import { useLoad } from "../../app/load";
import { useSite } from "../../app/site";
import { formOf } from "../../protocol/spec";
import type { Form } from "../../protocol/labels";
import { database, type KeptBatch } from "../../store/database";
import { useSession } from "../../wallet/session";
import { useWallet } from "../../wallet/wallet";

export interface Working {
  opened: Opened | undefined;
  error: unknown;
  reload: () => Promise<void>;
  now: number;
  here: Here | null;
  /** Whether the connected account is signed in. */
  signedIn: boolean;
  form: Form | null;
  batches: readonly KeptBatch[] | undefined;
  reloadBatches: () => Promise<void>;
}

export function useWorking(name: Hex): Working {
  const site = useSite();
  const { connected } = useWallet();
  const { account } = useSession();
  const { value: opened, error, reload } = useCampaign(name);
  const now = useNow(opened?.campaign);
  const batches = useLoad(
    async () => (connected ? database.batches(name, connected.account) : []),
    [name, connected?.account],
  );
  const campaign = opened?.campaign;
  const here = useMemo(() => (connected && campaign ? { site, connected, campaign } : null), [site, connected, campaign]);
  const spec = opened?.spec;
  const form = useMemo(() => {
    try {
      return spec ? formOf(spec) : null;
    } catch {
      return null;
    }
  }, [spec]);
  return { opened, error, reload, now, here, signedIn: account !== null, form, batches: batches.value, reloadBatches: batches.reload };
}
