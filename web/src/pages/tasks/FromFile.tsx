// What a file of evidence is good for when the oracle is silent: proposing the result that it holds, and claiming one's pay by it.
import { useState } from "react";
import { paramsOf, poolParamsOf } from "../../app/campaign";
import { useChain } from "../../app/chain";
import { claimOf } from "../../app/claims";
import { useLoad } from "../../app/load";
import { readOpenResult, type OpenResult } from "../../app/openly";
import { Link } from "../../app/router";
import { useSite } from "../../app/site";
import type { CampaignAnswer } from "../../api/types";
import { openTerms } from "../../fund/chain";
import type { Spec } from "../../protocol/spec";
import { t } from "../../texts/en";
import { AmountIn, Shares, useUnit } from "../../ui/Amount";
import { useConfirm } from "../../ui/Confirm";
import { Fault } from "../../ui/Fault";
import { amountText, relativeText, sharesText } from "../../ui/format";
import { Card, Figures, Notice } from "../../ui/parts";
import { save } from "../../ui/save";
import { registryCall } from "../../wallet/join";
import { send } from "../../wallet/send";
import { useWallet } from "../../wallet/wallet";
import { bonding } from "./bond";
import { told } from "./PoolPage";

interface Given {
  campaign: CampaignAnswer;
  reload: () => Promise<void>;
}

/** Anyone's proposal, once the oracle's own time and the rescue are over. */
export function ProposeCard({ campaign, spec, now, reload }: Given & { spec: Spec | null; now: number }) {
  const site = useSite();
  const chain = useChain();
  const { connected } = useWallet();
  const [result, setResult] = useState<OpenResult | null>(null);
  const { schedule } = campaign.params;
  const { value: terms } = useLoad(
    async () => (chain ? openTerms(chain, site, campaign.id, poolParamsOf(campaign), schedule, campaign.timeline.settleEnd) : null),
    [chain, site, campaign.id, campaign.status],
  );
  const words = t.silent;
  if (campaign.status !== "open" || !terms) return <Card title={words.propose}><p>{words.proposeNot}</p></Card>;
  if (now < terms.start) return <Card title={words.propose}><p>{words.proposeLater(relativeText(terms.start, now))}</p></Card>;
  const take = async (file: File) => setResult(await readOpenResult(chain!, site, campaign, connected!.account, file));
  return (
    <Card title={words.propose}>
      <p>{words.proposeNow}</p>
      <p>{words.proposeHow}</p>
      <pre tabIndex={0}>{`labelshare campaign compute-openly ${campaign.id} --spec spec.json --out bundle.jsonl`}</pre>
      {spec && (
        <p>
          <button type="button" className="button small" onClick={() => save("spec.json", JSON.stringify(spec), "application/json")}>{words.file.spec}</button>
        </p>
      )}
      {connected && <FileField id="open-result" label={words.file.proposed} begin={() => setResult(null)} take={take} />}
      {connected && result && <Proposal {...{ campaign, result, reload }} bond={terms.bond} />}
    </Card>
  );
}

function Proposal({ campaign, result, bond, reload }: Given & { result: OpenResult; bond: bigint }) {
  const site = useSite();
  const chain = useChain();
  const { connected } = useWallet();
  const confirm = useConfirm();
  const unit = useUnit(campaign.token);
  const [error, setError] = useState<unknown>();
  if (!unit || !chain || !connected) return null;
  const { settlement, own, openings, revealed } = result;
  const words = t.silent.openly;
  const amount = amountText(bond, unit, unit.decimals);
  const start = async () => {
    setError(undefined);
    try {
      const paid = await bonding(chain, site, connected, campaign.token, bond, unit, words.last);
      const call = registryCall(site, "proposeOpenly", [poolParamsOf(campaign), paramsOf(campaign), settlement, bond]);
      const went = await confirm({
        title: words.title(amount),
        lines: [paid.from, ...words.lines, ...paid.lines],
        yes: words.yes,
        run: (tell) => paid.send(call, tell),
      });
      if (went) await reload();
    } catch (fault) {
      setError(fault);
    }
  };
  return (
    <>
      <Figures
        rows={[
          [words.pay, <AmountIn of={settlement.payoutTotal} unit={unit} />, words.accounts(settlement.leaves)],
          [words.own, <AmountIn of={own?.payout ?? 0n} unit={unit} />, <Shares of={own?.shares ?? 0n} />],
          [words.openings, openings, words.ofRevealed(revealed)],
          [words.bond, amount],
        ]}
      />
      <p className="quiet small-text">{words.unchecked}</p>
      <div className="row">
        <button type="button" className="button primary" onClick={() => void start()}>{words.button}</button>
      </div>
      {error !== undefined && <Fault error={error} />}
    </>
  );
}

/** Claiming: on the page of earnings by the oracle's evidence, or here by anybody's. */
export function ClaimCard({ campaign, reload }: Given) {
  const site = useSite();
  const chain = useChain();
  const { connected } = useWallet();
  const confirm = useConfirm();
  const unit = useUnit(campaign.token);
  const [done, setDone] = useState(false);
  const take = async (file: File) => {
    const data = new Uint8Array(await file.arrayBuffer());
    const { row, call } = await claimOf(chain!, site, campaign, connected!.account, data);
    setDone(
      await confirm({
        title: t.earnings.words.title,
        lines: t.earnings.words.lines(amountText(row.payout, unit!, unit!.decimals), sharesText(row.shares)),
        yes: t.earnings.words.yes,
        run: async (tell) => void (await send(site, connected!, call, told(tell))),
      }),
    );
    await reload();
  };
  return (
    <Card title={t.silent.claim}>
      <p>{t.silent.claimTodo}</p>
      <p>
        <Link href="/earnings">{t.earnings.title}</Link>
      </p>
      {done && <Notice kind="good" title={t.silent.file.claimed} />}
      {campaign.status === "final" && chain && connected && unit && <FileField id="evidence" label={t.silent.file.claim} begin={() => setDone(false)} take={take} />}
    </Card>
  );
}

/** A file that is looked at in the browser and goes nowhere. */
function FileField({ id, label, begin, take }: { id: string; label: string; begin: () => void; take: (file: File) => Promise<void> }) {
  const [error, setError] = useState<unknown>();
  const chosen = async (input: HTMLInputElement) => {
    const file = input.files?.[0];
    begin();
    setError(undefined);
    if (file) await take(file).catch(setError);
    input.value = ""; // the same file can be chosen again
  };
  return (
    <div className="field wide-field">
      <label htmlFor={id}>{label}</label>
      <input id={id} type="file" accept=".jsonl" onChange={(event) => void chosen(event.target)} />
      {error !== undefined && <Fault error={error} />}
    </div>
  );
}
