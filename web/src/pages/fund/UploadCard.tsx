// The items' content on its way to the oracle: with progress, and going on where it broke off.
import { useCallback, useEffect, useRef, useState } from "react";
import type { CampaignAnswer } from "../../api/types";
import { requesterStore, type KeptContent } from "../../fund/store";
import { upload } from "../../fund/upload";
import { f } from "../../texts/en";
import { Fault } from "../../ui/Fault";
import { countText } from "../../ui/format";
import { Card, Meter, Notice } from "../../ui/parts";
import { useSession } from "../../wallet/session";
import { SignIn } from "../tasks/Account";

const KEEP_EVERY = 25;
const TAKES = new Set(["created", "open"]);

export function UploadCard({ campaign }: { campaign: CampaignAnswer }) {
  const { account } = useSession();
  const [kept, setKept] = useState<KeptContent | null | undefined>();
  const [done, setDone] = useState<ReadonlySet<string>>(new Set());
  const [error, setError] = useState<unknown>();
  const stop = useRef<AbortController | null>(null);
  const { specHash, id } = campaign;

  useEffect(() => {
    let current = true;
    void requesterStore.contents(specHash).then((found) => {
      if (!current) return;
      setKept(found ?? null);
      setDone(new Set(found?.done));
    });
    return () => {
      current = false;
      stop.current?.abort();
    };
  }, [specHash]);

  const start = useCallback(async () => {
    if (!kept) return;
    stop.current?.abort();
    const own = (stop.current = new AbortController());
    setError(undefined);
    const had = new Set(kept.done);
    let sinceKept = 0;
    const note = (digest: string) => {
      had.add(digest);
      setDone(new Set(had));
      sinceKept += 1;
      if (sinceKept % KEEP_EVERY === 0) void requesterStore.saveContents({ ...kept, done: [...had] });
    };
    try {
      await upload(id, kept.contents.filter((each) => !had.has(each.digest)), note, own.signal);
      await requesterStore.dropContents(specHash);
    } catch (fault) {
      if (own.signal.aborted) return;
      await requesterStore.saveContents({ ...kept, done: [...had] });
      setError(fault);
    }
  }, [kept, id, specHash]);

  const ready = Boolean(kept && account && TAKES.has(campaign.status));
  useEffect(() => {
    if (ready) void start();
  }, [ready, start]);

  if (!kept || !TAKES.has(campaign.status)) return null;
  const all = new Set(kept.contents.map((each) => each.digest)).size;
  if (done.size >= all) return <Notice kind="good" title={f.watch.upload.done} />;
  return (
    <Card title={f.watch.upload.title}>
      <p>{f.watch.upload.why}</p>
      <Meter part={done.size} whole={all} label={f.watch.upload.title} />
      <p role="status" className="quiet">{f.watch.upload.progress(countText(done.size), countText(all))}</p>
      {!account && (
        <>
          <p>{f.watch.upload.signIn}</p>
          <div className="row"><SignIn /></div>
        </>
      )}
      {error !== undefined && <Fault error={error} retry={start} />}
    </Card>
  );
}
