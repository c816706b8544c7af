// A requester's own money: credit to withdraw, and a campaign that can be cancelled.
import { paramsOf } from "../../app/campaign";
import { useChain } from "../../app/chain";
import { useLoad } from "../../app/load";
import { useSite } from "../../app/site";
import type { CampaignAnswer } from "../../api/types";
import { f } from "../../texts/en";
import { useUnit } from "../../ui/Amount";
import { useConfirm } from "../../ui/Confirm";
import { Fault } from "../../ui/Fault";
import { amountText } from "../../ui/format";
import { Card } from "../../ui/parts";
import { purseOf } from "../../wallet/chain";
import { registryCall } from "../../wallet/join";
import { send, type ContractCall } from "../../wallet/send";
import { useWallet } from "../../wallet/wallet";
import { told } from "../tasks/PoolPage";

export function MoneyCard({ campaign, now, reload }: { campaign: CampaignAnswer; now: number; reload: () => Promise<void> }) {
  const site = useSite();
  const chain = useChain();
  const confirm = useConfirm();
  const { connected } = useWallet();
  const unit = useUnit(campaign.token);
  const loaded = useLoad(
    async () => (chain && connected ? purseOf(chain, site, campaign.token, connected.account) : null),
    [chain, connected?.account, campaign.token],
    site.development ? 3_000 : 20_000,
  );
  if (loaded.error !== undefined && !loaded.value) return <Fault error={loaded.error} retry={loaded.reload} />;
  if (!loaded.value || !unit || !connected) return null;
  const { credit } = loaded.value;
  const words = f.watch.money;
  const { status, timeline, state } = campaign;
  const cancellable = (status === "created" && now >= timeline.acceptEnd) || (status === "open" && !state.committed && now >= timeline.commitEnd);
  const act = async (title: string, lines: readonly string[], yes: string, call: ContractCall) => {
    await confirm({
      title,
      lines,
      yes,
      run: async (tell) => {
        await send(site, connected, call, told(tell));
      },
    });
    await Promise.all([loaded.reload(), reload()]);
  };
  const [amount, escrow] = [amountText(credit, unit, unit.decimals), amountText(state.escrow, unit, unit.decimals)];
  return (
    <Card title={words.title}>
      <p className={credit ? "" : "quiet"}>{credit ? words.credit(amount) : words.none}</p>
      {credit > 0n && (
        <div className="row">
          <button type="button" className="button" onClick={() => void act(words.withdrawTitle, words.withdrawLines(amount), words.withdraw, registryCall(site, "withdraw", [campaign.token, credit]))}>
            {words.withdraw}
          </button>
        </div>
      )}
      {cancellable && (
        <>
          <p>{words.cancelWhy}</p>
          <div className="row">
            <button type="button" className="button" onClick={() => void act(words.cancelTitle, words.cancelLines(escrow), words.cancel, registryCall(site, "cancel", [paramsOf(campaign)]))}>
              {words.cancel}
            </button>
          </div>
        </>
      )}
    </Card>
  );
}
