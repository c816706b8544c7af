// The gold of a campaign: whether it is here, when it may be revealed, and the button that does it.
import { useState } from "react";
import { paramsOf } from "../../app/campaign";
import { useChain } from "../../app/chain";
import { useLoad } from "../../app/load";
import { useSite } from "../../app/site";
import type { CampaignAnswer } from "../../api/types";
import { revealedGold } from "../../fund/chain";
import { goldFile, GoldFileError, readGoldFile, revealOf, type SealedGold } from "../../fund/gold";
import { requesterStore } from "../../fund/store";
import type { Spec } from "../../protocol/spec";
import { f } from "../../texts/en";
import { useConfirm } from "../../ui/Confirm";
import { Fault, ToldError } from "../../ui/Fault";
import { dateText, relativeText } from "../../ui/format";
import { Card, Notice } from "../../ui/parts";
import { save } from "../../ui/save";
import { registryCall } from "../../wallet/join";
import { send } from "../../wallet/send";
import { useWallet } from "../../wallet/wallet";
import { told } from "../tasks/PoolPage";
import { goldName } from "./ReviewStep";

type GoldRule = Spec["gold"] & { root?: string };

export function GoldCard({ campaign, spec, now, own }: { campaign: CampaignAnswer; spec: Spec | null; now: number; own: boolean }) {
  const site = useSite();
  const chain = useChain();
  const rule: GoldRule | undefined = spec?.gold;
  const { value, error, reload } = useLoad(
    async () => ({
      kept: (await requesterStore.gold(campaign.specHash)) ?? null,
      revealed: chain ? await revealedGold(chain, site, campaign.id) : [],
    }),
    [campaign.specHash, chain, site],
    site.development ? 3_000 : 20_000,
  );
  if (!spec || !rule) return null;
  if (rule.policy !== "merkle.v1") return <Card title={f.watch.gold.title}><p className="quiet">{f.watch.gold.none}</p></Card>;
  if (error !== undefined && !value) return <Fault error={error} retry={reload} />;
  if (!value) return null;
  const { commitEnd, revealEnd } = campaign.timeline;
  const words = f.watch.gold;
  const kept = value.kept?.root === rule.root ? value.kept : null;
  const revealed = kept ? value.revealed.includes(revealOf(kept)) : value.revealed.length > 0;
  const open = campaign.status === "open";
  return (
    <Card title={words.title}>
      {kept && <p>{words.here(kept.items.length)}</p>}
      {!kept && own && !revealed && open && now < revealEnd && <Choose campaign={campaign} rule={rule} done={reload} />}
      {revealed ? (
        <Notice kind="good" title={words.revealed} />
      ) : now >= revealEnd ? (
        <Notice kind="warn" title={words.over} />
      ) : now < commitEnd ? (
        <p className="quiet">{words.wait(dateText(commitEnd), relativeText(commitEnd, now))}</p>
      ) : (
        open && kept && <Reveal campaign={campaign} gold={kept} now={now} done={reload} />
      )}
      {kept && !revealed && (
        <div className="row">
          <button type="button" className="button small" onClick={() => save(goldName(campaign.title ?? ""), goldFile(kept), "application/json")}>
            {words.save}
          </button>
        </div>
      )}
    </Card>
  );
}

function Reveal({ campaign, gold, now, done }: { campaign: CampaignAnswer; gold: SealedGold; now: number; done: () => Promise<void> }) {
  const site = useSite();
  const { connected } = useWallet();
  const confirm = useConfirm();
  const words = f.watch.gold;
  const { revealEnd } = campaign.timeline;
  const reveal = async () => {
    const call = registryCall(site, "revealGold", [paramsOf(campaign), revealOf(gold)]);
    await confirm({
      title: words.confirm.title,
      lines: words.confirm.lines,
      yes: words.confirm.yes,
      run: async (tell) => {
        await send(site, connected!, call, told(tell));
      },
    });
    await done();
  };
  return (
    <>
      <p><strong>{words.until(dateText(revealEnd), relativeText(revealEnd, now))}</strong></p>
      <div className="row">
        <button type="button" className="button primary" disabled={!connected} onClick={() => void reveal()}>{words.reveal}</button>
      </div>
    </>
  );
}

function Choose({ campaign, rule, done }: { campaign: CampaignAnswer; rule: GoldRule; done: () => Promise<void> }) {
  const [error, setError] = useState<unknown>();
  const words = f.watch.gold;
  const take = async (file: File | undefined) => {
    if (!file) return;
    setError(undefined);
    try {
      const gold = await readGoldFile(await file.text());
      if (gold.root !== rule.root) throw new ToldError(words.other);
      await requesterStore.saveGold({ ...gold, specHash: campaign.specHash, title: campaign.title ?? "", account: campaign.requester, savedAt: Date.now() });
      await done();
    } catch (fault) {
      setError(fault instanceof GoldFileError ? new ToldError(words.broken(fault.message)) : fault);
    }
  };
  return (
    <>
      <Notice kind="warn" title={words.away} />
      <div className="field">
        <label htmlFor="gold-file">{words.choose}</label>
        <input id="gold-file" type="file" accept=".json,application/json" onChange={(event) => void take(event.target.files?.[0])} />
      </div>
      {error !== undefined && <Fault error={error} />}
    </>
  );
}
