// The visitor's wallet: which there are, which one is connected, and on which chain it is.
import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState, useSyncExternalStore, type Dispatch, type ReactNode, type SetStateAction } from "react";
import type { Address } from "viem";
import { useSite } from "../app/site";
import { t } from "../texts/en";
import { accountIn, chainIn, OddAnswerError } from "./answers";
import { changeTo } from "./change";
import { announceDevWallets } from "./devWallet";
import { addInjected, discover, isContested, onWallets, wallets, type Wallet } from "./provider";
import { WrongChainError } from "./request";

const KEY = "labelshare.wallet";
const INJECTED_AFTER = 400;

export interface Connected {
  wallet: Wallet;
  account: Address;
  chainId: number;
}

interface WalletState {
  wallets: readonly Wallet[];
  connected: Connected | null;
  /** Whether the wallet is on this service's chain. */
  rightChain: boolean;
  connect: (wallet: Wallet) => Promise<void>;
  disconnect: () => void;
  /** Ask the wallet to change to this service's chain, and to add it where it does not know it. */
  changeChain: (tell?: (line: string) => void) => Promise<void>;
}

const Context = createContext<WalletState | null>(null);

export function WalletProvider({ children }: { children: ReactNode }) {
  const site = useSite();
  const found = useSyncExternalStore(onWallets, wallets);
  const [connected, setConnected] = useState<Connected | null>(null);

  useEffect(() => {
    discover();
    announceDevWallets(site.chainId, site.rpc);
    const timer = setTimeout(addInjected, INJECTED_AFTER);
    return () => clearTimeout(timer);
  }, [site]);

  // A wallet may answer late, or never: what was chosen after it goes before it.
  const turn = useRef(0);
  const connect = useCallback(async (wallet: Wallet) => {
    const own = (turn.current += 1);
    const next = await connectionOf(wallet, "eth_requestAccounts");
    if (own !== turn.current) return;
    if (!next) throw new OddAnswerError("account");
    localStorage.setItem(KEY, wallet.info.rdns);
    setConnected(next);
  }, []);

  const disconnect = useCallback(() => {
    turn.current += 1;
    localStorage.removeItem(KEY);
    setConnected(null);
  }, []);

  useEffect(() => {
    const kept = found.find((each) => each.info.rdns === localStorage.getItem(KEY));
    // Of several that claim to be the one, the visitor chooses again.
    if (!kept || connected || isContested(kept.info.rdns)) return;
    let current = true;
    connectionOf(kept, "eth_accounts").then(
      (next) => current && next && setConnected(next),
      () => undefined,
    );
    return () => {
      current = false;
    };
  }, [found, connected]);

  useFollowed(connected, setConnected, disconnect);

  const changeChain = useCallback(async (tell?: (line: string) => void) => {
    if (!connected) return;
    await changeTo(site, connected.wallet.provider, () => tell?.(t.confirm.inWallet));
    // Not every wallet tells of it.
    const chainId = chainIn(await connected.wallet.provider.request({ method: "eth_chainId" }));
    setConnected((now) => (now?.wallet === connected.wallet ? { ...now, chainId } : now));
    if (chainId !== site.chainId) throw new WrongChainError(site.chainId, chainId);
  }, [connected, site]);

  const rightChain = connected?.chainId === site.chainId;
  const state = useMemo(
    () => ({ wallets: found, connected, rightChain, connect, disconnect, changeChain }),
    [found, connected, rightChain, connect, disconnect, changeChain],
  );
  return <Context.Provider value={state}>{children}</Context.Provider>;
}

export function useWallet(): WalletState {
  const state = useContext(Context);
  if (!state) throw new Error("useWallet outside of its provider");
  return state;
}

type Change = { account: Address } | { chainId: number };

/** Follow what the visitor does in the wallet itself. */
function useFollowed(
  connected: Connected | null,
  set: Dispatch<SetStateAction<Connected | null>>,
  disconnect: () => void,
): void {
  const wallet = connected?.wallet;
  useEffect(() => {
    const provider = wallet?.provider;
    if (typeof provider?.on !== "function") return;
    let current = true; // not every wallet lets go of its listeners
    const change = (part: () => Change | null) => {
      if (!current) return;
      try {
        const next = part();
        if (next) set((now) => (now && now.wallet === wallet ? { ...now, ...next } : now));
        else disconnect();
      } catch {
        disconnect(); // what it says cannot be read, so nobody knows who it is
      }
    };
    const heard: Record<string, (said: never) => void> = {
      accountsChanged: (said) => change(() => withAccount(accountIn(said))),
      chainChanged: (said) => change(() => ({ chainId: chainIn(said) })),
      disconnect: () => change(() => null),
    };
    for (const [event, listener] of Object.entries(heard)) provider.on(event, listener);
    return () => {
      current = false;
      for (const [event, listener] of Object.entries(heard)) provider.removeListener?.(event, listener);
    };
  }, [wallet, set, disconnect]);
}

async function connectionOf(wallet: Wallet, method: string): Promise<Connected | null> {
  const account = accountIn(await wallet.provider.request({ method }));
  if (!account) return null;
  const chainId = chainIn(await wallet.provider.request({ method: "eth_chainId" }));
  return { wallet, account, chainId };
}

function withAccount(account: Address | null): Change | null {
  return account && { account };
}
