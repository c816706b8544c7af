// Wallets as the browser offers them: EIP-6963 announcements, EIP-1193 requests. Whoever announces is a stranger.

/** What EIP-1193 asks of a wallet. */
export interface Provider {
  request(asked: { method: string; params?: readonly unknown[] | object }): Promise<unknown>;
  on?(event: string, listener: (value: never) => void): void;
  removeListener?(event: string, listener: (value: never) => void): void;
}

export interface WalletInfo {
  uuid: string;
  name: string;
  /** A data: address of a picture; empty where none was given, or none that is shown. */
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

const MOST_WALLETS = 40;
const MOST_NAME = 40;
const MOST_ICON = 128 * 1024;
const ICON = /^data:image\/(png|jpeg|gif|webp|svg\+xml)[;,]/;
// What would turn a line around, break it, or show nothing.
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]/gu;

const ours = new WeakSet<Provider>();
const known = new Map<Provider, Wallet>();
const listeners = new Set<() => void>();
let found: readonly Wallet[] = [];

/** Begin to listen for wallets, and ask those that are there to say so. */
export function discover(): void {
  addEventListener("eip6963:announceProvider", (event) => add(event.detail));
  dispatchEvent(new Event("eip6963:requestProvider"));
}

/** Make a wallet of this page's own known to it, as an extension would. */
export function announce(wallet: Wallet): void {
  ours.add(wallet.provider);
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

/** Whether others say that they are the same wallet: anyone can, so nothing may be taken for granted then. */
export function isContested(rdns: string): boolean {
  return found.filter((each) => each.info.rdns === rdns).length > 1;
}

/** Called once announcements have had their time: takes in a wallet that knows no EIP-6963. */
export function addInjected(): void {
  const provider = window.ethereum;
  const others = found.filter((each) => !isOurs(each));
  if (!provider || others.length) return;
  add({ info: { uuid: "window.ethereum", name: "Browser wallet", icon: "", rdns: "window.ethereum" }, provider });
}

/** The wallets of public keys that this page itself announces on a development chain. */
export function isOurs({ provider }: Wallet): boolean {
  return ours.has(provider);
}

function add(given: Wallet): void {
  const wallet = read(given);
  // The first stays: nobody takes the place of another by its uuid, nor fills the page.
  if (!wallet || known.has(wallet.provider) || known.size >= MOST_WALLETS) return;
  if (found.some((each) => each.info.uuid === wallet.info.uuid)) return;
  known.set(wallet.provider, wallet);
  found = [...known.values()].sort((one, other) => one.info.name.localeCompare(other.info.name, "en", { numeric: true }));
  for (const listener of listeners) listener();
}

/** What was announced, copied once and cut to what a page can show; null where it is no wallet at all. */
function read(given: Wallet): Wallet | null {
  try {
    const { provider, info } = given;
    const { uuid, name, icon, rdns } = info;
    if (typeof uuid !== "string" || !uuid || uuid.length > 100 || typeof provider.request !== "function") return null;
    const called = shown(name);
    if (!called) return null;
    return { provider, info: { uuid, name: called, icon: picture(icon), rdns: shown(rdns) || uuid } };
  } catch {
    return null;
  }
}

function shown(text: unknown): string {
  if (typeof text !== "string") return "";
  const whole = text.slice(0, 10 * MOST_NAME).replace(UNSEEN, "").trim();
  return whole.length > MOST_NAME ? `${whole.slice(0, MOST_NAME - 1)}…` : whole;
}

/** A picture in itself. Scripts in an SVG do not run in an <img>, and it loads nothing. */
function picture(icon: unknown): string {
  const fits = typeof icon === "string" && icon.length <= MOST_ICON && ICON.test(icon);
  return fits ? icon : "";
}
