// The service's API: JSON in and out, problems (RFC 9457) as errors, and a lost line as what it is.
import type { Problem } from "./types";
import { faulty } from "../texts/en";

export type * from "./types";

/** The service said no, and why. */
export class ApiError extends Error {
  constructor(
    readonly problem: Problem,
    readonly retryAfter: number | null,
  ) {
    super(problem.detail || problem.title);
  }

  /** The stable name of its kind, such as `commitment-refused`. */
  get slug(): string {
    return this.problem.type.replace("urn:labelshare:problem:", "");
  }

  get status(): number {
    return this.problem.status;
  }
}

/** Whether the service said no and would say so again; anything else is a failure, which may pass. */
export function isRefusal(fault: unknown): boolean {
  return fault instanceof ApiError && fault.status < 500 && fault.status !== 429;
}

/** No answer came, or none that is the service's: whether a message arrived is not known. */
export class LostError extends Error {}

let token: string | null = null;
const leaving = new Set<() => void>();

/** Who is signed in, by the session's token. */
export function setToken(next: string | null): void {
  token = next;
}

/** Calls back when the service says that the session is over. */
export function onSignedOut(listener: () => void): () => void {
  leaving.add(listener);
  return () => leaving.delete(listener);
}

interface Sent {
  method?: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  body?: unknown;
  /** Send it twice and it counts once. */
  once?: boolean;
  signal?: AbortSignal;
  /** As whom, if not as the one who is signed in. */
  token?: string;
}

export async function ask<Answer>(path: string, sent: Sent = {}): Promise<Answer> {
  const response = await fetchFrom(path, sent);
  if (response.status === 204) return undefined as Answer;
  try {
    return (await response.json()) as Answer;
  } catch {
    throw new LostError(faulty.service.cut);
  }
}

/** The bytes of an answer; `most` of them at most. */
export async function askBytes(path: string, most: number): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetchFrom(path, {});
  if (Number(response.headers.get("content-length") ?? 0) > most) {
    await response.body?.cancel();
    throw new TooLargeError(most);
  }
  const data = await response.arrayBuffer().catch(() => {
    throw new LostError(faulty.service.cut);
  });
  if (data.byteLength > most) throw new TooLargeError(most);
  return new Uint8Array(data);
}

/** More than a page should hold. */
export class TooLargeError extends Error {
  constructor(readonly most: number) {
    super(`more than ${most}`);
  }
}

/** Statuses that say no to whoever asks, or that there is nothing; any other than these and success is a failure. */
const REFUSED = new Set([401, 403, 404]);

/** Whether there is something at an address for whoever asks. An answer to HEAD has no body: its status is all that is known. */
export async function askWhether(path: string): Promise<boolean> {
  const asked = token;
  const response = await answerTo(path, { method: "HEAD" });
  if (response.ok) return true;
  if (response.status === 401) leaves(asked);
  if (REFUSED.has(response.status)) return false;
  throw new LostError(faulty.service.silent(response.status));
}

/** So many rows of a list are read before somebody asks for more, and so many at most of one that is of use as a whole only. */
export const MOST_ROWS = 10_000;
const MOST_WHOLE = 1_000_000;

/** A list as far as it was read. */
export interface Listed<Row> {
  rows: Row[];
  /** Whether the service has more of them. */
  more: boolean;
}

/** The rows of a list, page by page, until there are `most`; `tell` hears those so far while more are to come. */
export async function askList<Row>(path: string, most = MOST_ROWS, tell?: (soFar: readonly Row[]) => void): Promise<Listed<Row>> {
  const rows: Row[] = [];
  let cursor: string | null = null;
  do {
    const query: string = `limit=1000${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`;
    const page: { items: Row[]; next?: string | null } = await ask(`${path}${path.includes("?") ? "&" : "?"}${query}`);
    rows.push(...page.items);
    cursor = page.next ?? null;
    if (cursor) tell?.([...rows]);
  } while (cursor && rows.length < most);
  return { rows, more: cursor !== null };
}

/** Every row of a list. Nothing less is handed out: `TooLargeError` where there are more than `most`. */
export async function askAll<Row>(path: string, most = MOST_WHOLE): Promise<Row[]> {
  const { rows, more } = await askList<Row>(path, most);
  if (more) throw new TooLargeError(most);
  return rows;
}

async function fetchFrom(path: string, sent: Sent): Promise<Response> {
  const as = sent.token ?? token;
  const response = await answerTo(path, sent);
  if (response.ok) return response;
  throw await refusal(response, as);
}

/** An answer of whatever status. */
async function answerTo(path: string, sent: Sent): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json, application/problem+json" };
  const as = sent.token ?? token;
  if (as) headers["Authorization"] = `Bearer ${as}`;
  if (sent.body !== undefined) headers["Content-Type"] = sent.body instanceof Blob ? "application/octet-stream" : "application/json";
  if (sent.once) headers["Idempotency-Key"] = crypto.randomUUID();
  const init: RequestInit = { method: sent.method ?? "GET", headers, credentials: "omit", redirect: "error" };
  if (sent.body !== undefined) init.body = typeof sent.body === "string" || sent.body instanceof Blob ? sent.body : JSON.stringify(sent.body);
  if (sent.signal) init.signal = sent.signal;
  try {
    return await fetch(path, init);
  } catch (fault) {
    throw new LostError(String(fault));
  }
}

async function refusal(response: Response, as: string | null): Promise<Error> {
  const after = response.headers.get("retry-after");
  let problem: Problem;
  try {
    problem = (await response.json()) as Problem;
    if (typeof problem.type !== "string" || typeof problem.status !== "number") throw new Error("no problem");
  } catch {
    return new LostError(faulty.service.silent(response.status));
  }
  if (problem.type.endsWith(":unauthenticated")) leaves(as);
  return new ApiError(problem, after && /^\d{1,6}$/.test(after) ? Number(after) : null);
}

/** The session is over, if it is the current one that the service knows no more. */
function leaves(as: string | null): void {
  if (as !== null && as === token) for (const listener of leaving) listener();
}
