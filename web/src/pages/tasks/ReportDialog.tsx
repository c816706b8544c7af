// A note on an item that cannot be labelled as it is. It stays with the annotator: the protocol has no channel for it.
import { useEffect, useRef, useState } from "react";
import { t } from "../../texts/en";

export function ReportDialog({ close, report }: { close: () => void; report: (note: string) => Promise<void> }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [note, setNote] = useState("");
  useEffect(() => {
    const opened = dialog.current!;
    opened.showModal();
    return () => opened.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby="report"
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
    >
      <form
        className="dialog-body"
        onSubmit={(event) => {
          event.preventDefault();
          void report(note.trim());
        }}
      >
        <h2 id="report">{t.label.reportTitle}</h2>
        <ul>
          {t.label.reportLines.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
        <div className="field">
          <label htmlFor="report-note">{t.label.reportNote}</label>
          <textarea id="report-note" rows={3} maxLength={1_000} value={note} onChange={(event) => setNote(event.target.value)} />
        </div>
        <div className="row">
          <button type="button" className="button" onClick={close}>
            {t.confirm.no}
          </button>
          <button className="button primary">{t.label.reportYes}</button>
        </div>
      </form>
    </dialog>
  );
}
