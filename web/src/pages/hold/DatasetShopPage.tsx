// The licences of one dataset: offers open and closed, what the visitor holds; for its publisher, the counter.
import { useState } from "react";
import type { PublicClient } from "viem";
import { useLoad } from "../../app/load";
import { Link } from "../../app/router";
import { useSite } from "../../app/site";
import { shareOf } from "../../hold/chain";
import { offersOf, type Bought } from "../../hold/licences";
import { h } from "../../texts/en";
import { Fault } from "../../ui/Fault";
import { Loading, Notice, Page, Section } from "../../ui/parts";
import { useWallet } from "../../wallet/wallet";
import { useEvery, WithChain, WrongChain } from "./Frame";
import { MyLicences } from "./MyLicences";
import { BoughtNotice, OfferCard } from "./OfferCard";
import { Unknown } from "./OwnDatasetPage";
import { Publisher } from "./Publisher";

export default function DatasetShopPage({ parts }: { parts: Record<string, string> }) {
  return <WithChain>{(chain) => <Shop chain={chain} dataset={parts["dataset"]!} />}</WithChain>;
}

function Shop({ chain, dataset }: { chain: PublicClient; dataset: string }) {
  const site = useSite();
  const { connected } = useWallet();
  const { value, error, reload } = useLoad(
    async () => {
      const share = await shareOf(chain, site, dataset);
      return share && { share, offers: await offersOf(chain, site, share.address) };
    },
    [chain, site, dataset],
    useEvery(),
  );
  const [bought, setBought] = useState<Bought | null>(null);
  if (value === undefined) return error ? <Fault error={error} retry={reload} /> : <Loading />;
  if (value === null) return <Unknown />;
  const { share, offers } = value;
  const done = (found: Bought | null) => {
    setBought(found);
    void reload();
  };
  const [open, closed] = [offers.filter((each) => each.open), offers.filter((each) => !each.open)];
  return (
    <Page
      title={`${h.shop.title}: ${share.name}`}
      crumb={{ href: "/licences", text: h.shop.all }}
      lead={h.shop.lead}
      wide={
        <Link className="button small" href="/licences/check">
          {h.shop.check}
        </Link>
      }
    >
      {error !== undefined && <Fault error={error} retry={reload} />}
      <WrongChain />
      {bought && <BoughtNotice chain={chain} share={share} bought={bought} />}
      <Section title={h.shop.offers}>
        {open.length === 0 && <Notice title={h.shop.offersNone} />}
        {open.map((offer) => (
          <OfferCard key={offer.id} chain={chain} share={share} offer={offer} done={done} />
        ))}
      </Section>
      {connected && (
        <>
          <Publisher chain={chain} connected={connected} share={share} reload={reload} />
          <MyLicences chain={chain} account={connected.account} dataset={share.address} names={new Map([[share.address, share.name]])} stamp={bought} />
        </>
      )}
      {closed.length > 0 && (
        <Section title={h.shop.closed}>
          {closed.map((offer) => (
            <OfferCard key={offer.id} chain={chain} share={share} offer={offer} done={done} />
          ))}
        </Section>
      )}
    </Page>
  );
}
