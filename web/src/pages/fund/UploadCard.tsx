// The items' content on its way to the oracle: with progress, going on where it broke off, and again where it was lost.
import { useCallback, useEffect, useRef, useState } from "react";
import { useLoad } from "../../app/load";
import { useSite } from "../../app/site";
import type { CampaignAnswer } from "../../api/types";
import { contentsOf, lackingOf, type Lacking } from "../../fund/again";
import { requesterStore, type KeptContent } from "../../fund/store";
import { upload } from "../../fund/upload";
import type { Imported } from "../../import/items";
import type { Spec } from "../../protocol/spec";
import { f } from "../../texts/en";
import { Fault, ToldError } from "../../ui/Fault";
import { countText } from "../../ui/format";
import { Card, Meter, Notice } from "../../ui/parts";
import { useSession } from "../../wallet/session";
import { SignIn } from "../tasks/Account";
import { variablesOf } from "./form";
import { ChooseFiles } from "./ItemsStep";

const KEEP_EVERY = 25;
const TAKES = new Set(["created", "open"]);

export function UploadCard({ campaign, spec }: { campaign: CampaignAnswer; spec: Spec | null }) {
  const [kept, setKept] = useState<KeptContent | null | undefined>();
  const [finished, setFinished] = useState(false);
  const { specHash } = campaign;
  useEffect(() => {
    let current = true;
    void requesterStore.contents(specHash).then((found) => current && setKept(found ?? null));
    return () => {
      current = false;
    };
  }, [specHash]);
  const end = useCallback(() => {
    setFinished(true);
    setKept(null);
  }, []);
  const again = async (contents: KeptContent["contents"]) => {
    const found = { specHash, contents, done: [] };
    await requesterStore.saveContents(found);
    setKept(found);
  };
  if (kept === undefined || !TAKES.has(campaign.status)) return null;
  if (kept) return <Uploading campaign={campaign} kept={kept} end={end} />;
  return <Complete campaign={campaign} spec={spec} finished={finished} again={again} />;
}

function Uploading({ campaign, kept, end }: { campaign: CampaignAnswer; kept: KeptContent; end: () => void }) {
  const { account } = useSession();
  const [done, setDone] = useState<ReadonlySet<string>>(new Set(kept.done));
  const [error, setError] = useState<unknown>();
  const stop = useRef<AbortController | null>(null);
  const { specHash, id } = campaign;
  useEffect(() => () => stop.current?.abort(), [specHash]);

  const start = useCallback(async () => {
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
      end();
    } catch (fault) {
      if (own.signal.aborted) return;
      await requesterStore.saveContents({ ...kept, done: [...had] });
      setError(fault);
    }
  }, [kept, id, specHash, end]);

  const ready = account !== null;
  useEffect(() => {
    if (ready) void start();
  }, [ready, start]);

  const all = new Set(kept.contents.map((each) => each.digest)).size;
  return (
    <Card title={f.watch.upload.title}>
      <p>{f.watch.upload.why}</p>
      <Meter part={done.size} whole={all} label={f.watch.upload.title} />
      <p role="status" className="quiet">{f.watch.upload.progress(countText(done.size), countText(all))}</p>
      {!account && <AskSignIn why={f.watch.upload.signIn} />}
      {error !== undefined && <Fault error={error} retry={start} />}
    </Card>
  );
}

interface CompleteProps {
  campaign: CampaignAnswer;
  spec: Spec | null;
  /** Whether this page has just handed in what it had. */
  finished: boolean;
  again: (contents: KeptContent["contents"]) => Promise<void>;
}

/** Where nothing is kept here, the service says whether it has all: it may never have come, or come from elsewhere. */
function Complete({ campaign, spec, finished, again }: CompleteProps) {
  const site = useSite();
  const { account } = useSession();
  const [whole, setWhole] = useState(false);
  const { value, error, reload } = useLoad(
    async () => {
      if (!account || !spec) return null;
      const found = await lackingOf(campaign.id, spec);
      setWhole(found.digests.length === 0);
      return found;
    },
    [campaign.id, account, spec === null],
    whole ? 0 : site.development ? 4_000 : 60_000,
  );
  if (value?.digests.length) return <Lost spec={spec!} lacking={value} again={again} />;
  // Without a spec nothing was handed in again: what is finished is then all that was funded.
  if (finished && (value || !spec)) return <Notice kind="good" title={f.watch.upload.done} />;
  if (!account) return <Card><AskSignIn why={f.watch.upload.signInLost} /></Card>;
  if (!spec) return <Notice title={f.watch.upload.unsure} />;
  return error === undefined ? null : <Fault error={error} retry={reload} />;
}

function Lost({ spec, lacking, again }: { spec: Spec; lacking: Lacking; again: CompleteProps["again"] }) {
  const words = f.watch.upload;
  const take = async (imported: Imported) => {
    const contents = await contentsOf(imported, spec, variablesOf(spec.task.config));
    if (!contents.length) throw new ToldError(words.lostNone);
    await again(contents);
  };
  return (
    <Notice kind="warn" title={words.lost(countText(lacking.digests.length), countText(lacking.asked))}>
      <p>{words.lostWhy}</p>
      <ChooseFiles prompt={words.lostChoose} take={take} />
    </Notice>
  );
}

function AskSignIn({ why }: { why: string }) {
  return (
    <>
      <p>{why}</p>
      <div className="row"><SignIn /></div>
    </>
  );
}
