// The rules that one signs for: a page without them lets nobody sign.
import { useState, type ReactNode } from "react";
import { loadSpec, type Opened } from "../../app/campaign";
import { useLoad } from "../../app/load";
import type { Spec } from "../../protocol/spec";
import { t } from "../../texts/en";
import { Fault } from "../../ui/Fault";
import { Loading, Notice } from "../../ui/parts";

/** The campaign's rules; while a page has none, as the spec is large or was not to be had, what asks for them. */
export function useRules({ campaign, spec }: Opened): { spec: Spec; missing?: undefined } | { spec: null; missing: ReactNode } {
  const [asked, setAsked] = useState(false);
  const { value, error, reload } = useLoad(async () => (asked && !spec ? loadSpec(campaign.specHash) : null), [campaign.specHash, asked]);
  const found = spec ?? value;
  if (found) return { spec: found };
  if (error !== undefined) return { spec: null, missing: <Fault error={error} retry={reload} /> };
  if (asked) return { spec: null, missing: <Loading /> };
  return {
    spec: null,
    missing: (
      <Notice kind="warn" title={t.desk.noRules}>
        <p>{t.desk.noRulesTodo}</p>
        <button type="button" className="button" onClick={() => setAsked(true)}>
          {t.desk.loadRules}
        </button>
      </Notice>
    ),
  };
}
