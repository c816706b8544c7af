// The way to practice, where somebody would look for it; where there is nothing to practise on, that is said.
import { useEffect } from "react";
import type { Hex } from "viem";
import { practicable } from "../../app/practice";
import { useLoad, type Loaded } from "../../app/load";
import { Link } from "../../app/router";
import type { CampaignLine } from "../../api/types";
import { t } from "../../texts/en";
import { Fault } from "../../ui/Fault";
import { Card } from "../../ui/parts";
import { useSession } from "../../wallet/session";

/** So many milliseconds after a failure the service is asked again. */
const AGAIN = 10_000;

/** For one of some campaigns. */
export function PracticeCard({ lines }: { lines: readonly CampaignLine[] }) {
  const { value: name, error, reload } = usePracticable(lines);
  if (name === undefined && error === undefined) return null;
  return (
    <Card title={t.practice.offer}>
      {name === undefined ? <Fault error={error} retry={reload} /> : <p className="quiet">{name ? t.practice.offerWhy : t.practice.none}</p>}
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

/** A button among others, where there is something to practise on. */
export function PracticeLink({ line }: { line: CampaignLine }) {
  const { value: name } = usePracticable([line]);
  if (!name) return null;
  return (
    <Link className="button" href={`/tasks/practice/${name}`}>
      {t.practice.go}
    </Link>
  );
}

function usePracticable(lines: readonly CampaignLine[]): Loaded<Hex | null> {
  const { account } = useSession();
  const key = lines.map(({ id, status }) => `${id} ${status}`).join();
  const loaded = useLoad(() => practicable(lines), [key, account]);
  const { error, reload } = loaded;
  useEffect(() => {
    if (error === undefined) return;
    const timer = setTimeout(() => void reload(), AGAIN);
    return () => clearTimeout(timer);
  }, [error, reload]);
  return loaded;
}
