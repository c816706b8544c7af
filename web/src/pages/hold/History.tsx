// What happened, the newest first, each with its transaction.
import { useMemo } from "react";
import type { PublicClient } from "viem";
import type { Share } from "../../hold/chain";
import { inOrder, type Happened } from "../../hold/history";
import { h } from "../../texts/en";
import { AmountIn, Shares, useUnit } from "../../ui/Amount";
import { shortHex } from "../../ui/format";
import { Pager, usePages } from "../../ui/Pages";
import { Notice, Time } from "../../ui/parts";
import { Transaction } from "./Transaction";

const SHOWN = 20;

export function History({ chain, share, happened }: { chain: PublicClient; share: Share; happened: readonly Happened[] }) {
  const unit = useUnit(share.token);
  const rows = useMemo(() => [...happened].sort((one, other) => inOrder(other, one)), [happened]);
  const pages = usePages(rows, SHOWN);
  if (!happened.length) return <Notice title={h.dataset.historyNone} />;
  return (
    <div className="stack">
      <ol className="happened plain-list">
        {pages.rows.map((each) => (
          <li key={`${each.transaction} ${each.index}`}>
            <div className="row apart">
              <strong>{wordsOf(each)}</strong>
              {each.kind === "payment" || each.kind === "claimed" ? <AmountIn of={each.amount} unit={unit} /> : <Shares of={each.amount} symbol={share.symbol} />}
            </div>
            <div className="row apart quiet small-text">
              <Time at={each.at} />
            </div>
            <Transaction chain={chain} hash={each.transaction} />
          </li>
        ))}
      </ol>
      <Pager pages={pages} name={h.dataset.history} />
    </div>
  );
}

function wordsOf(each: Happened): string {
  switch (each.kind) {
    case "payment":
      return each.licence !== null ? h.happened.licence(String(each.licence)) : h.happened.direct(shortHex(each.payer));
    case "claimed":
      return h.happened.claimed;
    case "released":
      return h.happened.released;
    case "received":
      return h.happened.received(shortHex(each.other ?? ""));
    case "sent":
      return h.happened.sent(shortHex(each.other ?? ""));
  }
}
