// Sending shares to somebody: what stays, what goes, and that nobody can bring them back.
import { useState } from "react";
import { getAddress, type PublicClient } from "viem";
import { useSite } from "../../app/site";
import { isContract, receiverFault, transferCall, type Holding } from "../../hold/chain";
import { parseAmount } from "../../fund/money";
import { h } from "../../texts/en";
import { useConfirm } from "../../ui/Confirm";
import { amountText, decimal } from "../../ui/format";
import { Notice } from "../../ui/parts";
import { sharesOf, type Unit } from "../../wallet/chain";
import { send } from "../../wallet/send";
import type { Connected } from "../../wallet/wallet";
import { told } from "../tasks/PoolPage";
import { Entry } from "./Entry";
import { partText } from "./figures";

const DECIMALS = 18;

export function Transfer({ chain, connected, holding, unit, reload }: {
  chain: PublicClient;
  connected: Connected;
  holding: Holding;
  unit: Unit;
  reload: () => Promise<void>;
}) {
  const site = useSite();
  const confirm = useConfirm();
  const [to, setTo] = useState("");
  const [text, setText] = useState("");
  const [asked, setAsked] = useState(false);
  const [sent, setSent] = useState("");
  const shareUnit = { symbol: holding.symbol, decimals: DECIMALS };
  const show = (amount: bigint) => amountText(amount, shareUnit, DECIMALS);
  const receiver = receiverFault(site, holding.address, connected.account, to);
  const amount = parseAmount(text, DECIMALS);
  const amountFault = !amount ? h.transfer.amountFault : amount > holding.shares ? h.transfer.tooMany : null;

  const start = async () => {
    setAsked(true);
    setSent("");
    if (receiver || amountFault || !amount) return;
    const receiverAccount = getAddress(to.trim());
    const toContract = await isContract(chain, receiverAccount);
    const words = h.transfer.words;
    const lines = words.lines(show(amount), partText(amount, holding.supply), receiverAccount, amountText(holding.claimable, unit, unit.decimals));
    const agreed = await confirm({
      title: words.title,
      lines: toContract ? [...lines, words.contract] : lines,
      yes: words.yes,
      run: async (tell) => {
        await send(site, connected, transferCall(holding.address, receiverAccount, amount), told(tell));
      },
    });
    if (!agreed) return;
    setSent(h.transfer.sent(show(amount), show(await sharesOf(chain, holding.address, connected.account))));
    setText("");
    setAsked(false);
    await reload();
  };

  return (
    <details className="transfer">
      <summary>
        <strong>{h.transfer.title}</strong>
      </summary>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void start();
        }}
      >
        <Notice kind="warn">
          <ul>
            {h.transfer.warnings.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </Notice>
        <Entry label={h.transfer.to} hint={h.transfer.toHint} value={to} change={setTo} fault={asked && receiver ? h.transfer.receiver[receiver] : null} mono />
        <Entry label={h.transfer.amount} hint={h.transfer.amountHint(show(holding.shares))} value={text} change={setText} fault={asked ? amountFault : null} numeric />
        <div className="row">
          <button type="submit" className="button">
            {h.transfer.go}
          </button>
          <button type="button" className="button plain small" onClick={() => setText(decimal(holding.shares, DECIMALS, DECIMALS).replaceAll(",", ""))}>
            {h.transfer.all}
          </button>
        </div>
        {sent && <Notice kind="good" title={sent} />}
      </form>
    </details>
  );
}
