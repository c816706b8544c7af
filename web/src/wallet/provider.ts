// Wallets as the browser offers them: EIP-6963 announcements, EIP-1193 requests.

/** What EIP-1193 asks of a wallet. */
export interface Provider {
  request(asked: { method: string; params?: readonly unknown[] | object }): Promise<unknown>;
  on?(event: string, listener: (value: never) => void): void;
  removeListener?(event: string, listener: (value: never) => void): void;
}

export interface WalletInfo {
  uuid: string;
  name: string;
  /** A data: address of a picture; anything else is not shown. */
  icon: string;
  rdns: string;
}

export interface Wallet {
  info: WalletInfo;
  provider: Provider;
}

declare global {
  interface WindowEventMap {
    "eip6963:announceProvider": CustomEvent<Wallet>;
  }
  interface Window {
    ethereum?: Provider;
  }
}

const known = new Map<string, Wallet>();
const listeners = new Set<() => void>();
let found: readonly Wallet[] = [];

/** Begin to listen for wallets, and ask those that are there to say so. */
export function discover(): void {
  addEventListener("eip6963:announceProvider", (event) => add(event.detail));
  dispatchEvent(new Event("eip6963:requestProvider"));
}

/** Make a wallet known to this page, as an extension would. */
export function announce(wallet: Wallet): void {
  const tell = () => dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail: Object.freeze(wallet) }));
  addEventListener("eip6963:requestProvider", tell);
  tell();
}

/** All wallets that were announced, and the old kind (`window.ethereum`) where none was. */
export function wallets(): readonly Wallet[] {
  return found;
}

export function onWallets(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Called once announcements have had their time: takes in a wallet that knows no EIP-6963. */
export function addInjected(): void {
  const provider = window.ethereum;
  const others = found.filter((each) => !each.info.rdns.startsWith("org.labelshare."));
  if (!provider || others.length) return;
  add({ info: { uuid: "window.ethereum", name: "Browser wallet", icon: "", rdns: "window.ethereum" }, provider });
}

function add(wallet: Wallet): void {
  if (!wallet?.info?.uuid || typeof wallet.provider?.request !== "function") return;
  known.set(wallet.info.rdns || wallet.info.uuid, wallet);
  found = [...known.values()].sort((one, other) => one.info.name.localeCompare(other.info.name, "en", { numeric: true }));
  for (const listener of listeners) listener();
}
