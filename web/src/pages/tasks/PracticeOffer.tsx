// The way to practice, where somebody would look for it; where there is nothing to practise on, that is said.
import { practicable } from "../../app/practice";
import { useLoad } from "../../app/load";
import { Link } from "../../app/router";
import type { CampaignLine } from "../../api/types";
import { t } from "../../texts/en";
import { Card } from "../../ui/parts";
import { useSession } from "../../wallet/session";

/** For one of some campaigns. */
export function PracticeCard({ lines }: { lines: readonly CampaignLine[] }) {
  const name = usePracticable(lines);
  if (name === undefined) return null;
  return (
    <Card title={t.practice.offer}>
      <p className="quiet">{name ? t.practice.offerWhy : t.practice.none}</p>
      {name && (
        <p>
          <Link className="button small" href={`/tasks/practice/${name}`}>
            {t.practice.go}
          </Link>
        </p>
      )}
    </Card>
  );
}

/** A button among others. */
export function PracticeLink({ line }: { line: CampaignLine }) {
  const name = usePracticable([line]);
  if (!name) return null;
  return (
    <Link className="button" href={`/tasks/practice/${name}`}>
      {t.practice.go}
    </Link>
  );
}

function usePracticable(lines: readonly CampaignLine[]) {
  const { account } = useSession();
  const key = lines.map(({ id, status }) => `${id} ${status}`).join();
  return useLoad(() => practicable(lines), [key, account]).value;
}
