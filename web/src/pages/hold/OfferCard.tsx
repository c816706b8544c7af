// An offer of licences: what one gets, what it costs and who is paid; and buying one.
import type { PublicClient } from "viem";
import { useLoad } from "../../app/load";
import { Link } from "../../app/router";
import { useSite } from "../../app/site";
import { tokensOf, type Share } from "../../hold/chain";
import { buy, type Bought, type Offer } from "../../hold/licences";
import { h, t } from "../../texts/en";
import { AmountIn, useUnit } from "../../ui/Amount";
import { useConfirm } from "../../ui/Confirm";
import { amountText, countText, shortHex, spanText } from "../../ui/format";
import { Address, Figures, Notice } from "../../ui/parts";
import { approvalsOf } from "../../wallet/approve";
import type { Unit } from "../../wallet/chain";
import { useWallet, type Connected } from "../../wallet/wallet";
import { told, toldApproving } from "../tasks/PoolPage";
import { CloseOffer } from "./Publisher";
import { TermsCheck } from "./Terms";
import { Transaction } from "./Transaction";
import { useEvery } from "./Frame";

export function lastsText(duration: number): string {
  return duration ? h.shop.fromSale(spanText(duration)) : h.shop.forever;
}

export function OfferCard({ chain, share, offer, done }: { chain: PublicClient; share: Share; offer: Offer; done: (bought: Bought | null) => void }) {
  const unit = useUnit(share.token);
  const { connected } = useWallet();
  const isPublisher = connected?.account.toLowerCase() === share.publisher.toLowerCase();
  return (
    <article className="card" aria-label={`${share.name}, ${h.shop.offers}`}>
      <div className="row apart">
        <h3>
          <Link href={`/licences/${share.address}`}>{share.name}</Link> <span className="quiet">{share.symbol}</span>
        </h3>
        {offer.open && unit && <Buy chain={chain} share={share} offer={offer} unit={unit} done={done} />}
        {!offer.open && <span className="pill">{t.datasets.closed}</span>}
      </div>
      <Figures
        rows={[
          [h.shop.price, <AmountIn key="price" of={offer.price} unit={unit} />],
          [h.shop.holders, <AmountIn key="holders" of={offer.holdersPart} unit={unit} />],
          [h.shop.publisher, <AmountIn key="publisher" of={offer.publisherPart} unit={unit} />],
          offer.duration ? [h.shop.lasts, spanText(offer.duration), h.shop.afterSale] : [h.shop.lasts, h.shop.forever],
          [h.shop.sold, countText(offer.sold)],
        ]}
      />
      <p className="small-text">
        {h.check.termsHash} <Address of={offer.termsHash} />
      </p>
      {offer.open && (
        <details>
          <summary>{h.shop.termsCheck}</summary>
          <div className="stack tight opened">
            <p className="quiet small-text">{h.shop.termsWhy}</p>
            <TermsCheck termsHash={offer.termsHash} label={h.shop.termsFile} />
          </div>
        </details>
      )}
      {offer.open && isPublisher && connected && <CloseOffer connected={connected} offer={offer} done={() => done(null)} />}
    </article>
  );
}

function Buy({ chain, share, offer, unit, done }: { chain: PublicClient; share: Share; offer: Offer; unit: Unit; done: (bought: Bought | null) => void }) {
  const { connected } = useWallet();
  if (share.supply === 0n) return <p className="quiet small-text">{h.shop.noHolders}</p>;
  if (!connected) {
    return (
      <Link className="button small" href="/connect">
        {h.shop.connect}
      </Link>
    );
  }
  return <BuyWith chain={chain} connected={connected} share={share} offer={offer} unit={unit} done={done} />;
}

function BuyWith({ chain, connected, share, offer, unit, done }: {
  chain: PublicClient;
  connected: Connected;
  share: Share;
  offer: Offer;
  unit: Unit;
  done: (bought: Bought | null) => void;
}) {
  const site = useSite();
  const confirm = useConfirm();
  const { value: wallet } = useLoad(() => tokensOf(chain, share.token, connected.account), [chain, share.token, connected.account], useEvery());
  const exact = (amount: bigint) => amountText(amount, unit, unit.decimals);
  const lacks = wallet !== undefined && wallet < offer.price ? offer.price - wallet : 0n;
  const start = async () => {
    const words = h.shop.words;
    const approvals = await approvalsOf(chain, share.token, connected.account, site.licences, offer.price);
    let bought: Bought | null = null;
    const agreed = await confirm({
      title: words.title,
      lines: [
        ...words.lines(share.name, lastsText(offer.duration), shortHex(offer.termsHash), exact(offer.price), exact(offer.holdersPart), exact(offer.publisherPart)),
        ...words.approve(approvals.length, exact(offer.price)),
        words.final,
      ],
      yes: words.yes,
      run: async (tell) => {
        bought = await buy(site, connected, offer, approvals, (step, stage) => {
          if (step !== "buy") toldApproving(tell)(step, stage);
          else if (stage === "signing") tell(words.buying);
          else told(tell)(stage);
        });
      },
    });
    if (agreed) done(bought);
  };
  return (
    <div className="stack tight end">
      <button type="button" className="button primary" disabled={wallet === undefined || lacks > 0n} onClick={() => void start()}>
        {h.shop.buy(amountText(offer.price, unit, unit.decimals))}
      </button>
      {lacks > 0n && <p className="quiet small-text">{h.shop.lack(exact(lacks))}</p>}
    </div>
  );
}

/** What was bought, as the chain's event says. */
export function BoughtNotice({ chain, share, bought }: { chain: PublicClient; share: Share; bought: Bought }) {
  const unit = useUnit(share.token);
  if (!unit) return null;
  const exact = (amount: bigint) => amountText(amount, unit, unit.decimals);
  return (
    <Notice kind="good" title={h.shop.bought(String(bought.number))}>
      <p>{h.shop.boughtLine(exact(bought.holdersPart), exact(bought.publisherPart))}</p>
      <Transaction chain={chain} hash={bought.transaction} />
    </Notice>
  );
}
