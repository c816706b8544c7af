// The items: taken from a file or a folder, looked through, and some of them made gold.
import { useState, type DragEvent } from "react";
import { ImportError } from "../../import/fault";
import type { Binding, Imported } from "../../import/items";
import { chosen, dropped, readFolder, type Placed } from "../../import/media";
import { endOf, readTable, RECORD_ENDS, type Table } from "../../import/records";
import { f } from "../../texts/en";
import { Fault, ToldError } from "../../ui/Fault";
import { countText } from "../../ui/format";
import { Card, Notice } from "../../ui/parts";
import { SelectField } from "./fields";
import { SLASH_GOLD, type Items } from "./form";
import { ItemsList } from "./ItemsList";
import type { Filling } from "./useForm";

const ACCEPT = RECORD_ENDS.map((end) => `.${end}`).join(",");
const SHOWN_FAULTS = 5;

export function ItemsStep({ filling, selected, select }: { filling: Filling; selected: number; select: (item: number) => void }) {
  const { items, hashing, gold, task } = filling;
  return (
    <>
      <ChooseFiles
        prompt={filling.items ? f.items.replace : f.items.drop}
        note={f.items.formats}
        take={(imported) => {
          filling.take(imported);
          select(0);
        }}
      />
      {hashing !== null && <p role="status" className="quiet">{f.items.hashing(countText(hashing), "…")}</p>}
      {filling.itemsError !== undefined && <Fault error={inWords(filling.itemsError)} />}
      {items && (
        <>
          <Found items={items} bind={filling.bind} />
          <Card title={f.items.list}>
            <ItemsList items={items.made.items} gold={gold} describe={(answer) => task.form?.describe(answer) ?? ""} selected={Math.min(selected, items.made.items.length - 1)} select={select} />
            <p className="quiet small-text">{f.items.keys}</p>
          </Card>
          <Card title={f.items.goldTitle}>
            <p>{f.items.goldWhy}</p>
            <p role="status">
              <strong>{f.items.goldCount(gold.size, countText(items.made.items.length))}.</strong> {f.items.goldAdvice(SLASH_GOLD)}
            </p>
            {items.made.goldFaults.length > 0 && (
              <Notice kind="warn" title={f.items.goldFaults(items.made.goldFaults.length)}>
                <ul>
                  {items.made.goldFaults.slice(0, SHOWN_FAULTS).map((each) => (
                    <li key={each}>{each}</li>
                  ))}
                </ul>
              </Notice>
            )}
          </Card>
        </>
      )}
    </>
  );
}

/** Takes a file of records, or a folder. */
export function ChooseFiles({ prompt, note, take: taken }: { prompt: string; note?: string; take: (imported: Imported) => void | Promise<void> }) {
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const [over, setOver] = useState(false);
  const take = async (files: Promise<Placed[]> | Placed[]) => {
    setError(undefined);
    setBusy(true);
    try {
      const placed = await files;
      if (!placed.length) return;
      await taken(await imported(placed));
    } catch (fault) {
      setError(inWords(fault));
    } finally {
      setBusy(false);
    }
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void take(dropped(event.dataTransfer));
  };
  const folder = { webkitdirectory: "" };
  return (
    <>
      <div
        className={over ? "drop over" : "drop"}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <p>{prompt}</p>
        <div className="row">
          <label className="button">
            <input type="file" accept={ACCEPT} onChange={(event) => void take(emptied(event.target))} />
            {f.items.choose}
          </label>
          <label className="button">
            <input type="file" multiple {...folder} onChange={(event) => void take(emptied(event.target))} />
            {f.items.folder}
          </label>
        </div>
        {note && <p className="quiet small-text">{note}</p>}
        {busy && <p role="status">{f.items.reading}</p>}
      </div>
      {error !== undefined && <Fault error={error} />}
    </>
  );
}

/** The chosen files; the same may be chosen again afterwards, once it is mended. */
function emptied(input: HTMLInputElement): Placed[] {
  const files = chosen(input.files ?? []);
  input.value = "";
  return files;
}

/** One file of records is a table; anything else a folder. */
async function imported(placed: readonly Placed[]): Promise<Imported> {
  const [only] = placed;
  if (placed.length === 1 && only && (RECORD_ENDS.includes(endOf(only.path)) || !only.path.includes("/"))) {
    if (RECORD_ENDS.includes(endOf(only.path)) || !only.file.type.match(/^(image|audio)\//)) return readTable(only.file);
  }
  return readFolder(placed);
}

export function inWords(fault: unknown): unknown {
  return fault instanceof ImportError ? new ToldError(fault.words) : fault;
}

function Found({ items: { imported, binding, made }, bind }: { items: Items; bind: (binding: Binding) => void }) {
  const what = imported.kind === "folder" ? f.items.folderOf(imported.media) : `${imported.file} (${imported.format})`;
  const skipped = imported.kind === "folder" ? imported.skipped : [];
  return (
    <Card title={f.items.found(countText(made.items.length), what)}>
      {skipped.length > 0 && <Notice kind="warn" title={f.items.skipped(skipped.length, `${skipped[0]!.path} ${skipped[0]!.why}`)} />}
      {made.repeated > 0 && <Notice kind="warn" title={f.items.repeated(made.repeated)} />}
      {imported.kind === "table" && made.items.slice(0, 20).every((each) => /^(https?:\/\/|\/data\/|s3:\/\/|gs:\/\/)\S+$/.test(each.shown)) && <Notice kind="warn" title={f.items.addresses} />}
      {imported.kind === "table" && binding && <Columns table={imported} binding={binding} bind={bind} />}
    </Card>
  );
}

function Columns({ table, binding, bind }: { table: Table; binding: Binding; bind: (binding: Binding) => void }) {
  const all = table.columns.map((each) => [each, each] as const);
  const orNone = [["", f.items.noColumn] as const, ...all];
  return (
    <div className="field-row">
      {[...binding.variables].map(([variable, column]) => (
        <SelectField
          key={variable}
          label={f.items.bindVariable(variable)}
          value={column}
          options={column ? all : orNone}
          change={(next) => bind({ ...binding, variables: new Map([...binding.variables, [variable, next]]) })}
        />
      ))}
      <SelectField label={f.items.bindName} value={binding.name} options={orNone} change={(name) => bind({ ...binding, name })} />
      <SelectField label={f.items.bindGold} value={binding.gold} options={orNone} change={(gold) => bind({ ...binding, gold })} />
    </div>
  );
}
