// Amounts in a token's own unit. The token is asked for its symbol and decimals, once.
import type { Address } from "viem";
import { useSite } from "../app/site";
import { useLoad } from "../app/load";
import { useWallet } from "../wallet/wallet";
import type { Unit } from "../wallet/chain";
import { t } from "../texts/en";
import { amountText, decimal } from "./format";

/** A token's unit; undefined until it is known, null where there is no way to the chain. */
export function useUnit(token: Address | null | undefined): Unit | null | undefined {
  const site = useSite();
  const { connected } = useWallet();
  const { value, error } = useLoad(async () => {
    if (!token) return null;
    const { chainOf, unitOf } = await import("../wallet/chain");
    return unitOf(chainOf(site, connected), token);
  }, [token, site, connected?.chainId]);
  return error ? null : value;
}

export function Amount({ of, token, digits }: { of: bigint | string; token: Address | null | undefined; digits?: number }) {
  const unit = useUnit(token);
  return <AmountIn of={of} unit={unit} digits={digits} />;
}

export function AmountIn({ of, unit, digits }: { of: bigint | string; unit: Unit | null | undefined; digits?: number | undefined }) {
  if (unit === undefined) return <span className="number">…</span>;
  if (unit === null) return <span className="number" title={t.baseUnitsWhy}>{`${BigInt(of).toLocaleString("en")} ${t.baseUnits}`}</span>;
  const exact = `${decimal(BigInt(of), unit.decimals, unit.decimals)} ${unit.symbol}`;
  return (
    <span className="number nowrap" title={exact}>
      {amountText(of, unit, digits)}
    </span>
  );
}

/** Shares have 18 decimals. */
export function Shares({ of, symbol }: { of: bigint | string; symbol?: string }) {
  return <AmountIn of={of} unit={{ symbol: symbol ?? t.shares, decimals: 18 }} />;
}
