// The visitor's wallet: which there are, which one is connected, and on which chain it is.
import { createContext, useCallback, useContext, useEffect, useMemo, useState, useSyncExternalStore, type ReactNode } from "react";
import type { Address, Hex } from "viem";
import { useSite } from "../app/site";
import { announceDevWallets } from "./devWallet";
import { addInjected, discover, onWallets, wallets, type Wallet } from "./provider";

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
  connect: (wallet: Wallet) => Promise<Address>;
  disconnect: () => void;
  /** Ask the wallet to change to this service's chain. */
  changeChain: () => Promise<void>;
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

  const connect = useCallback(async (wallet: Wallet) => {
    const next = await connectionOf(wallet, "eth_requestAccounts");
    if (!next) throw new Error("the wallet named no account");
    localStorage.setItem(KEY, wallet.info.rdns);
    setConnected(next);
    return next.account;
  }, []);

  const disconnect = useCallback(() => {
    localStorage.removeItem(KEY);
    setConnected(null);
  }, []);

  useEffect(() => {
    const kept = found.find((each) => each.info.rdns === localStorage.getItem(KEY));
    if (!kept || connected) return;
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

  const changeChain = useCallback(async () => {
    const params = [{ chainId: `0x${site.chainId.toString(16)}` }];
    await connected?.wallet.provider.request({ method: "wallet_switchEthereumChain", params });
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

/** Follow what the visitor does in the wallet itself. */
function useFollowed(
  connected: Connected | null,
  set: (next: Connected) => void,
  disconnect: () => void,
): void {
  useEffect(() => {
    const provider = connected?.wallet.provider;
    if (!provider?.on) return;
    const onAccounts = (accounts: readonly Address[]) => {
      if (accounts[0]) set({ ...connected!, account: accounts[0] });
      else disconnect();
    };
    const onChain = (chainId: Hex) => set({ ...connected!, chainId: Number(chainId) });
    provider.on("accountsChanged", onAccounts);
    provider.on("chainChanged", onChain);
    return () => {
      provider.removeListener?.("accountsChanged", onAccounts);
      provider.removeListener?.("chainChanged", onChain);
    };
  }, [connected, set, disconnect]);
}

async function connectionOf(wallet: Wallet, method: string): Promise<Connected | null> {
  const accounts = (await wallet.provider.request({ method })) as readonly Address[];
  const account = accounts[0];
  if (!account) return null;
  const chainId = Number(await wallet.provider.request({ method: "eth_chainId" }));
  return { wallet, account, chainId };
}
