// The terms of a licence: their hash from the chain, and whether a text at hand is theirs. The file stays in the browser.
import { useId, useState } from "react";
import type { Hex } from "viem";
import { hashOf } from "../../hold/licences";
import { h } from "../../texts/en";
import { Fault } from "../../ui/Fault";

export function TermsCheck({ termsHash, label }: { termsHash: Hex; label: string }) {
  const id = useId();
  const [good, setGood] = useState<boolean | null>(null);
  const [error, setError] = useState<unknown>();
  const choose = async (file: File | undefined) => {
    setGood(null);
    setError(undefined);
    if (!file) return;
    await hashOf(file).then((found) => setGood(found === termsHash), setError);
  };
  return (
    <div className="field wide-field">
      <label htmlFor={id}>{label}</label>
      <input id={id} type="file" onChange={(event) => void choose(event.target.files?.[0])} />
      <p role="status" className={good === false ? "fault small-text" : "accent small-text"}>
        {good === null ? "" : good ? h.shop.termsGood : h.shop.termsBad}
      </p>
      {error !== undefined && <Fault error={error} />}
    </div>
  );
}
