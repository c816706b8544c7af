// Where an annotator starts: four steps, of which the first three are done once.
import { useChain } from "../../app/chain";
import { useList } from "../../app/load";
import { Link } from "../../app/router";
import { useSite } from "../../app/site";
import type { CampaignLine } from "../../api/types";
import { t } from "../../texts/en";
import { Amount } from "../../ui/Amount";
import { Fault } from "../../ui/Fault";
import { GoesOn } from "../../ui/Pages";
import { Address, Loading, Notice, Page, Step } from "../../ui/parts";
import { takesWork, type Seat } from "../../wallet/chain";
import { useSession } from "../../wallet/session";
import { useWallet } from "../../wallet/wallet";
import { CampaignGrid } from "../LandingPage";
import { Connect, SignIn } from "./Account";
import { poolsOf, type PoolHere } from "./pools";
import { PracticeCard } from "./PracticeOffer";

const LIVE = new Set(["created", "open", "proposed", "disputed"]);

export default function WorkPage() {
  const site = useSite();
  const chain = useChain();
  const { connected } = useWallet();
  const { account } = useSession();
  const { value, error, reload, ...reading } = useList(
    (most) => poolsOf(chain, site, connected?.account ?? null, most),
    [chain, site, connected?.account],
    site.development ? 4_000 : 20_000,
  );
  const seated = value?.filter((each) => each.seat && each.seat.fullSince !== 0) ?? [];
  const campaigns = seated.flatMap((each) => each.campaigns);
  const state = (done: boolean, before: boolean) => (done ? "done" : before ? "now" : "later");
  return (
    <Page title={t.work.title} lead={t.work.lead}>
      <ol className="steps card">
        <Step number={1} state={state(connected !== null, true)} title={t.work.steps.connect}>
          {connected ? <Address of={connected.account} /> : <Connect />}
        </Step>
        <Step number={2} state={state(account !== null, connected !== null)} title={t.work.steps.signIn}>
          {!account && <p className="quiet">{t.work.signInWhy}</p>}
          {connected && !account && <SignIn />}
        </Step>
        <Step number={3} state={state(seated.length > 0, account !== null)} title={t.work.steps.join}>
          <p className="quiet">{t.work.poolsNote}</p>
          {error !== undefined && <Fault error={error} retry={reload} />}
          {!value && error === undefined && <Loading />}
          {value?.length === 0 && <Notice title={t.work.noPools} />}
          {value && value.length > 0 && <Pools pools={value} />}
          <GoesOn {...reading} />
        </Step>
        <Step number={4} state={state(false, seated.length > 0)} title={t.work.steps.campaign}>
          {seated.length > 0 && <Campaigns lines={campaigns} />}
        </Step>
      </ol>
      {value && value.length > 0 && <PracticeCard lines={value.flatMap((each) => each.campaigns)} />}
    </Page>
  );
}

function Pools({ pools }: { pools: readonly PoolHere[] }) {
  return (
    <div className="grid fill">
      {pools.map(({ id, sample, campaigns, seat }) => (
        <Link className="card" href={`/tasks/pools/${id}`} key={id}>
          <div className="row apart">
            <SeatPill seat={seat} />
            <span className="quiet small-text">{campaigns.map((each) => each.title ?? t.landing.untitled)[0]}</span>
          </div>
          <p>
            <strong>
              <Amount of={sample.poolParams.seatStake} token={sample.poolParams.token} />
            </strong>{" "}
            <span className="quiet">{t.pool.stake}</span>
          </p>
          <p className="accent">{seat && seat.fullSince !== 0 ? t.work.open : t.work.join} →</p>
        </Link>
      ))}
    </div>
  );
}

export function SeatPill({ seat }: { seat: Seat | null }) {
  if (!seat || seat.fullSince === 0) return <span className="pill">{t.work.noSeat}</span>;
  if (seat.releaseAt !== 0) return <span className="pill waiting">{t.work.leaving}</span>;
  return takesWork(seat) ? <span className="pill live">{t.work.seated}</span> : <span className="pill bad">{t.work.short}</span>;
}

function Campaigns({ lines }: { lines: readonly CampaignLine[] }) {
  const live = lines.filter((line) => LIVE.has(line.status));
  if (!live.length) return <p className="quiet">{t.work.noCampaigns}</p>;
  return <CampaignGrid lines={live} name={t.work.steps.campaign} at="/tasks" fill />;
}
