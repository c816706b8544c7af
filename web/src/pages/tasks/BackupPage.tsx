// What only this browser knows, saved to a file and read back.
import { useState } from "react";
import { useLoad } from "../../app/load";
import { isOpened } from "../../app/annotator";
import { BackupError, exportBackup, importBackup } from "../../store/backup";
import { requesterStore } from "../../fund/store";
import { database } from "../../store/database";
import { t } from "../../texts/en";
import { Fault, ToldError } from "../../ui/Fault";
import { countText } from "../../ui/format";
import { Card, Figures, Notice, Page } from "../../ui/parts";
import { save } from "../../ui/save";

export default function BackupPage() {
  const { value, reload } = useLoad(async () => {
    const [drafts, batches, gold] = await Promise.all([database.drafts(), database.everyBatch(), requesterStore.everyGold()]);
    return {
      drafts: drafts.filter((each) => each.answers.length > 0).length,
      batches: batches.length,
      gold: gold.length,
      unopened: batches.filter((each) => each.state !== "refused" && !isOpened(each)).length,
    };
  }, []);
  const [said, setSaid] = useState("");
  const [error, setError] = useState<unknown>();

  const keep = async () => {
    setError(undefined);
    try {
      save(`labelshare-backup-${new Date().toISOString().slice(0, 10)}.json`, await exportBackup(), "application/json");
      setSaid(t.backup.saved);
    } catch (fault) {
      setError(fault);
    }
  };
  const restore = async (file: File | undefined) => {
    if (!file) return;
    setError(undefined);
    setSaid("");
    try {
      const found = await importBackup(file);
      setSaid(t.backup.restored(found.batches, found.drafts, found.known, found.gold));
    } catch (fault) {
      setError(fault instanceof BackupError ? new ToldError({ what: fault.message, todo: t.backup.importTodo }) : fault);
    }
    await reload();
  };

  return (
    <Page title={t.backup.title} lead={t.backup.lead}>
      <Card title={t.backup.here}>
        {value && (
          <Figures
            rows={[
              [t.backup.drafts, countText(value.drafts)],
              [t.backup.batches, countText(value.batches)],
              [t.backup.unopened, countText(value.unopened)],
              [t.backup.gold, countText(value.gold)],
            ]}
          />
        )}
      </Card>
      {said && <Notice kind="good" title={said} />}
      {error !== undefined && <Fault error={error} />}
      <div className="grid">
        <Card title={t.backup.export}>
          <p>{t.backup.exportWhy}</p>
          <div className="row">
            <button type="button" className="button primary" onClick={() => void keep()}>
              {t.backup.export}
            </button>
          </div>
        </Card>
        <Card title={t.backup.import}>
          <p>{t.backup.importWhy}</p>
          <div className="field">
            <label htmlFor="backup-file">{t.backup.choose}</label>
            <input id="backup-file" type="file" accept="application/json,.json" onChange={(event) => void restore(event.target.files?.[0])} />
          </div>
        </Card>
      </div>
    </Page>
  );
}
