// The service's API: JSON in and out, problems (RFC 9457) as errors, and a lost line as what it is.
import type { Problem } from "./types";

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
    throw new LostError("the answer is not whole");
  }
}

/** The bytes of an answer; `most` at most. */
export async function askBytes(path: string, most: number): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetchFrom(path, {});
  if (Number(response.headers.get("content-length") ?? 0) > most) {
    await response.body?.cancel();
    throw new TooLargeError(most);
  }
  const data = await response.arrayBuffer().catch(() => {
    throw new LostError("the answer is not whole");
  });
  if (data.byteLength > most) throw new TooLargeError(most);
  return new Uint8Array(data);
}

/** More than a page should hold. */
export class TooLargeError extends Error {
  constructor(readonly most: number) {
    super(`more than ${most} bytes`);
  }
}

/** Every row of a list, page by page. */
export async function askAll<Row>(path: string, most = 10_000): Promise<Row[]> {
  const rows: Row[] = [];
  let cursor: string | null = null;
  do {
    const query: string = `limit=1000${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`;
    const page: { items: Row[]; next?: string | null } = await ask(`${path}${path.includes("?") ? "&" : "?"}${query}`);
    rows.push(...page.items);
    cursor = page.next ?? null;
  } while (cursor && rows.length < most);
  return rows;
}

async function fetchFrom(path: string, sent: Sent): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json, application/problem+json" };
  const as = sent.token ?? token;
  if (as) headers["Authorization"] = `Bearer ${as}`;
  if (sent.body !== undefined) headers["Content-Type"] = sent.body instanceof Blob ? "application/octet-stream" : "application/json";
  if (sent.once) headers["Idempotency-Key"] = crypto.randomUUID();
  const init: RequestInit = { method: sent.method ?? "GET", headers, credentials: "omit", redirect: "error" };
  if (sent.body !== undefined) init.body = typeof sent.body === "string" || sent.body instanceof Blob ? sent.body : JSON.stringify(sent.body);
  if (sent.signal) init.signal = sent.signal;
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (fault) {
    throw new LostError(String(fault));
  }
  if (response.ok) return response;
  throw await refusal(response, as !== null && as === token);
}

async function refusal(response: Response, asCurrent: boolean): Promise<Error> {
  const after = response.headers.get("retry-after");
  let problem: Problem;
  try {
    problem = (await response.json()) as Problem;
    if (typeof problem.type !== "string" || typeof problem.status !== "number") throw new Error("no problem");
  } catch {
    return new LostError(`the service answers ${response.status} and says nothing of ours`);
  }
  if (problem.type.endsWith(":unauthenticated") && asCurrent) for (const listener of leaving) listener();
  return new ApiError(problem, after && /^\d{1,6}$/.test(after) ? Number(after) : null);
}
