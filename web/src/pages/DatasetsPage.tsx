// All datasets of the deployment.
import { useList } from "../app/load";
import { Link } from "../app/router";
import { service } from "../api/service";
import type { DatasetLine } from "../api/types";
import { t } from "../texts/en";
import { Fault } from "../ui/Fault";
import { bpsText } from "../ui/format";
import { GoesOn, Pager, usePages } from "../ui/Pages";
import { Address, Figures, Loading, Notice, Page } from "../ui/parts";
import { Shares } from "../ui/Amount";

const NONE: readonly DatasetLine[] = [];

export default function DatasetsPage() {
  const { value, error, reload, ...reading } = useList(service.datasets, []);
  const pages = usePages(value ?? NONE);
  return (
    <Page title={t.datasets.title} lead={t.datasets.lead}>
      {error !== undefined && <Fault error={error} retry={reload} />}
      {!value && error === undefined && <Loading />}
      {value?.length === 0 && <Notice title={t.datasets.empty} />}
      <div className="grid">
        {pages.rows.map((each) => (
          <article className="card" key={each.address}>
            <h2>
              <Link href={`/datasets/${each.address}`}>{each.name}</Link>
            </h2>
            <p className="quiet">
              {each.symbol} · <Address of={each.publisher} />
            </p>
            <Figures
              rows={[
                [t.datasets.max, <Shares key="max" of={each.maxShares} symbol="" />],
                [t.datasets.part, bpsText(each.contributorBps)],
              ]}
            />
          </article>
        ))}
      </div>
      <Pager pages={pages} name={t.datasets.title} />
      <GoesOn {...reading} />
    </Page>
  );
}
