// In every page and frame, before its own scripts: when things are on the screen, and how long frames take.
(() => {
  const SHOWN = ".item-text, #editor";
  const ITEM = /\(item (\d+)\)/;
  const seen = {}; // selector -> when it first matched and the page had nothing more to do
  const longTasks = [];
  let wanted = [];

  // Two frames on: the first has drawn what is there now, the second begins once that is on the screen.
  const painted = (then) => requestAnimationFrame(() => requestAnimationFrame(then));
  const shownItem = () => ITEM.exec(document.querySelector(SHOWN)?.textContent ?? "")?.[1] ?? null;
  const watchers = new Set();
  new MutationObserver(() => watchers.forEach((each) => each())).observe(document, { subtree: true, childList: true, characterData: true });
  new PerformanceObserver((list) => longTasks.push(...list.getEntries())).observe({ type: "longtask", buffered: true });

  const until = (is, then) => {
    const look = () => {
      if (!is()) return;
      watchers.delete(look);
      then();
    };
    watchers.add(look);
    look();
  };

  // An answer that does not come is a fault, and nothing to wait for.
  const within = (measured) => Promise.race([measured, new Promise((_, reject) => setTimeout(() => reject(new Error("it never came")), 60_000))]);

  window.bench = {
    seen,
    /** Note from now on when these selectors match. */
    watch(selectors) {
      wanted = selectors;
      for (const each of wanted) {
        until(
          () => document.querySelector(each),
          () => painted(() => requestIdleCallback(() => (seen[each] = performance.now()))),
        );
      }
    },
    /** Milliseconds from the next Enter to another item on the screen. */
    next() {
      bench.result = within(new Promise((resolve) => {
        const before = shownItem();
        const onKey = (event) => {
          if (event.key !== "Enter") return;
          onKeys = null;
          const isNext = () => ![null, before].includes(shownItem());
          until(isNext, () => painted(() => resolve(performance.now() - event.timeStamp)));
        };
        onKeys = onKey;
      }));
    },
    /** Milliseconds from the next such event until rows are on the screen that were not there. */
    since(kind, rows) {
      bench.result = within(new Promise((resolve) => {
        const text = () => document.querySelector(rows)?.textContent ?? "";
        const before = text();
        addEventListener(
          kind,
          (event) => until(() => text() && text() !== before, () => painted(() => resolve(performance.now() - event.timeStamp))),
          { capture: true, once: true },
        );
      }));
    },
    /** Milliseconds between frames while something goes on, and the long tasks in it. */
    begin() {
      const times = [];
      const long = longTasks.length;
      let going = true;
      const frame = (now) => {
        times.push(now);
        if (going) requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
      bench.end = () => {
        going = false;
        return { frames: times.slice(1).map((each, at) => each - times[at]), longTasks: longTasks.slice(long).map((each) => each.duration) };
      };
    },
    /** As by the scroll bar: from the top to the end of a box in so many frames. */
    drag(selector, count) {
      const box = document.querySelector(selector);
      const most = box.scrollHeight - box.clientHeight;
      return new Promise((resolve) => {
        let at = 0;
        const step = () => {
          at += 1;
          box.scrollTop = (most * at) / count;
          if (at < count) requestAnimationFrame(step);
          else painted(resolve);
        };
        requestAnimationFrame(step);
      });
    },
    nodes: () => document.getElementsByTagName("*").length,
    paint: () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? null,
  };

  // The page's own listeners may stop an event on its way: this one is there first.
  let onKeys = null;
  addEventListener("keydown", (event) => onKeys?.(event), true);
})();
