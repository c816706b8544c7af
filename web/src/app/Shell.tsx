// The frame of every page: where one can go, who one is, and what kind of chain this is.
import { useEffect, useState, type ReactNode } from "react";
import { t } from "../texts/en";
import { shortHex } from "../ui/format";
import { useSession } from "../wallet/session";
import { useWallet } from "../wallet/wallet";
import { Link, usePath } from "./router";
import { useSite } from "./site";
import { chooseTheme, currentTheme, onSystemTheme } from "./theme";

const NAV = [
  ["/", t.shell.campaigns, (path: string) => path === "/" || path.startsWith("/campaigns")],
  ["/datasets", t.shell.datasets, (path: string) => path.startsWith("/datasets")],
  ["/tasks", t.shell.work, (path: string) => path.startsWith("/tasks")],
  ["/fund", t.shell.fund, (path: string) => path.startsWith("/fund")],
  ["/earnings", t.shell.earnings, (path: string) => path.startsWith("/earnings")],
  ["/own", t.shell.own, (path: string) => path.startsWith("/own") || path.startsWith("/licences")],
] as const;

export function Shell({ children }: { children: ReactNode }) {
  const site = useSite();
  return (
    <>
      <a className="skip" href="#content">
        {t.shell.skip}
      </a>
      {site.development && (
        <div className="dev-banner" role="note">
          <p>{t.shell.development}</p>
        </div>
      )}
      <Bar />
      <main id="content" className="page" tabIndex={-1}>
        {children}
      </main>
      <footer className="foot">
        <div className="foot-inner">
          <p>{t.shell.foot}</p>
          <Link href="/licences">{t.shell.licences}</Link>
          <Link href="/backup">{t.shell.backup}</Link>
          <a href="/v1/openapi.json">{t.shell.api}</a>
        </div>
      </footer>
    </>
  );
}

function Bar() {
  const path = usePath();
  return (
    <header className="bar">
      <div className="bar-inner">
        <Link className="brand" href="/">
          <Logo />
          {t.brand}
        </Link>
        <nav aria-label={t.shell.nav}>
          <ul>
            {NAV.map(([href, name, isHere]) => (
              <li key={href}>
                <Link href={href} className={isHere(path) ? "here" : ""}>
                  {name}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
        <div className="bar-end">
          <ThemeButton />
          <Who />
        </div>
      </div>
    </header>
  );
}

function Who() {
  const { connected, rightChain } = useWallet();
  const { account } = useSession();
  if (!connected) {
    return (
      <Link className="button small" href="/connect">
        {t.shell.connect}
      </Link>
    );
  }
  const state = !rightChain ? t.connect.wrongChain : account ? t.connect.signedIn : t.connect.notSignedIn;
  const kind = !rightChain ? "bad" : account ? "live" : "waiting";
  return (
    <Link className={`pill ${kind}`} href="/connect">
      <span className="visually-hidden">{state}: </span>
      <span className="mono">{shortHex(connected.account)}</span>
    </Link>
  );
}

function ThemeButton() {
  const [theme, setTheme] = useState(currentTheme);
  useEffect(() => onSystemTheme(() => setTheme(currentTheme())), []);
  const next = theme === "dark" ? "light" : "dark";
  const change = () => {
    chooseTheme(next);
    setTheme(next);
  };
  return (
    <button type="button" className="icon-button" onClick={change} aria-label={t.shell[next]}>
      <svg viewBox="0 0 20 20" fill="none" stroke="currentColor" strokeWidth="1.6" aria-hidden="true">
        {theme === "dark" ? (
          <path d="M10 2.500v2M10 15.500v2M2.5 10h2M15.5 10h2M4.7 4.700l1.4 1.400M13.9 13.900l1.4 1.400M4.7 15.300l1.4-1.400M13.9 6.100l1.4-1.400M10 6.800a3.2 3.2 0 100 6.4 3.2 3.2 0 000-6.400z" />
        ) : (
          <path d="M16.5 11.800A6.8 6.8 0 018.2 3.500a6.8 6.8 0 108.3 8.300z" />
        )}
      </svg>
    </button>
  );
}

function Logo() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#1f6f5c" />
      <path d="M9 8v13a3 3 0 0 0 3 3h11" fill="none" stroke="#fff" strokeWidth="3.4" strokeLinecap="round" />
      <circle cx="20.5" cy="12.5" r="4.2" fill="#f3c969" />
    </svg>
  );
}
