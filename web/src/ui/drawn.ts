// What may wait until the screen shows what somebody waits for.

/** Runs once what is there now has been drawn and the page has a moment, or as soon as nobody looks. Returns what calls it off. */
export function onceDrawn(act: () => void): () => void {
  let frame = 0;
  let idle = 0;
  const end = () => {
    cancelAnimationFrame(frame);
    stopIdle(idle);
    document.removeEventListener("visibilitychange", unseen);
  };
  const run = () => {
    end();
    act();
  };
  const unseen = () => {
    if (document.hidden) run(); // where nothing is drawn no frame comes
  };
  frame = requestAnimationFrame(() => {
    idle = whenIdle(run);
  });
  document.addEventListener("visibilitychange", unseen);
  unseen();
  return end;
}

const LONGEST = 200;

// Safari knows no idle time.
const KNOWS_IDLE = typeof globalThis.requestIdleCallback === "function";
const whenIdle = (run: () => void): number => (KNOWS_IDLE ? requestIdleCallback(run, { timeout: LONGEST }) : window.setTimeout(run));
const stopIdle = (idle: number): void => (KNOWS_IDLE ? cancelIdleCallback(idle) : window.clearTimeout(idle));
