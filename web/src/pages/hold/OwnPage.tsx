// What an account owns: shares of datasets, what they earn, what can be claimed, and what still waits to be collected.
import { useMemo, useState } from "react";
import type { Address, PublicClient } from "viem";
import { claimOf } from "../../app/claims";
import { useLoad } from "../../app/load";
import { Link } from "../../app/router";
import { useSite } from "../../app/site";
import { service, type Site } from "../../api/service";
import { owedShares, waitingShares, type Arrived, type Holding, type Owed, type Waiting } from "../../hold/chain";
import { ownedBy, type Known } from "../../hold/owned";
import { h } from "../../texts/en";
import { AmountIn, Shares, useUnit } from "../../ui/Amount";
import { useConfirm } from "../../ui/Confirm";
import { Fault } from "../../ui/Fault";
import { sharesText, shortHex } from "../../ui/format";
import { Figures, Loading, Notice, Page, Section } from "../../ui/parts";
import { send } from "../../wallet/send";
import { useSession } from "../../wallet/session";
import type { Connected } from "../../wallet/wallet";
import { SignIn } from "../tasks/Account";
import { told } from "../tasks/PoolPage";
import { Answers } from "./Answers";
import { ArrivedNotice, CLAIMABLE_DIGITS, ClaimButton } from "./Claim";
import { useEvery, WithAccount, WithChain } from "./Frame";
import { partRows, streamRows } from "./figures";

export default function OwnPage() {
  return (
    <Page title={h.own.title} lead={h.own.lead} wide={<Link className="button small" href="/licences">{h.own.shop}</Link>}>
      <WithAccount why={h.own.connectWhy}>
        {(connected) => <WithChain>{(chain) => <Owned key={connected.account} chain={chain} connected={connected} />}</WithChain>}
      </WithAccount>
      <Answers />
    </Page>
  );
}

/** The service did not say what waits for the account; what it owns is the chain's to say. */
class Unanswered {
  constructor(readonly fault: unknown) {}
}

interface Look {
  holdings: Holding[];
  /** Null while nobody is signed in. */
  waiting: Waiting[] | Unanswered | null;
}

async function lookAt(chain: PublicClient, site: Site, account: Address, owed: Owed[] | Unanswered | null, last: { known: Known | null }): Promise<Look> {
  const before = last.known;
  last.known = null; // what fails is looked at from the beginning
  const also = Array.isArray(owed) ? owed.map((each) => each.dataset) : [];
  const { known, holdings } = await ownedBy(chain, site, account, also, before);
  last.known = known;
  return { holdings, waiting: Array.isArray(owed) ? await waitingShares(chain, owed, holdings) : owed };
}

function Owned({ chain, connected }: { chain: PublicClient; connected: Connected }) {
  const site = useSite();
  const { account } = connected;
  const session = useSession();
  const last = useMemo<{ known: Known | null }>(() => ({ known: null }), [chain, site, account]);
  const { value, error, reload } = useLoad(
    async () => {
      const owed = session.account ? await owedShares().catch((fault: unknown) => new Unanswered(fault)) : null;
      return lookAt(chain, site, account, owed, last);
    },
    [chain, site, account, session.account],
    useEvery(),
  );
  const [arrived, setArrived] = useState<Arrived | null>(null);
  if (!value) return error ? <Fault error={error} retry={reload} /> : <Loading />;
  const held = value.holdings.filter((each) => each.shares > 0n || each.claimable > 0n);
  const done = (found: Arrived) => {
    setArrived(found);
    void reload();
  };
  return (
    <>
      {error !== undefined && <Fault error={error} retry={reload} />}
      {arrived && <ArrivedNotice chain={chain} arrived={arrived} />}
      <WaitingFor chain={chain} connected={connected} {...value} reload={reload} />
      <Section title={h.own.datasets}>
        {held.length === 0 && (
          <Notice title={h.own.none}>
            <p>{h.own.noneTodo}</p>
            <Link href="/tasks">{h.own.work}</Link>
          </Notice>
        )}
        {held.map((each) => (
          <Held key={each.address} chain={chain} connected={connected} holding={each} done={done} />
        ))}
      </Section>
    </>
  );
}

function Held({ chain, connected, holding, done }: { chain: PublicClient; connected: Connected; holding: Holding; done: (arrived: Arrived) => void }) {
  const unit = useUnit(holding.token);
  return (
    <article className="card" aria-label={holding.name}>
      <div className="row apart">
        <h3>
          <Link href={`/own/${holding.address}`}>{holding.name}</Link> <span className="quiet">{holding.symbol}</span>
        </h3>
        <ClaimButton chain={chain} connected={connected} holding={holding} done={done} />
      </div>
      <Figures rows={[[h.own.claimable, <AmountIn key="claimable" of={holding.claimable} unit={unit} digits={CLAIMABLE_DIGITS} />], ...streamRows(holding, unit), ...partRows(holding)]} />
      <p>
        <Link href={`/own/${holding.address}`}>{h.own.details}</Link>
      </p>
    </article>
  );
}

function WaitingFor({ chain, connected, holdings, waiting, reload }: Look & { chain: PublicClient; connected: Connected; reload: () => Promise<void> }) {
  if (!waiting) {
    return (
      <Section title={h.waiting.title} note={h.waiting.signIn}>
        <div>
          <SignIn />
        </div>
      </Section>
    );
  }
  if (waiting instanceof Unanswered) return <Fault error={waiting.fault} retry={reload} />;
  if (!waiting.length) return null;
  return (
    <Section title={h.waiting.title} note={h.waiting.note}>
      {waiting.map((each) => (
        <WaitingCard key={each.campaign} chain={chain} connected={connected} waiting={each} holding={holdings.find((one) => one.address === each.dataset)} reload={reload} />
      ))}
    </Section>
  );
}

function WaitingCard({ chain, connected, waiting, holding, reload }: {
  chain: PublicClient;
  connected: Connected;
  waiting: Waiting;
  holding: Holding | undefined;
  reload: () => Promise<void>;
}) {
  const site = useSite();
  const confirm = useConfirm();
  const unit = useUnit(holding?.token);
  const { value: campaign } = useLoad(() => service.campaign(waiting.campaign), [waiting.campaign]);
  const collect = async () => {
    const words = h.waiting.words;
    await confirm({
      title: words.title,
      lines: words.lines(sharesText(waiting.shares), holding?.name ?? waiting.dataset),
      yes: words.yes,
      run: async (tell) => {
        tell(words.proving);
        const { call } = await claimOf(chain, site, await service.campaign(waiting.campaign), connected.account);
        await send(site, connected, call, told(tell));
      },
    });
    await reload();
  };
  return (
    <article className="card" aria-label={h.waiting.title}>
      <div className="row apart">
        <h3>{h.waiting.of(campaign?.title ?? shortHex(waiting.campaign))}</h3>
        <button type="button" className="button primary" onClick={() => void collect()}>
          {h.waiting.collect}
        </button>
      </div>
      <Figures
        rows={[
          [h.own.shares, <Shares key="shares" of={waiting.shares} symbol={holding?.symbol ?? ""} />],
          [h.waiting.earned, <AmountIn key="earned" of={waiting.earned} unit={unit} digits={CLAIMABLE_DIGITS} />],
        ]}
      />
    </article>
  );
}
