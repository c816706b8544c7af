// What a page of no origin lacks and the editor asks for: a store, and a way to its pictures.

/** A store that lasts as long as the frame. */
class Kept {
  private readonly held = new Map<string, string>();
  get length(): number {
    return this.held.size;
  }
  key(at: number): string | null {
    return [...this.held.keys()][at] ?? null;
  }
  getItem(name: string): string | null {
    return this.held.get(name) ?? null;
  }
  setItem(name: string, text: string): void {
    this.held.set(name, String(text));
  }
  removeItem(name: string): void {
    this.held.delete(name);
  }
  clear(): void {
    this.held.clear();
  }
}

/** Media that the page gave, by the blob: address that stands for each. */
const given = new Map<string, Blob>();

/** An XMLHttpRequest that knows the given media and nothing else: the policy of the frame lets no request out. */
class LocalRequest extends EventTarget {
  responseType = "";
  readyState = 0;
  status = 0;
  response: Blob | null = null;
  private blob: Blob | undefined;

  open(_method: string, url: string): void {
    this.blob = given.get(String(url));
  }
  setRequestHeader(): void {}
  abort(): void {}
  getResponseHeader(name: string): string | null {
    return this.blob && name.toLowerCase() === "content-type" ? this.blob.type : null;
  }
  send(): void {
    queueMicrotask(() => {
      this.readyState = 4;
      if (!this.blob) return void this.dispatchEvent(new Event("error"));
      this.status = 200;
      this.response = this.blob;
      const { size } = this.blob;
      this.dispatchEvent(new ProgressEvent("progress", { lengthComputable: true, loaded: size, total: size }));
      this.dispatchEvent(new Event("load"));
    });
  }
}

// Without it a text's & is shown as &amp;, and what is marked behind one is four characters off.
const FLAGS = { fflag_fix_leap_466_text_sanitization: true };

/** Put all of it in place; before the editor's own script runs. */
export function install(): void {
  Object.assign(window, { FEATURE_FLAGS: FLAGS });
  for (const name of ["localStorage", "sessionStorage"]) Object.defineProperty(window, name, { value: new Kept() });
  Object.defineProperty(window, "XMLHttpRequest", { value: LocalRequest });
}

/** A blob: address for each medium; those of the item before are let go. */
export function addresses(media: Record<string, Blob>): Record<string, string> {
  for (const url of given.keys()) URL.revokeObjectURL(url);
  given.clear();
  return Object.fromEntries(
    Object.entries(media).map(([name, blob]) => {
      const url = URL.createObjectURL(blob);
      given.set(url, blob);
      return [name, url];
    }),
  );
}
