// Handing in content: named by its hash, a few at a time, what is there already left out; it goes on where it broke off.
import type { Hex } from "viem";
import { ApiError, LostError } from "../api/client";
import { service } from "../api/service";
import { blobOf, type Content } from "../import/content";

interface Named {
  digest: string;
  content: Content;
}

const AT_ONCE = 4;
/** Whether it is there already is asked of contents from so many bytes on. */
const ASKED_FROM = 64 * 1024;
const TRIES = 6;
const LONGEST_WAIT = 30;
const BUSY = new Set([429, 503]);

/** Hands in every content; `done` hears of each. What the service refuses for good ends it. */
export async function upload(campaign: Hex, contents: readonly Named[], done: (digest: string) => void, signal: AbortSignal): Promise<void> {
  const waiting = [...new Map(contents.map((each) => [each.digest, each])).values()].reverse();
  const work = async () => {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      signal.throwIfAborted();
      await patiently(() => handIn(campaign, next!, signal), signal);
      done(next.digest);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

async function handIn(campaign: Hex, { digest, content }: Named, signal: AbortSignal): Promise<void> {
  const blob = blobOf(content);
  // A question that fails is no reason to stop: handing in says better what is wrong, and how long to wait.
  if (blob.size > ASKED_FROM && (await service.hasMedia(campaign, digest).catch(() => false))) return;
  await service.putMedia(campaign, digest, blob, signal);
}

/** Again after a lost line or a busy service, for a while. */
async function patiently(act: () => Promise<void>, signal: AbortSignal): Promise<void> {
  for (let failed = 0; ; failed += 1) {
    try {
      return await act();
    } catch (fault) {
      signal.throwIfAborted();
      const passing = fault instanceof LostError || (fault instanceof ApiError && BUSY.has(fault.status));
      if (!passing || failed + 1 >= TRIES) throw fault;
      const asked = fault instanceof ApiError ? (fault.retryAfter ?? 1) : 2 ** failed;
      await new Promise((resolve) => setTimeout(resolve, Math.min(asked, LONGEST_WAIT) * 1_000));
    }
  }
}
