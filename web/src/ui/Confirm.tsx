// Before anything is signed or sent: what it is in words, what it costs, what could be lost. Then a yes or a no.
import { createContext, useCallback, useContext, useEffect, useRef, useState, type ReactNode } from "react";
import { t } from "../texts/en";
import { useWallet } from "../wallet/wallet";
import { Fault } from "./Fault";

export interface Words {
  title: string;
  /** Each line a sentence. */
  lines: readonly ReactNode[];
  /** The exact text or data that goes to the wallet, for whoever wants to see it. */
  exact?: string;
  yes: string;
  /** What the visitor's yes does; the dialog stays while it runs, and shows what goes wrong. */
  run: (tell: Tell) => Promise<unknown>;
}

/** Says in the dialog what comes next, before it is done. Throws `StoppedError` once the visitor has stopped: then it is not done. */
export type Tell = (line: string) => void;

/** The visitor no longer waits: nothing more is asked of the wallet or the service. */
class StoppedError extends Error {}

type Ask = (words: Words) => Promise<boolean>;
const Context = createContext<Ask | null>(null);

/** Asks the visitor; true once `run` is through, false where the visitor would not, or stopped it. A later question takes the place of an open one. */
export function useConfirm(): Ask {
  const ask = useContext(Context);
  if (!ask) throw new Error("useConfirm outside of its provider");
  return ask;
}

interface Asked {
  number: number;
  words: Words;
  end: (done: boolean) => void;
}

export function ConfirmProvider({ children }: { children: ReactNode }) {
  const [asked, setAsked] = useState<Asked | null>(null);
  const last = useRef<Asked | null>(null);
  const ask = useCallback<Ask>(
    (words) =>
      new Promise((resolve) => {
        last.current?.end(false);
        const own: Asked = {
          number: (last.current?.number ?? 0) + 1,
          words,
          end: (done) => {
            resolve(done);
            setAsked((now) => (now === own ? null : now));
          },
        };
        last.current = own;
        setAsked(own);
      }),
    [],
  );
  return (
    <Context.Provider value={ask}>
      {children}
      {asked && <Question key={asked.number} words={asked.words} end={asked.end} />}
    </Context.Provider>
  );
}

function Question({ words, end }: { words: Words; end: (done: boolean) => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const [running, setRunning] = useState(false);
  const [told, setTold] = useState("");
  const [error, setError] = useState<unknown>(null);
  const isSlow = useSlow(running);
  const isOver = useRef(false);
  useEndWithAccount(running, () => end(false));

  useEffect(() => {
    const opened = dialog.current!;
    const before = document.activeElement as HTMLElement | null;
    opened.showModal();
    heading.current!.focus();
    isOver.current = false;
    return () => {
      isOver.current = true;
      opened.close();
      before?.focus?.();
    };
  }, []);

  const tell: Tell = (line) => {
    if (isOver.current) throw new StoppedError("the visitor no longer waits");
    setTold(line);
  };
  const run = async () => {
    setRunning(true);
    setError(null);
    setTold(t.confirm.inWallet);
    try {
      await words.run(tell);
      end(true);
    } catch (fault) {
      setError(fault);
      setRunning(false);
    }
  };

  return (
    <dialog
      ref={dialog}
      aria-labelledby="question"
      onCancel={(event) => {
        event.preventDefault();
        if (!running || isSlow) end(false);
      }}
    >
      <div className="dialog-body">
        <h2 id="question" ref={heading} tabIndex={-1}>{words.title}</h2>
        <ul>
          {words.lines.map((line, at) => (
            <li key={at}>{line}</li>
          ))}
        </ul>
        {words.exact && (
          <details>
            <summary>{t.confirm.exact}</summary>
            <pre tabIndex={0}>{words.exact}</pre>
          </details>
        )}
        {error !== null && <Fault error={error} />}
        {running && (
          <p role="status" className="quiet">
            {told}
          </p>
        )}
        {isSlow && <p className="quiet">{told === t.confirm.waiting ? t.confirm.slowBlock : t.confirm.slow}</p>}
        <div className="row">
          <button type="button" className="button" onClick={() => end(false)} disabled={running && !isSlow}>
            {isSlow ? t.confirm.stop : t.confirm.no}
          </button>
          <button type="button" className="button primary" onClick={() => void run()} disabled={running}>
            {words.yes}
          </button>
        </div>
      </div>
    </dialog>
  );
}

const SLOW = 8_000;

/** Whether it has run for so long that the wallet may never answer: nobody is held in a dialog then. */
function useSlow(running: boolean): boolean {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    setSlow(false);
    if (!running) return;
    const timer = setTimeout(() => setSlow(true), SLOW);
    return () => clearTimeout(timer);
  }, [running]);
  return running && slow;
}

/** What was asked was asked of one account on one chain: with another nothing of it holds, and it ends unsigned. */
function useEndWithAccount(running: boolean, end: () => void): void {
  const { connected } = useWallet();
  const who = connected && `${connected.account} ${connected.chainId}`;
  const first = useRef(who);
  useEffect(() => {
    if (first.current !== null && who !== first.current && !running) end();
  });
}
