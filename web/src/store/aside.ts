// What a database is still writing, beside it and at once: a page that ends waits for no database.

const PREFIX = "labelshare.aside/";

/** Keeps a value under a name, at once. */
export function keepAside(name: string, value: unknown): void {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // No room, or none allowed: what the database has is then the latest.
  }
}

/** What was kept under a name, or nothing. */
export function aside<Value>(name: string): Value | null {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + name) ?? "null") as Value | null;
  } catch {
    return null;
  }
}

export function dropAside(name: string): void {
  try {
    localStorage.removeItem(PREFIX + name);
  } catch {
    // Where nothing may be kept, nothing was.
  }
}

/** The names, of those that begin so, under which something is kept. */
export function asides(start: string): string[] {
  try {
    return Object.keys(localStorage)
      .filter((each) => each.startsWith(PREFIX + start))
      .map((each) => each.slice(PREFIX.length));
  } catch {
    return [];
  }
}
