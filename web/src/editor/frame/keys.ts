// The keys that choose an answer in the editor. Left to itself it hands out letters that mean something else here.

/** The editor's own order, less S, which skips; R, which reports, is not in it. */
const FREE = "1234567890qwetadfgzxcvbyiopjklnm";
const TAKEN = ["s", "r", "enter", "return", "esc", "escape"];
/** What the editor shows where there is none left: no keyboard has it, and without any the editor would look for one. */
const NONE = "·";

/** Give each answer of a config a key of its own: the one it asks for, where it is free, or else the next. */
export function giveKeys(config: Document): void {
  const given = new Set(TAKEN);
  const keyless: Element[] = [];
  for (const answer of config.querySelectorAll("Label, Choice")) {
    const names = answer.getAttributeNames().filter((name) => name.toLowerCase() === "hotkey");
    const asked = names.map((name) => answer.getAttribute(name)!.trim().toLowerCase())[0] ?? "";
    const wanted = asked.split(",").map((each) => each.trim());
    for (const name of names) answer.removeAttribute(name);
    if (!asked || wanted.some((key) => given.has(key))) {
      keyless.push(answer);
      continue;
    }
    for (const key of wanted) given.add(key);
    answer.setAttribute("hotkey", asked);
  }
  const free = [...FREE].filter((key) => !given.has(key));
  for (const answer of keyless) answer.setAttribute("hotkey", free.shift() ?? NONE);
}
