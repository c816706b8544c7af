// One dataset: its owners, what it has earned, and its licences.
import { useMemo } from "react";
import type { Address as AddressText } from "viem";
import { useList, useLoad } from "../app/load";
import { Link } from "../app/router";
import { service } from "../api/service";
import type { DatasetAnswer, HolderAnswer, OfferAnswer } from "../api/types";
import { t } from "../texts/en";
import { AmountIn, Shares, useUnit } from "../ui/Amount";
import { Fault } from "../ui/Fault";
import { bpsText, countText, percentText, spanText } from "../ui/format";
import { byAccount, GoesOn, Pager, usePages, type Mark } from "../ui/Pages";
import { Address, Facts, Figures, Loading, Meter, Notice, Page, Section } from "../ui/parts";
import { CampaignGrid } from "./LandingPage";

export default function DatasetPage({ parts }: { parts: Record<string, string> }) {
  const name = parts["dataset"] as AddressText;
  const { value, error, reload } = useLoad(() => service.dataset(name), [name]);
  if (!value) return error ? <Fault error={error} retry={reload} /> : <Loading />;
  return <Shown dataset={value} />;
}

function Shown({ dataset }: { dataset: DatasetAnswer }) {
  const unit = useUnit(dataset.revenueToken);
  return (
    <Page
      title={dataset.name}
      crumb={{ href: "/datasets", text: t.datasets.back }}
      wide={
        <span className="row">
          <Link className="button small" href={`/licences/${dataset.address}`}>{t.datasets.buy}</Link>
          <Link className="button small" href={`/own/${dataset.address}`}>{t.datasets.earned}</Link>
        </span>
      }
    >
      <div className="card">
        <Figures
          rows={[
            [t.datasets.supply, <Shares key="supply" of={dataset.supply} symbol="" />],
            [t.datasets.max, <Shares key="max" of={dataset.maxShares} symbol="" />, t.datasets.maxWhy],
            [t.datasets.holders, countText(dataset.holders)],
            [t.datasets.part, bpsText(dataset.contributorBps)],
            [t.datasets.revenue, <AmountIn key="paid" of={dataset.revenuePaid} unit={unit} />],
            [t.datasets.claimed, <AmountIn key="claimed" of={dataset.revenueClaimed} unit={unit} />],
          ]}
        />
        <Facts
          rows={[
            [t.datasets.publisher, <Address key="publisher" of={dataset.publisher} />],
            [t.datasets.address, <Address key="address" of={dataset.address} />],
            [t.datasets.revenueToken, <Address key="token" of={dataset.revenueToken} />],
          ]}
        />
      </div>
      <Owners dataset={dataset} />
      <Licences dataset={dataset} />
      <Campaigns dataset={dataset} />
    </Page>
  );
}

function Owners({ dataset }: { dataset: DatasetAnswer }) {
  const { value, error, reload } = useLoad(() => service.holders(dataset.address), [dataset.address]);
  const { rows, all } = useMemo(() => inOrder(value ?? []), [value]);
  const pages = usePages(rows);
  return (
    <Section title={t.datasets.owners} note={t.datasets.ownersNote}>
      {error !== undefined && <Fault error={error} retry={reload} />}
      {value?.length === 0 && <Notice title={BigInt(dataset.supply) > 0n ? t.datasets.allWait : t.datasets.noOwners} />}
      {rows.length > 0 && (
        <div className="card">
          <ul className="bars">
            {pages.rows.map((row, at) => (
              <Owner key={row.account} row={row} all={all} mark={pages.mark(at)} />
            ))}
          </ul>
          <Pager pages={pages} name={t.datasets.owners} find={byAccount(rows)} />
        </div>
      )}
    </Section>
  );
}

/** The largest part first, and the sum of all. */
function inOrder(holders: readonly HolderAnswer[]): { rows: HolderAnswer[]; all: bigint } {
  const rows = holders.map((row) => ({ row, shares: BigInt(row.shares) })).sort((one, other) => (one.shares < other.shares ? 1 : -1));
  return { rows: rows.map(({ row }) => row), all: rows.reduce((sum, { shares }) => sum + shares, 0n) };
}

function Owner({ row, all, mark }: { row: HolderAnswer; all: bigint; mark: Mark }) {
  const part = percentText(BigInt(row.shares), all, 1);
  return (
    <li {...mark}>
      <div className="row apart">
        <Address of={row.account} />
        <span>
          <Shares of={row.shares} /> <span className="quiet">· {part}</span>
        </span>
      </div>
      <Meter part={Number((BigInt(row.shares) * 1_000n) / (all || 1n))} whole={1_000} label={t.datasets.of(part)} />
    </li>
  );
}

const NONE: readonly OfferAnswer[] = [];

function Licences({ dataset }: { dataset: DatasetAnswer }) {
  const unit = useUnit(dataset.revenueToken);
  const { value, error, reload, ...reading } = useList((most) => service.licences(dataset.address, most), [dataset.address]);
  const pages = usePages(value ?? NONE);
  return (
    <Section title={t.datasets.licences}>
      {error !== undefined && <Fault error={error} retry={reload} />}
      {value?.length === 0 && <Notice title={t.datasets.noLicences} />}
      {value && value.length > 0 && (
        <div className="table-wrap" tabIndex={0} role="region" aria-label={t.datasets.licences}>
          <table className="stacking">
            <thead>
              <tr>
                <th scope="col">{t.datasets.offer}</th>
                <th scope="col" className="amount">{t.datasets.price}</th>
                <th scope="col">{t.datasets.duration}</th>
                <th scope="col" className="amount">{t.datasets.sold}</th>
                <th scope="col">{t.datasets.state}</th>
              </tr>
            </thead>
            <tbody>
              {pages.rows.map((each) => (
                <tr key={each.offer}>
                  <td><Address of={each.offer} /></td>
                  <td className="amount" data-name={t.datasets.price}><AmountIn of={each.price} unit={unit} /></td>
                  <td data-name={t.datasets.duration}>{each.duration ? spanText(each.duration) : t.datasets.forever}</td>
                  <td className="amount" data-name={t.datasets.sold}>{countText(each.sold)}</td>
                  <td data-name={t.datasets.state}>{each.status === "open" ? t.datasets.open : t.datasets.closed}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Pager pages={pages} name={t.datasets.licences} />
      <GoesOn {...reading} />
    </Section>
  );
}

function Campaigns({ dataset }: { dataset: DatasetAnswer }) {
  const { value, ...reading } = useList(service.campaigns, []);
  const own = value?.filter((each) => each.dataset === dataset.address) ?? [];
  if (!own.length && !reading.goOn) return null;
  return (
    <Section title={t.datasets.campaigns}>
      <CampaignGrid lines={own} name={t.datasets.campaigns} />
      <GoesOn {...reading} />
    </Section>
  );
}
