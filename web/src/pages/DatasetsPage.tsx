// All datasets of the deployment.
import { useLoad } from "../app/load";
import { Link } from "../app/router";
import { service } from "../api/service";
import { t } from "../texts/en";
import { Fault } from "../ui/Fault";
import { percentText } from "../ui/format";
import { Address, Figures, Loading, Notice, Page } from "../ui/parts";
import { Shares } from "../ui/Amount";

export default function DatasetsPage() {
  const { value, error, reload } = useLoad(service.datasets, []);
  return (
    <Page title={t.datasets.title} lead={t.datasets.lead}>
      {error !== undefined && <Fault error={error} retry={reload} />}
      {!value && error === undefined && <Loading />}
      {value?.length === 0 && <Notice title={t.datasets.empty} />}
      <div className="grid">
        {value?.map((each) => (
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
                [t.datasets.part, percentText(each.contributorBps, 10_000)],
              ]}
            />
          </article>
        ))}
      </div>
    </Page>
  );
}
