// Fields of the form: a label, a hint, and a control; one way for all.
import { useId, type ReactNode } from "react";

interface Common {
  label: string;
  hint?: string | undefined;
}

export function TextField({ label, hint, value, change, lines, mono, numeric, list }: Common & {
  value: string;
  change: (value: string) => void;
  lines?: number;
  mono?: boolean;
  numeric?: boolean;
  list?: boolean;
}) {
  const id = useId();
  const common = { id, value, "aria-describedby": hint ? `${id}-hint` : undefined, autoComplete: "off", spellCheck: !mono && !numeric && !list };
  return (
    <div className={lines ? "field wide" : "field"}>
      <label htmlFor={id}>{label}</label>
      {lines ? (
        <textarea {...common} rows={lines} className={mono ? "mono" : ""} onChange={(event) => change(event.target.value)} />
      ) : (
        <input {...common} inputMode={numeric ? "decimal" : undefined} onChange={(event) => change(event.target.value)} />
      )}
      {hint && <span className="quiet small-text" id={`${id}-hint`}>{hint}</span>}
    </div>
  );
}

export function SelectField({ label, hint, value, change, options }: Common & {
  value: string;
  change: (value: string) => void;
  options: readonly (readonly [string, string])[];
}) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value} aria-describedby={hint ? `${id}-hint` : undefined} onChange={(event) => change(event.target.value)}>
        {options.map(([name, text]) => (
          <option key={name} value={name}>{text}</option>
        ))}
      </select>
      {hint && <span className="quiet small-text" id={`${id}-hint`}>{hint}</span>}
    </div>
  );
}

/** One of several, each with a line below its name. */
export function Options<Name extends string>({ label, value, change, options }: {
  label: string;
  value: Name | "";
  change: (value: Name) => void;
  options: readonly (readonly [Name, ReactNode, ReactNode?])[];
}) {
  const group = useId();
  return (
    <fieldset className="options">
      <legend>{label}</legend>
      {options.map(([name, title, note]) => (
        <label className="option" key={name}>
          <input type="radio" name={group} checked={value === name} onChange={() => change(name)} />
          <span>
            <strong>{title}</strong>
            {note && <small>{note}</small>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

export function CheckField({ label, hint, checked, change, disabled }: Common & { checked: boolean; change: (value: boolean) => void; disabled?: boolean }) {
  return (
    <label className="check-field">
      <input type="checkbox" checked={checked} disabled={disabled} onChange={(event) => change(event.target.checked)} />
      <span>
        {label}
        {hint && <small className="quiet">{hint}</small>}
      </span>
    </label>
  );
}
