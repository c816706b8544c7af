// The figures of a holding, as rows: its part of the dataset, and what streams to it.
import { perDay, stillToCome, type Holding } from "../../hold/chain";
import { h } from "../../texts/en";
import { Shares } from "../../ui/Amount";
import { amountText, dateText, percentText } from "../../ui/format";
import type { Unit } from "../../wallet/chain";
import type { ReactNode } from "react";

type Rows = readonly (readonly [string, ReactNode, ReactNode?])[];

/** A part in percent, precise enough for small ones. */
export function partText(part: bigint, whole: bigint): string {
  return percentText(part, whole, part * 100n < whole ? 4 : 2);
}

export function partRows(holding: Holding): Rows {
  return [
    [h.own.shares, <Shares key="shares" of={holding.shares} symbol={holding.symbol} />],
    [h.own.ofSupply, partText(holding.shares, holding.supply)],
    [h.own.guaranteed, partText(holding.shares, holding.maxShares), h.own.guaranteedWhy],
  ];
}

export function streamRows(holding: Holding, unit: Unit | null | undefined): Rows {
  const daily = perDay(holding, holding.shares);
  if (!unit || daily === 0n) return [[h.own.streaming, h.own.nothingStreams]];
  const rest = amountText(stillToCome(holding, holding.shares), unit);
  return [[h.own.streaming, amountText(daily, unit), h.own.until(dateText(holding.end), rest)]];
}
