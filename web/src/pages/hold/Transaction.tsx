// A transaction: its hash to copy, and its details in place, read from the chain. No page elsewhere is asked.
import { useState } from "react";
import type { Hex, PublicClient } from "viem";
import { useLoad } from "../../app/load";
import { detailsOf } from "../../hold/history";
import { h, t } from "../../texts/en";
import { Fault } from "../../ui/Fault";
import { shortHex } from "../../ui/format";
import { Address, Facts, Loading } from "../../ui/parts";
import { coinsText } from "./Claim";

export function Transaction({ chain, hash }: { chain: PublicClient; hash: Hex }) {
  const [open, setOpen] = useState(false);
  return (
    <div className="transaction">
      <Address of={hash} />
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          {h.happened.details}
          <span className="visually-hidden"> {shortHex(hash)}</span>
        </summary>
        {open && <Details chain={chain} hash={hash} />}
      </details>
    </div>
  );
}

function Details({ chain, hash }: { chain: PublicClient; hash: Hex }) {
  const { value, error, reload } = useLoad(() => detailsOf(chain, hash), [chain, hash]);
  if (!value) return error ? <Fault error={error} retry={reload} /> : <Loading />;
  return (
    <Facts
      rows={[
        [h.happened.whole, <span key="hash" className="mono hash">{hash}</span>],
        [h.happened.result, value.good ? h.happened.good : h.happened.bad],
        [h.happened.from, <Address key="from" of={value.from} />],
        [h.happened.to, value.to ? <Address key="to" of={value.to} /> : t.none],
        [h.happened.block, value.block.toLocaleString("en")],
        [h.happened.gas, value.gas.toLocaleString("en")],
        [h.happened.fee, coinsText(value.fee)],
      ]}
    />
  );
}
