// Signing in with Ethereum: the service's text is compared to the letter with the one expected, then shown, then signed.
import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import type { Address } from "viem";
import { onSignedOut, setToken } from "../api/client";
import { service, type Site } from "../api/service";
import type { SignInMessage } from "../api/types";
import { useSite } from "../app/site";
import { t } from "../texts/en";
import { requireChain, signText } from "./request";
import { useWallet, type Connected } from "./wallet";

const KEY = "labelshare.session";
export const STATEMENT = "Sign in to this labelshare oracle. This moves no money and approves nothing.";

/** A session goes on until the service says that it is over: this computer's clock may be wrong. */
interface Kept {
  account: Address;
  token: string;
}

/** The service asks for another text than the one that this page expects. */
export class UnexpectedTextError extends Error {}

interface SessionState {
  /** The account that is signed in; the connected one, or nobody. */
  account: Address | null;
  /** Ask for the text, which `signIn` then has signed. */
  askText: () => Promise<SignInMessage>;
  /** `tell` is called before what was signed goes to the service. */
  signIn: (asked: SignInMessage, tell: (line: string) => void) => Promise<void>;
  signOut: () => Promise<void>;
}

const Context = createContext<SessionState | null>(null);

export function SessionProvider({ children }: { children: ReactNode }) {
  const site = useSite();
  const { connected, rightChain } = useWallet();
  const [kept, setKept] = useState<Kept | null>(read);

  const keep = useCallback((next: Kept | null) => {
    if (next) sessionStorage.setItem(KEY, JSON.stringify(next));
    else sessionStorage.removeItem(KEY);
    setKept(next);
  }, []);

  useEffect(() => onSignedOut(() => keep(null)), [keep]);
  useEnding(kept, connected, keep);

  // While the wallet is on another chain nobody is signed in; back on it, the session goes on.
  const fits = kept && rightChain && connected && sameAccount(kept.account, connected.account);
  const current = fits ? kept : null;
  setToken(current?.token ?? null);

  const askText = useCallback(() => askedText(site, required(connected)), [site, connected]);

  const signIn = useCallback(
    async (asked: SignInMessage, tell: (line: string) => void) => {
      const signature = await signText(required(connected), asked.message);
      tell(t.connect.signingIn);
      const made = await service.signIn(asked.nonce, signature);
      keep({ account: made.account, token: made.token });
    },
    [connected, keep],
  );

  const signOut = useCallback(async () => {
    try {
      await service.signOut();
    } finally {
      keep(null);
    }
  }, [keep]);

  const account = current?.account ?? null;
  const state = useMemo(() => ({ account, askText, signIn, signOut }), [account, askText, signIn, signOut]);
  return <Context.Provider value={state}>{children}</Context.Provider>;
}

/** The wallet is gone, or is at another account: the session ends, here and at the service. */
function useEnding(kept: Kept | null, connected: Connected | null, keep: (next: null) => void): void {
  const before = useRef<Connected | null>(null);
  useEffect(() => {
    const left = before.current !== null && connected === null;
    before.current = connected;
    if (!kept || !(left || (connected && !sameAccount(kept.account, connected.account)))) return;
    keep(null);
    void service.signOut(kept.token).catch(() => undefined); // it ends by itself as well, in time
  }, [kept, connected, keep]);
}

export function useSession(): SessionState {
  const state = useContext(Context);
  if (!state) throw new Error("useSession outside of its provider");
  return state;
}

export function sameAccount(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

async function askedText(site: Site, connected: Connected): Promise<SignInMessage> {
  await requireChain(site, connected);
  const asked = await service.askSignIn(connected.account);
  const named = asked.message.split("\n")[1] ?? "";
  const fits = sameAccount(named, connected.account) && asked.domain === location.host && asked.chainId === site.chainId;
  if (!fits || asked.uri !== `${location.origin}/v1` || asked.message !== expected(asked, named)) {
    throw new UnexpectedTextError(asked.domain);
  }
  return asked;
}

/** The text of EIP-4361 as labelshare.protocol.sign_in writes it. */
function expected(asked: SignInMessage, account: string): string {
  return [
    `${asked.domain} wants you to sign in with your Ethereum account:`,
    account,
    "",
    STATEMENT,
    "",
    `URI: ${asked.uri}`,
    "Version: 1",
    `Chain ID: ${asked.chainId}`,
    `Nonce: ${asked.nonce}`,
    `Issued At: ${asked.issuedAt}`,
    `Expiration Time: ${asked.expiresAt}`,
  ].join("\n");
}

function required(connected: Connected | null): Connected {
  if (!connected) throw new Error("connect a wallet first");
  return connected;
}

function read(): Kept | null {
  try {
    const found = JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Kept | null;
    return found && typeof found.token === "string" ? found : null;
  } catch {
    return null;
  }
}
