// One dataset for those who hold it: their part, its revenue by source, what happened, and sending shares on.
import { useState } from "react";
import type { Address as AddressText, PublicClient } from "viem";
import { useLoad } from "../../app/load";
import { Link } from "../../app/router";
import { useSite } from "../../app/site";
import { holdingOf, shareOf, type Arrived, type Holding, type Share } from "../../hold/chain";
import { movesOf, paymentsTo } from "../../hold/history";
import { h } from "../../texts/en";
import { AmountIn, useUnit } from "../../ui/Amount";
import { Fault } from "../../ui/Fault";
import { bpsText, dateText } from "../../ui/format";
import { Figures, Loading, Notice, Page, Section } from "../../ui/parts";
import { useWallet } from "../../wallet/wallet";
import { ArrivedNotice, CLAIMABLE_DIGITS, ClaimButton } from "./Claim";
import { partRows, streamRows } from "./figures";
import { useEvery, WithChain, WrongChain } from "./Frame";
import { History } from "./History";
import { RevenueChart } from "./RevenueChart";
import { Transfer } from "./Transfer";

export default function OwnDatasetPage({ parts }: { parts: Record<string, string> }) {
  return <WithChain>{(chain) => <Loaded chain={chain} dataset={parts["dataset"]!} />}</WithChain>;
}

/** A dataset that the registry does not know. */
export function Unknown() {
  return (
    <Page title={h.dataset.unknown} crumb={{ href: "/own", text: h.dataset.back }}>
      <p>{h.dataset.unknownTodo}</p>
    </Page>
  );
}

function Loaded({ chain, dataset }: { chain: PublicClient; dataset: string }) {
  const site = useSite();
  const { connected } = useWallet();
  const account = connected?.account;
  const { value, error, reload } = useLoad(
    async () => {
      const share = account ? await holdingOf(chain, site, dataset, account) : await shareOf(chain, site, dataset);
      if (!share) return null;
      const [payments, moves] = await Promise.all([
        paymentsTo(chain, site, share.address),
        account ? movesOf(chain, site, share.address, account) : [],
      ]);
      return { share, payments, moves };
    },
    [chain, site, dataset, account],
    useEvery(),
  );
  if (value === undefined) return error ? <Fault error={error} retry={reload} /> : <Loading />;
  if (value === null) return <Unknown />;
  const { share, payments, moves } = value;
  return (
    <Page title={share.name} crumb={{ href: "/own", text: h.dataset.back }} wide={<Elsewhere dataset={share.address} />}>
      {error !== undefined && <Fault error={error} retry={reload} />}
      <WrongChain />
      {account && isHolding(share) ? <Yours chain={chain} holding={share} reload={reload} /> : <Notice title={h.dataset.public} />}
      <Section title={h.dataset.revenue} note={h.dataset.revenueNote}>
        <div className="card">
          <Totals share={share} />
          <RevenueChart payments={payments} token={share.token} now={share.now} />
        </div>
      </Section>
      <Section title={h.dataset.history} note={h.dataset.historyNote}>
        <History chain={chain} share={share} happened={[...payments, ...moves]} />
      </Section>
    </Page>
  );
}

function isHolding(share: Share | Holding): share is Holding {
  return "claimable" in share;
}

function Elsewhere({ dataset }: { dataset: AddressText }) {
  return (
    <span className="row">
      <Link className="button small" href={`/licences/${dataset}`}>
        {h.dataset.licences}
      </Link>
      <Link className="button small" href={`/datasets/${dataset}`}>
        {h.dataset.page}
      </Link>
    </span>
  );
}

function Totals({ share }: { share: Share }) {
  const unit = useUnit(share.token);
  const streams = share.supply > 0n && share.unstreamed > 0n;
  return (
    <Figures
      rows={[
        [h.dataset.total, <AmountIn key="total" of={share.revenuePaid} unit={unit} />],
        [share.supply === 0n ? h.dataset.waits : h.dataset.onTheWay, <AmountIn key="way" of={share.unstreamed} unit={unit} />, streams ? h.dataset.ends(dateText(share.end)) : undefined],
        [h.dataset.licencePart, bpsText(share.contributorBps)],
      ]}
    />
  );
}

function Yours({ chain, holding, reload }: { chain: PublicClient; holding: Holding; reload: () => Promise<void> }) {
  const { connected } = useWallet();
  const unit = useUnit(holding.token);
  const [arrived, setArrived] = useState<Arrived | null>(null);
  if (!connected) return null;
  const done = (found: Arrived) => {
    setArrived(found);
    void reload();
  };
  return (
    <Section title={h.dataset.yours}>
      {arrived && <ArrivedNotice chain={chain} arrived={arrived} />}
      <div className="card">
        <Figures rows={[[h.own.claimable, <AmountIn key="claimable" of={holding.claimable} unit={unit} digits={CLAIMABLE_DIGITS} />], ...streamRows(holding, unit), ...partRows(holding)]} />
        <div className="row">
          <ClaimButton chain={chain} connected={connected} holding={holding} done={done} />
          {holding.claimable === 0n && <p className="quiet">{h.answers.rows[0]![0]}.</p>}
        </div>
        {holding.shares > 0n && unit && <Transfer chain={chain} connected={connected} holding={holding} unit={unit} reload={reload} />}
      </div>
    </Section>
  );
}
