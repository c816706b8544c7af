// Dark or light: what the system says, until the visitor says otherwise.
export type Theme = "light" | "dark";

const KEY = "labelshare.theme";

export function chosenTheme(): Theme | null {
  const found = localStorage.getItem(KEY);
  return found === "light" || found === "dark" ? found : null;
}

export function currentTheme(): Theme {
  return chosenTheme() ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
}

export function applyTheme(theme: Theme | null = chosenTheme()): void {
  if (theme) document.documentElement.dataset["theme"] = theme;
  else delete document.documentElement.dataset["theme"];
}

/** Calls back when the system says another theme; what it returns ends that. */
export function onSystemTheme(listener: () => void): () => void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", listener);
  return () => system.removeEventListener("change", listener);
}

export function chooseTheme(theme: Theme): void {
  localStorage.setItem(KEY, theme);
  applyTheme(theme);
}
