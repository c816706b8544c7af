// Label Studio's editor in a frame that has no origin: no wallet, no store, no network. One item at a time goes in.
import { useEffect, useRef, useState, type RefObject } from "react";
import type { Hex } from "viem";
import { ApiError } from "../api/client";
import type { ItemAnswer } from "../api/types";
import { useLoad } from "../app/load";
import { currentTheme } from "../app/theme";
import type { Answer, Form } from "../protocol/labels";
import { t } from "../texts/en";
import { Fault } from "../ui/Fault";
import { Notice } from "../ui/parts";
import { contentAhead } from "./ahead";
import { Connection, FRAME, type Fall } from "./connection";
import { OtherContentError, taskOf } from "./content";
import type { FromEditor } from "./contract";

const MAX_HEIGHT = 2_000; // the styles bound it further, by the window
/** The part of the window's height that the styles let a frame have. */
const ROOM = 0.78;
/** A window that is being drawn to another size is measured once it rests. */
const RESTED_MILLISECONDS = 250;
/** A phone's bars come and go by as much while one scrolls; nothing is drawn anew for that. */
const BARS = 130;

interface Props {
  campaign: Hex;
  config: string;
  form: Form;
  item: ItemAnswer;
  answer: Answer | null;
  hear: (said: FromEditor) => void;
  /** Set to what asks the editor for its answer, while there is one. */
  asking: RefObject<(() => void) | null>;
  /** Back to the widgets of this page. */
  leave: () => void;
}

function roomNow(): number {
  return Math.round(innerHeight * ROOM);
}

/** Calls `changed` when the window has come to rest in another width, or in a height that is another by more than a phone's bars. */
function watchWindow(changed: () => void): () => void {
  let [width, height, timer] = [innerWidth, innerHeight, 0];
  const rested = () => {
    if (innerWidth === width && Math.abs(innerHeight - height) <= BARS) return;
    [width, height] = [innerWidth, innerHeight];
    changed();
  };
  const onResize = () => {
    clearTimeout(timer);
    timer = window.setTimeout(rested, RESTED_MILLISECONDS);
  };
  addEventListener("resize", onResize);
  return () => {
    clearTimeout(timer);
    removeEventListener("resize", onResize);
  };
}

export default function EditorFrame({ campaign, config, form, item, answer, hear, asking, leave }: Props) {
  const frame = useRef<HTMLIFrameElement>(null);
  const connection = useRef<Connection | null>(null);
  const latest = useRef(hear);
  latest.current = hear;
  const [fallen, setFallen] = useState<Fall | null>(null);
  const [height, setHeight] = useState(0);
  const [ready, setReady] = useState<number | null>(null);
  const { value, error } = useLoad(async () => {
    try {
      return await taskOf(config, item, await contentAhead(campaign, item.digest));
    } catch (fault) {
      if (fault instanceof ApiError && fault.status === 404) return null;
      throw fault;
    }
  }, [campaign, item.digest]);

  useEffect(() => {
    const element = frame.current!;
    const onSaid = (said: FromEditor) => {
      if (said.kind === "ready") setReady(said.item);
      else if (said.kind === "size") setHeight(said.height);
      else latest.current(said);
    };
    const made = new Connection(element, onSaid, setFallen);
    connection.current = made;
    asking.current = () => made.ask();
    element.src = FRAME;
    const unwatch = watchWindow(() => made.fit(roomNow()));
    return () => {
      unwatch();
      asking.current = null;
      made.close();
    };
  }, []);

  useEffect(() => {
    if (!value || fallen) return;
    const result = answer === null ? null : form.toResult(answer);
    const focus = document.activeElement === frame.current || document.activeElement === document.body;
    connection.current!.show({ kind: "init", item: item.index, config, ...value, result, theme: currentTheme(), room: roomNow(), focus });
    // What was answered goes in with the item; what is answered meanwhile comes from the frame itself.
  }, [value, fallen, item.index]);

  const back = (
    <button type="button" className="button small" onClick={leave}>
      {t.label.editor.plain}
    </button>
  );
  if (fallen) {
    return (
      <Notice kind="bad" title={t.label.editor.fallen[fallen]}>
        {back}
      </Notice>
    );
  }
  const isOther = error instanceof OtherContentError;
  return (
    <>
      {isOther && <Notice kind="bad" title={t.label.otherContent} />}
      {error !== undefined && !isOther && <Fault error={error} />}
      {value === null && <Notice kind="warn" title={t.label.noContent} />}
      {!error && value !== null && ready !== item.index && (
        <p className="quiet" role="status">
          {t.label.editor.loading}
        </p>
      )}
      <iframe
        ref={frame}
        className="editor-frame"
        title={t.label.editor.title}
        sandbox="allow-scripts"
        referrerPolicy="no-referrer"
        style={height ? { height: Math.min(height, MAX_HEIGHT) } : undefined}
        data-ready={ready === item.index}
        hidden={error !== undefined || value === null}
      />
    </>
  );
}
