// The small parts that pages share.
import { useEffect, useId, useRef, useState, type ReactNode } from "react";
import { hasMoved, Link } from "../app/router";
import { t } from "../texts/en";
import { onceDrawn } from "./drawn";
import { dateText, relativeText, shortHex } from "./format";

/** A page: its heading, which is where a screen reader lands after every change of page. */
export function Page({ title, crumb, lead, children, wide }: {
  title: ReactNode;
  crumb?: { href: string; text: string };
  lead?: ReactNode;
  children: ReactNode;
  wide?: ReactNode;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  const name = typeof title === "string" ? title : t.brand;
  // Telling the browser takes as long as a page of items to draw.
  useEffect(() => onceDrawn(() => (document.title = `${name} · ${t.brand}`)), [name]);
  useEffect(() => {
    // What a page has focused itself, as a field to type in, keeps it.
    const taken = document.getElementById("content")?.contains(document.activeElement);
    if (hasMoved() && !taken) heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <>
      <header className="stack tight">
        {crumb && (
          <p className="crumb">
            <Link href={crumb.href}>← {crumb.text}</Link>
          </p>
        )}
        <div className="row apart">
          <h1 tabIndex={-1} ref={heading}>
            {title}
          </h1>
          {wide}
        </div>
        {lead && <p className="lead">{lead}</p>}
      </header>
      {children}
    </>
  );
}

export function Section({ title, children, note }: { title: string; children: ReactNode; note?: ReactNode }) {
  const id = useId();
  return (
    <section className="stack" aria-labelledby={id}>
      <div className="stack tight">
        <h2 id={id}>{title}</h2>
        {note && <p className="quiet">{note}</p>}
      </div>
      {children}
    </section>
  );
}

export function Card({ title, children, soft }: { title?: string; children: ReactNode; soft?: boolean }) {
  return (
    <section className={soft ? "card soft" : "card"}>
      {title && <h3>{title}</h3>}
      {children}
    </section>
  );
}

export function Notice({ kind = "", title, children }: { kind?: "" | "good" | "warn" | "bad"; title?: string; children?: ReactNode }) {
  return (
    <div className={`notice ${kind}`} role={kind === "bad" ? "alert" : "status"}>
      {title && (
        <p>
          <strong>{title}</strong>
        </p>
      )}
      {children}
    </div>
  );
}

export function Loading() {
  return (
    <p className="quiet" role="status">
      {t.loading}
    </p>
  );
}

export function Address({ of, name }: { of: string; name?: string }) {
  return (
    <span className={name ? "address whole" : "address"}>
      <span title={of}>{name ?? shortHex(of)}</span>
      <Copy text={of} what={name ?? shortHex(of)} />
    </span>
  );
}

export function Copy({ text, what }: { text: string; what: string }) {
  const [went, setWent] = useState<boolean | null>(null);
  const copy = async () => {
    setWent(await copied(text));
    setTimeout(() => setWent(null), 1_500);
  };
  const name = went === null ? t.copy(what) : went ? t.copied : t.notCopied;
  return (
    <button type="button" className={went === false ? "copy failed" : "copy"} onClick={() => void copy()} aria-label={name} title={went === false ? `${t.notCopied} ${text}` : undefined}>
      <svg viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.6" aria-hidden="true">
        {went ? <path d="M3 8.5l3.2 3.2L13 4.8" /> : went === false ? <path d="M4 4l8 8M12 4l-8 8" /> : <path d="M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3" />}
      </svg>
    </button>
  );
}

/** Whether the browser lets a page write to the clipboard, which it may refuse or not have. */
export async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

export function Time({ at, now }: { at: number; now?: number | undefined }) {
  return (
    <time dateTime={new Date(at * 1000).toISOString()} title={dateText(at)}>
      {now === undefined ? dateText(at) : relativeText(at, now)}
    </time>
  );
}

/** Figures with names above and notes below; `wide` where the notes are sentences. */
export function Figures({ rows, wide = false }: { rows: readonly (readonly [string, ReactNode, ReactNode?])[]; wide?: boolean }) {
  return (
    <dl className={wide ? "figures wide" : "figures"}>
      {rows.map(([name, value, note]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {value}
            {note && <small>{note}</small>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

export function Facts({ rows }: { rows: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="facts">
      {rows.map(([name, value]) => [<dt key={name}>{name}</dt>, <dd key={`${name} value`}>{value}</dd>])}
    </dl>
  );
}

export function Meter({ part, whole, label }: { part: number; whole: number; label: string }) {
  const share = whole > 0 ? Math.min(1, part / whole) : 0;
  return (
    <div className="meter" role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={whole} aria-valuenow={Math.min(part, whole)}>
      <div style={{ width: `${share * 100}%`, visibility: part ? "visible" : "hidden" }} />
    </div>
  );
}

const PILLS: Readonly<Record<string, string>> = {
  created: "waiting", open: "live", proposed: "waiting", disputed: "bad", final: "live", expired: "bad",
};

export function StatusPill({ status }: { status: keyof typeof t.status }) {
  return <span className={`pill ${PILLS[status] ?? ""}`}>{t.status[status]}</span>;
}

export function Check({ good, title, children }: { good: boolean | null; title: string; children?: ReactNode }) {
  return (
    <li>
      <span className={`mark ${good === null ? "" : good ? "good" : "bad"}`} aria-hidden="true">
        {good === null ? "…" : good ? "✓" : "✕"}
      </span>
      <div className="stack tight">
        <p>
          <strong>{title}</strong>
          <span className="visually-hidden"> {good === null ? t.checks.open : good ? t.checks.holds : t.checks.fails}</span>
        </p>
        {children}
      </div>
    </li>
  );
}

export function Step({ number, state, title, children }: { number: number; state: "done" | "now" | "later"; title: string; children?: ReactNode }) {
  return (
    <li className={state} aria-current={state === "now" ? "step" : undefined}>
      <span className="step-number" aria-hidden="true">
        {state === "done" ? "✓" : number}
      </span>
      <div className="step-body">
        <h3>
          {title}
          <span className="visually-hidden"> ({t.steps[state]})</span>
        </h3>
        {children}
      </div>
    </li>
  );
}
