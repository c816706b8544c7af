// Addresses and pages: the history API and little else.
import { createContext, useContext, useEffect, useState, type AnchorHTMLAttributes, type MouseEvent, type ReactNode } from "react";

const Path = createContext("/");
let moved = false;

/** Whether this is not the page that the visit began with: then the focus has to follow. */
export function hasMoved(): boolean {
  return moved;
}

export function Router({ children }: { children: ReactNode }) {
  const [path, setPath] = useState(location.pathname);
  useEffect(() => {
    const update = () => {
      moved ||= location.pathname !== path;
      setPath(location.pathname);
    };
    addEventListener("popstate", update);
    return () => removeEventListener("popstate", update);
  }, [path]);
  return <Path.Provider value={path}>{children}</Path.Provider>;
}

export function usePath(): string {
  return useContext(Path);
}

export function navigate(to: string): void {
  history.pushState(null, "", to);
  dispatchEvent(new PopStateEvent("popstate"));
  scrollTo(0, 0);
}

type LinkProps = AnchorHTMLAttributes<HTMLAnchorElement> & { href: string };

/** A link within the app; with a modifier key, or to elsewhere, it is the browser's own. */
export function Link({ href, onClick, ...rest }: LinkProps) {
  const path = usePath();
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (event.defaultPrevented || !plain) return;
    event.preventDefault();
    navigate(href);
  };
  return <a {...rest} href={href} onClick={follow} aria-current={path === href ? "page" : undefined} />;
}

/** The named parts of a path that fits a pattern such as "/campaigns/:campaign"; null where it does not. */
export function matchPath(pattern: string, path: string): Record<string, string> | null {
  const [wanted, found] = [pattern, path].map((each) => each.split("/").filter(Boolean)) as [string[], string[]];
  if (wanted.length !== found.length) return null;
  const parts: Record<string, string> = {};
  for (const [at, name] of wanted.entries()) {
    const value = decode(found[at]!);
    if (name.startsWith(":")) parts[name.slice(1)] = value;
    else if (name !== value) return null;
  }
  return parts;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
