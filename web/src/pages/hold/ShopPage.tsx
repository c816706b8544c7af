// The licence shop: every open offer, and what the visitor holds.
import { useState } from "react";
import type { PublicClient } from "viem";
import { useLoad } from "../../app/load";
import { Link } from "../../app/router";
import { useSite } from "../../app/site";
import { service } from "../../api/service";
import { shareOf, type Share } from "../../hold/chain";
import { offersOf, type Bought, type Offer } from "../../hold/licences";
import { h } from "../../texts/hold";
import { Fault } from "../../ui/Fault";
import { Loading, Notice, Page, Section } from "../../ui/parts";
import { useWallet } from "../../wallet/wallet";
import { useEvery, WithChain, WrongChain } from "./Frame";
import { MyLicences } from "./MyLicences";
import { BoughtNotice, OfferCard } from "./OfferCard";

interface OnOffer {
  share: Share;
  offer: Offer;
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
  const { value, error, reload } = useLoad(() => everything(chain, site), [chain, site], 2 * useEvery());
  const [bought, setBought] = useState<{ share: Share; bought: Bought } | null>(null);
  if (!value) return error ? <Fault error={error} retry={reload} /> : <Loading />;
  const names = new Map(value.shares.map((each) => [each.address, each.name]));
  return (
    <>
      <WrongChain />
      {bought && <BoughtNotice chain={chain} {...bought} />}
      <Section title={h.shop.offers}>
        {value.offers.length === 0 && <Notice title={h.shop.offersNone} />}
        {value.offers.map(({ share, offer }) => (
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
      </Section>
      {connected && <MyLicences chain={chain} account={connected.account} names={names} stamp={bought} />}
    </>
  );
}

async function everything(chain: PublicClient, site: Parameters<typeof shareOf>[1]): Promise<{ shares: Share[]; offers: OnOffer[] }> {
  const lines = await service.datasets();
  const shares = (await Promise.all(lines.map((line) => shareOf(chain, site, line.address)))).filter((each) => each !== null);
  const offers = await Promise.all(
    shares.map(async (share) => (await offersOf(chain, site, share.address)).filter((each) => each.open).map((offer) => ({ share, offer }))),
  );
  return { shares, offers: offers.flat() };
}
