// An error as a visitor should see it: what happened, and what to do.
import { useEffect, useState } from "react";
import { ApiError, LostError, TooLargeError } from "../api/client";
import { t } from "../texts/en";
import type { FaultWords } from "./faultWords";

/** The words for any error; those of wallets and the chain need code that is loaded only then. */
export async function wordsFor(error: unknown): Promise<FaultWords> {
  const plain = plainWords(error);
  if (plain) return plain;
  const { chainFault } = await import("../wallet/faults");
  const found = chainFault(error);
  if (found) return found;
  return t.faults.other(messageOf(error).slice(0, MOST_MESSAGE));
}

// What a wallet says of its refusal is a stranger's text.
const MOST_MESSAGE = 300;

function messageOf(error: unknown): string {
  const said = (error as { message?: unknown } | null)?.message;
  return typeof said === "string" ? said : typeof error === "string" ? error : "";
}

function plainWords(error: unknown): FaultWords | null {
  if (error instanceof LostError) return t.faults.lost;
  if (error instanceof TooLargeError) return t.faults.tooLarge;
  if (error instanceof ToldError) return error.words;
  if (error instanceof ApiError) {
    const advice = t.faults.problems[error.slug as keyof typeof t.faults.problems] ?? t.faults.problems.internal;
    const wait = error.retryAfter ? ` ${t.faults.retryAfter(error.retryAfter)}` : "";
    return { what: `${error.problem.title}: ${error.problem.detail}`, todo: advice + wait };
  }
  return null;
}

/** An error of a page's own, with its words. */
export class ToldError extends Error {
  constructor(readonly words: FaultWords) {
    super(words.what);
  }
}

export function Fault({ error, retry }: { error: unknown; retry?: () => unknown }) {
  const [words, setWords] = useState<FaultWords | null>(() => plainWords(error));
  useEffect(() => {
    let current = true;
    void wordsFor(error).then((found) => current && setWords(found));
    return () => {
      current = false;
    };
  }, [error]);
  if (!words) return null;
  return (
    <div className="notice bad" role="alert">
      <p>
        <strong>{words.what}</strong>
      </p>
      <p>{words.todo}</p>
      {retry && (
        <button type="button" className="button small" onClick={() => void retry()}>
          {t.retry}
        </button>
      )}
    </div>
  );
}
