// The licence shop: every open offer, and what the visitor holds.
import { useState } from "react";
import type { PublicClient } from "viem";
import { useList } from "../../app/load";
import { Link } from "../../app/router";
import { useSite } from "../../app/site";
import type { Listed } from "../../api/client";
import { service, type Site } from "../../api/service";
import { shareOf, type Share } from "../../hold/chain";
import { offersOf, type Bought, type Offer } from "../../hold/licences";
import { h } from "../../texts/en";
import { Fault } from "../../ui/Fault";
import { GoesOn } from "../../ui/Pages";
import { Loading, Notice, Page, Section } from "../../ui/parts";
import { useWallet } from "../../wallet/wallet";
import { useEvery, WithChain, WrongChain } from "./Frame";
import { MyLicences } from "./MyLicences";
import { BoughtNotice, OfferCard } from "./OfferCard";

interface OnOffer {
  share: Share;
  offers: Offer[];
}

export default function ShopPage() {
  return (
    <Page
      title={h.shop.title}
      lead={h.shop.lead}
      wide={
        <Link className="button small" href="/licences/check">
          {h.shop.check}
        </Link>
      }
    >
      <WithChain>{(chain) => <Shop chain={chain} />}</WithChain>
    </Page>
  );
}

function Shop({ chain }: { chain: PublicClient }) {
  const site = useSite();
  const { connected } = useWallet();
  const { value, error, reload, ...reading } = useList((most) => everything(chain, site, most), [chain, site], 2 * useEvery());
  const [bought, setBought] = useState<{ share: Share; bought: Bought } | null>(null);
  if (!value) return error ? <Fault error={error} retry={reload} /> : <Loading />;
  const names = new Map(value.map(({ share }) => [share.address, share.name]));
  const offers = value.flatMap(({ share, offers: own }) => own.map((offer) => ({ share, offer })));
  return (
    <>
      <WrongChain />
      {bought && <BoughtNotice chain={chain} {...bought} />}
      <Section title={h.shop.offers}>
        {offers.length === 0 && <Notice title={h.shop.offersNone} />}
        {offers.map(({ share, offer }) => (
          <OfferCard
            key={offer.id}
            chain={chain}
            share={share}
            offer={offer}
            done={(found) => {
              setBought(found && { share, bought: found });
              void reload();
            }}
          />
        ))}
        <GoesOn {...reading} />
      </Section>
      {connected && <MyLicences chain={chain} account={connected.account} names={names} stamp={bought} />}
    </>
  );
}

/** The datasets that the service lists, `most` of them, with their open offers. */
async function everything(chain: PublicClient, site: Site, most: number): Promise<Listed<OnOffer>> {
  const { rows: lines, more } = await service.datasets(most);
  const shares = (await Promise.all(lines.map((line) => shareOf(chain, site, line.address)))).filter((each) => each !== null);
  const openOf = async (share: Share) => (await offersOf(chain, site, share.address)).filter((each) => each.open);
  return { rows: await Promise.all(shares.map(async (share) => ({ share, offers: await openOf(share) }))), more };
}
