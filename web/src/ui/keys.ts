// What a key press means here, whatever the layout of the keyboard and whether Caps Lock is on.

type Press = Pick<KeyboardEvent, "key" | "code">;

/** What was pressed: letters small, so that neither Shift nor Caps Lock makes another key; digits by their place. */
export function keyOf(event: Press): string {
  return digitOf(event) ?? (event.key.length === 1 ? event.key.toLowerCase() : event.key);
}

/**
 * 1 to 9 and 0, on the top row or the pad; null for any other key. By place where the layout writes a digit with Shift alone
 * (AZERTY) or in other signs; not where a pad without Num Lock moves about.
 */
export function digitOf({ key, code }: Press): string | null {
  if (/^[0-9]$/.test(key)) return key;
  const place = /^(?:Digit|Numpad)([0-9])$/.exec(code)?.[1];
  return place !== undefined && (key.length === 1 || key === "Dead") ? place : null;
}
