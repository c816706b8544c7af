// Where the wallet was asked to fund before: what came of it, instead of a button that would fund again.
import { useEffect, useState } from "react";
import type { Hex } from "viem";
import { dropAsked, type Asked, type CameOf } from "../../fund/asked";
import { f } from "../../texts/en";
import { Fault } from "../../ui/Fault";
import { amountText, dateText } from "../../ui/format";
import { Notice } from "../../ui/parts";
import type { Connected } from "../../wallet/wallet";

interface Given {
  asked: Asked;
  cameOf: CameOf;
  connected: Connected;
  /** Whether it is this very campaign, to the byte of its spec. */
  same: boolean;
  goOn: (campaign: Hex) => Promise<void>;
  reload: () => Promise<void>;
}

export function AskedNotice({ asked, cameOf, connected, same, goOn, reload }: Given) {
  const [error, setError] = useState<unknown>();
  const words = f.review.asked;
  const amount = amountText(asked.escrow, asked.unit, asked.unit.decimals);
  const go = () => void goOn(asked.campaign).catch(setError);
  const isThere = cameOf === "funded";
  useEffect(() => {
    if (isThere && same) go();
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [isThere, same]);
  const again = async () => {
    await dropAsked(connected.account);
    await reload();
  };
  const lines = isThere ? words.funded(dateText(asked.at / 1000)) : words.open(dateText(asked.at / 1000), asked.transaction);
  return (
    <Notice kind={isThere ? "good" : "warn"} title={isThere ? words.fundedTitle(amount) : words.openTitle(amount)}>
      {lines.map((line) => <p key={line}>{line}</p>)}
      <div className="row">
        {isThere && <button type="button" className="button primary" onClick={go}>{words.goOn}</button>}
        <button type="button" className="button small" onClick={() => void again().catch(setError)}>{isThere ? words.another : words.notSent}</button>
      </div>
      {error !== undefined && <Fault error={error} />}
    </Notice>
  );
}
