// Where one would look for a button that rejects work: why there is none, and what one can do instead, at what cost.
import { useState } from "react";
import { paramsOf, poolParamsOf } from "../../app/campaign";
import { useChain } from "../../app/chain";
import { useLoad } from "../../app/load";
import { useSite } from "../../app/site";
import type { CampaignAnswer } from "../../api/types";
import { challengeBond } from "../../fund/chain";
import type { Spec } from "../../protocol/spec";
import { f } from "../../texts/en";
import { useUnit } from "../../ui/Amount";
import { useConfirm } from "../../ui/Confirm";
import { Fault } from "../../ui/Fault";
import { amountText, dateText, relativeText } from "../../ui/format";
import { Card, Section } from "../../ui/parts";
import { registryCall } from "../../wallet/join";
import { useWallet } from "../../wallet/wallet";
import { bonding } from "../tasks/bond";
import { TextField } from "./fields";

const NOBODY = "0x0000000000000000000000000000000000000000";
const AFTER = new Set(["final", "cancelled", "expired"]);

/** What keeps bad work down in a campaign of these rules. */
export function badWork({ pay, slash }: Pick<Spec, "pay" | "slash">): string[] {
  const words = f.watch.reject.bad;
  return [pay.policy === "flat.v1" ? words.flat : words.skill, slash.policy === "none.v1" ? words.noGold : words.gold];
}

export function RejectCard({ campaign, spec, now, reload }: { campaign: CampaignAnswer; spec: Spec | null; now: number; reload: () => Promise<void> }) {
  const words = f.watch.reject;
  const end = campaign.state.since + campaign.params.schedule.window;
  const [first, ...more] = words.lines;
  const open = campaign.status === "proposed" && now < end;
  return (
    <Section title={words.title}>
      <Card>
        <ul>
          {[first, ...(spec ? badWork(spec) : []), ...more].map((line) => <li key={line}>{line}</li>)}
        </ul>
        {open ? (
          <Challenge campaign={campaign} end={end} now={now} reload={reload} />
        ) : (
          <p className="quiet">{AFTER.has(campaign.status) || campaign.status === "proposed" ? words.over : words.later}</p>
        )}
      </Card>
    </Section>
  );
}

function Challenge({ campaign, end, now, reload }: { campaign: CampaignAnswer; end: number; now: number; reload: () => Promise<void> }) {
  const site = useSite();
  const chain = useChain();
  const { connected } = useWallet();
  const confirm = useConfirm();
  const unit = useUnit(campaign.token);
  const [reasons, setReasons] = useState("");
  const [error, setError] = useState<unknown>();
  const { value, error: lost, reload: again } = useLoad(async () => (chain ? challengeBond(chain, site, campaign.id) : null), [chain, site, campaign.id, campaign.status]);
  if (lost !== undefined) return <Fault error={lost} retry={again} />;
  if (!value || !unit) return null;
  const words = f.watch.reject;
  const { bond, proposal } = value;
  const amount = amountText(bond, unit, unit.decimals);

  const start = async () => {
    setError(undefined);
    try {
      const paid = await bonding(chain!, site, connected!, campaign.token, bond, unit, words.confirm.last);
      const call = registryCall(site, "challenge", [poolParamsOf(campaign), paramsOf(campaign), proposal, bond, reasons]);
      await confirm({
        title: words.confirm.title(amount),
        lines: [paid.from, ...words.confirm.lines, ...paid.lines, ...(campaign.poolParams.arbitrator === NOBODY ? [words.confirm.noArbitrator] : [])],
        yes: words.confirm.yes,
        run: (tell) => paid.send(call, tell),
      });
      await reload();
    } catch (fault) {
      setError(fault);
    }
  };
  return (
    <>
      <p>{words.cost(amount, amountText(bond / 8n, unit, unit.decimals))}</p>
      <p className="quiet">{words.until(dateText(end), relativeText(end, now))} {words.verify}</p>
      <TextField label={words.reasons} value={reasons} change={setReasons} lines={2} />
      <div className="row">
        <button type="button" className="button" disabled={!connected || !reasons.trim()} onClick={() => void start()}>{words.challenge}</button>
      </div>
      {error !== undefined && <Fault error={error} />}
    </>
  );
}
