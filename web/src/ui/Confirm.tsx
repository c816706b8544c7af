// Before anything is signed or sent: what it is in words, what it costs, what could be lost. Then a yes or a no.
import { createContext, useCallback, useContext, useEffect, useRef, useState, type ReactNode } from "react";
import { t } from "../texts/en";
import { Fault } from "./Fault";

export interface Words {
  title: string;
  /** Each line a sentence. */
  lines: readonly ReactNode[];
  /** The exact text or data that goes to the wallet, for whoever wants to see it. */
  exact?: string;
  yes: string;
  /** What the visitor's yes does; the dialog stays while it runs, and shows what goes wrong. */
  run: (tell: (line: string) => void) => Promise<void>;
}

type Ask = (words: Words) => Promise<boolean>;
const Context = createContext<Ask | null>(null);

/** Asks the visitor; true once `run` is through, false where the visitor would not. */
export function useConfirm(): Ask {
  const ask = useContext(Context);
  if (!ask) throw new Error("useConfirm outside of its provider");
  return ask;
}

export function ConfirmProvider({ children }: { children: ReactNode }) {
  const [asked, setAsked] = useState<{ words: Words; end: (done: boolean) => void } | null>(null);
  const ask = useCallback<Ask>((words) => new Promise((resolve) => setAsked({ words, end: resolve })), []);
  const end = (done: boolean) => {
    asked?.end(done);
    setAsked(null);
  };
  return (
    <Context.Provider value={ask}>
      {children}
      {asked && <Question words={asked.words} end={end} />}
    </Context.Provider>
  );
}

function Question({ words, end }: { words: Words; end: (done: boolean) => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const [running, setRunning] = useState(false);
  const [told, setTold] = useState("");
  const [error, setError] = useState<unknown>(null);

  useEffect(() => {
    const opened = dialog.current!;
    const before = document.activeElement as HTMLElement | null;
    opened.showModal();
    heading.current!.focus();
    return () => {
      opened.close();
      before?.focus?.();
    };
  }, []);

  const run = async () => {
    setRunning(true);
    setError(null);
    setTold(t.confirm.inWallet);
    try {
      await words.run(setTold);
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
        if (!running) end(false);
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
        <div className="row">
          <button type="button" className="button" onClick={() => end(false)} disabled={running}>
            {t.confirm.no}
          </button>
          <button type="button" className="button primary" onClick={() => void run()} disabled={running}>
            {words.yes}
          </button>
        </div>
      </div>
    </dialog>
  );
}
