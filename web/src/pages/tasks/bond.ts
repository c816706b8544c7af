// Putting up a bond with a call: from the registry's credit, by one signature, or by approvals; told in words before.
import type { Address, PublicClient } from "viem";
import type { Site } from "../../api/service";
import { payAndSend, paymentOf } from "../../fund/chain";
import { t } from "../../texts/en";
import { amountText } from "../../ui/format";
import { purseOf, type Unit } from "../../wallet/chain";
import type { ContractCall } from "../../wallet/send";
import type { Connected } from "../../wallet/wallet";
import { told, toldApproving } from "./PoolPage";

export interface Bonding {
  /** Where the bond comes from. */
  from: string;
  /** How it is paid. */
  lines: readonly string[];
  send: (call: ContractCall, tell: (line: string) => void) => Promise<void>;
}

/** `last` says what the call does besides: "contests the result". */
export async function bonding(chain: PublicClient, site: Site, connected: Connected, token: Address, bond: bigint, unit: Unit, last: string): Promise<Bonding> {
  const { credit } = await purseOf(chain, site, token, connected.account);
  const needed = bond > credit ? bond - credit : 0n;
  const payment = await paymentOf(chain, site, token, connected.account, needed);
  const [wallet, rest] = [amountText(needed, unit, unit.decimals), amountText(bond - needed, unit, unit.decimals)];
  const exact = needed ? wallet : rest;
  const lines = payment.way === "approve" ? t.bond.approve(payment.approvals.length, exact, last) : t.bond[payment.way](exact, last);
  return {
    from: needed === 0n ? t.bond.fromCredit(rest) : needed === bond ? t.bond.fromWallet(wallet) : t.bond.fromBoth(wallet, rest),
    lines,
    send: async (call, tell) => {
      await payAndSend(site, connected, token, payment, call, (step, stage) => (step === "reset" || step === "approve" ? toldApproving(tell)(step, stage) : told(tell)(stage)));
    },
  };
}
