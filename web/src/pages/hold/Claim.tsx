// Claiming the revenue of a dataset by one transaction: first in words, then what arrived, as the chain says.
import type { PublicClient } from "viem";
import { useSite } from "../../app/site";
import { claim, claimCall, feeOf, type Arrived, type Holding } from "../../hold/chain";
import { h } from "../../texts/en";
import { useConfirm } from "../../ui/Confirm";
import { amountText, decimal } from "../../ui/format";
import { useUnit } from "../../ui/Amount";
import { Notice } from "../../ui/parts";
import type { Connected } from "../../wallet/wallet";
import { told } from "../tasks/PoolPage";
import { Transaction } from "./Transaction";

const COIN_DECIMALS = 18;
/** What comes in by the second is shown to so many, wherever it is. */
export const CLAIMABLE_DIGITS = 6;

/** A fee in the chain's coins. */
export function coinsText(fee: bigint): string {
  return decimal(fee, COIN_DECIMALS, 8);
}

export function ClaimButton({ chain, connected, holding, done }: {
  chain: PublicClient;
  connected: Connected;
  holding: Holding;
  done: (arrived: Arrived) => void;
}) {
  const site = useSite();
  const unit = useUnit(holding.token);
  const confirm = useConfirm();
  if (holding.claimable === 0n || !unit) return null;
  const start = async () => {
    const fee = await feeOf(chain, claimCall(holding.address), connected.account);
    const words = h.claim.words;
    let arrived: Arrived | null = null;
    const agreed = await confirm({
      title: words.title,
      lines: [
        ...words.lines(amountText(holding.claimable, unit, unit.decimals), holding.name),
        fee === null ? words.feeUnknown : words.fee(coinsText(fee)),
      ],
      yes: words.yes,
      run: async (tell) => {
        arrived = await claim(chain, site, connected, holding, told(tell));
      },
    });
    if (agreed && arrived) done(arrived);
  };
  const about = amountText(holding.claimable, unit, CLAIMABLE_DIGITS);
  return (
    <button type="button" className="button primary" onClick={() => void start()} aria-label={h.own.claim(`${about} (${holding.name})`)}>
      {h.own.claim(about)}
    </button>
  );
}

export function ArrivedNotice({ chain, arrived }: { chain: PublicClient; arrived: Arrived }) {
  const unit = useUnit(arrived.token);
  if (!unit) return null;
  const exact = (amount: bigint) => amountText(amount, unit, unit.decimals);
  return (
    <Notice kind="good" title={h.claim.arrived(exact(arrived.amount))}>
      <p>{h.claim.arrivedLines(exact(arrived.before), exact(arrived.after))}</p>
      {arrived.after - arrived.before !== arrived.amount && <p>{h.claim.less}</p>}
      <Transaction chain={chain} hash={arrived.transaction} />
    </Notice>
  );
}
