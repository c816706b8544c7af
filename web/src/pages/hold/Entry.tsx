// One line to type in, with a hint, and what is wrong with what was typed.
import { useId } from "react";

export function Entry({ label, hint, value, change, fault, mono, numeric }: {
  label: string;
  hint: string;
  value: string;
  change: (value: string) => void;
  fault: string | null;
  mono?: boolean;
  numeric?: boolean;
}) {
  const id = useId();
  return (
    <div className="field wide-field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        value={value}
        className={mono ? "mono" : ""}
        inputMode={numeric ? "decimal" : "text"}
        autoComplete="off"
        spellCheck={false}
        aria-invalid={fault !== null}
        aria-describedby={`${id}-hint`}
        onChange={(event) => change(event.target.value)}
      />
      <span className={fault ? "fault small-text" : "quiet small-text"} id={`${id}-hint`}>
        {fault ?? hint}
      </span>
    </div>
  );
}
