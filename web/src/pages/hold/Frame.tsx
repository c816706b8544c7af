// What every page here needs first: a way to the chain, and where an account matters a wallet on the right one.
import { useState, type ReactNode } from "react";
import type { PublicClient } from "viem";
import { useChain } from "../../app/chain";
import { useSite } from "../../app/site";
import { h, t } from "../../texts/en";
import { Fault } from "../../ui/Fault";
import { Notice, Section } from "../../ui/parts";
import { useWallet, type Connected } from "../../wallet/wallet";
import { Connect } from "../tasks/Account";
import "./hold.css";

/** How often pages look again, in milliseconds. */
export function useEvery(): number {
  return useSite().development ? 3_000 : 20_000;
}

/** Shows what needs the chain, or says that there is no way to it. */
export function WithChain({ children }: { children: (chain: PublicClient) => ReactNode }) {
  const chain = useChain();
  if (chain) return children(chain);
  return (
    <Section title={h.own.connect} note={h.own.chainNeeded}>
      <Notice kind="warn" title={t.faults.noChain.what}>
        <p>{t.faults.noChain.todo}</p>
      </Notice>
      <WrongChain />
      <Connect />
    </Section>
  );
}

/** Shows what needs an account, or offers to connect one. */
export function WithAccount({ why, children }: { why: string; children: (connected: Connected) => ReactNode }) {
  const { connected } = useWallet();
  if (!connected) {
    return (
      <Section title={h.own.connect} note={why}>
        <Connect />
      </Section>
    );
  }
  return (
    <>
      <WrongChain />
      {children(connected)}
    </>
  );
}

/** The wallet is on another chain: nothing is sent, and how to change it. */
export function WrongChain() {
  const site = useSite();
  const { connected, rightChain, changeChain } = useWallet();
  const [error, setError] = useState<unknown>();
  if (!connected || rightChain) return null;
  const words = t.faults.wrongChain(site.chainId, connected.chainId);
  return (
    <Notice kind="bad" title={words.what}>
      <button type="button" className="button small" onClick={() => void changeChain().catch(setError)}>
        {h.chain.wrong}
      </button>
      {error !== undefined && <Fault error={error} />}
    </Notice>
  );
}
