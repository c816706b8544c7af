// The licences that the connected account holds now.
import type { Address as AddressText, PublicClient } from "viem";
import { useLoad } from "../../app/load";
import { Link } from "../../app/router";
import { useSite } from "../../app/site";
import { licencesOf, type Licence } from "../../hold/licences";
import { h } from "../../texts/en";
import { Fault } from "../../ui/Fault";
import { dateText } from "../../ui/format";
import { Address, Loading, Notice, Section } from "../../ui/parts";
import { useEvery } from "./Frame";

export function MyLicences({ chain, account, dataset, names, stamp }: {
  chain: PublicClient;
  account: AddressText;
  dataset?: AddressText;
  names: ReadonlyMap<string, string>;
  /** Changes whenever something was bought. */
  stamp: unknown;
}) {
  const site = useSite();
  const { value, error, reload } = useLoad(() => licencesOf(chain, site, account), [chain, site, account, stamp], 5 * useEvery());
  const own = value?.filter((each) => !dataset || each.dataset === dataset);
  return (
    <Section title={h.shop.mine}>
      {error !== undefined && <Fault error={error} retry={reload} />}
      {!own && error === undefined && <Loading />}
      {own?.length === 0 && <Notice title={h.shop.mineNone} />}
      <div className="grid">
        {own?.map((each) => (
          <article className="card" key={String(each.number)} aria-label={h.shop.number(String(each.number))}>
            <div className="row apart">
              <h3>{h.shop.number(String(each.number))}</h3>
              <Validity licence={each} />
            </div>
            <p>{names.get(each.dataset) ?? <Address of={each.dataset} />}</p>
            <Link href={`/licences/${each.dataset}/${each.number}`}>{h.shop.see}</Link>
          </article>
        ))}
      </div>
    </Section>
  );
}

export function Validity({ licence }: { licence: Licence }) {
  const when = dateText(licence.expiresAt);
  if (!licence.current) return <span className="pill bad">{h.shop.ended(when)}</span>;
  return <span className="pill live">{licence.expiresAt ? h.shop.validUntil(when) : h.shop.validForever}</span>;
}
