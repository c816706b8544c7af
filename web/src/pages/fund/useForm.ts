// The form with its items, kept in this browser as it is filled in, and what the chain says beside it.
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useChain } from "../../app/chain";
import { useLoad } from "../../app/load";
import { useSite } from "../../app/site";
import { datasetsOf, limitsOf, poolsOf } from "../../fund/chain";
import { allowsTrial } from "../../fund/lengths";
import { requesterStore } from "../../fund/store";
import { guessBinding, makeItems, type Binding, type Imported } from "../../import/items";
import type { Answer } from "../../protocol/labels";
import { aside, dropAside, keepAside } from "../../store/aside";
import { unitOf } from "../../wallet/chain";
import { useWallet } from "../../wallet/wallet";
import { EMPTY, goldOf, taskOf, type FundForm, type Ground, type Items, type Task } from "./form";

const SAVE_AFTER = 400;

interface Source {
  imported: Imported;
  binding: Binding | null;
}

export function formKey(account: string | undefined): string {
  return account?.toLowerCase() ?? "nobody";
}

export interface Filling {
  form: FundForm;
  change: (part: Partial<FundForm>) => void;
  task: Task;
  items: Items | null;
  gold: ReadonlyMap<number, Answer>;
  /** How many items are hashed, while they are. */
  hashing: number | null;
  itemsError: unknown;
  take: (imported: Imported) => void;
  bind: (binding: Binding) => void;
  startOver: () => Promise<void>;
  ground: Ground | undefined;
  groundError: unknown;
  reloadGround: () => Promise<void>;
}

/** Null until it is known whether something was begun before. */
export function useForm(): Filling | null {
  const { connected } = useWallet();
  const key = formKey(connected?.account);
  const [form, setForm] = useState<FundForm | null>(null);
  const [source, setSource] = useState<Source | null>(null);
  useKept(key, form, setForm, source, setSource);
  const ground = useGround(form, setForm);
  const task = useMemo(() => taskOf(form ?? EMPTY), [form?.own, form?.asked]);
  const made = useMade(source, task);
  const items = useMemo(() => (source && made.value ? { ...source, made: made.value } : null), [source, made.value]);
  const gold = useMemo(() => goldOf(form ?? EMPTY, made.value ?? null, task), [form?.gold, made.value, task]);

  const change = useCallback((part: Partial<FundForm>) => {
    setForm((before) => {
      const after = { ...(before ?? EMPTY), ...part };
      // Gold by hand belongs to the answers that the task had.
      if (before && taskOf(before).config !== taskOf(after).config) after.gold = [];
      return after;
    });
  }, []);
  const take = useCallback(
    (imported: Imported) => {
      setForm((before) => ({ ...(before ?? EMPTY), gold: [] }));
      setSource({ imported, binding: imported.kind === "table" ? guessBinding(imported, task.variables) : null });
    },
    [task.variables],
  );
  const bind = useCallback((binding: Binding) => {
    setForm((before) => ({ ...(before ?? EMPTY), gold: [] }));
    setSource((before) => before && { ...before, binding });
  }, []);
  const startOver = useCallback(async () => {
    await Promise.all([requesterStore.dropForm(key), requesterStore.dropForm(`${key}/items`)]);
    setSource(null);
    setForm((before) => ({ ...EMPTY, pool: before?.pool ?? "", dataset: before?.dataset ?? "", time: before?.time ?? "" }));
  }, [key]);

  if (!form) return null;
  return {
    form, change, task, items, gold, take, bind, startOver,
    hashing: made.done, itemsError: made.error,
    ground: ground.value, groundError: ground.error, reloadGround: ground.reload,
  };
}

/** Reads what was begun, once for each account, and keeps what is changed. */
function useKept(
  key: string,
  form: FundForm | null,
  setForm: (form: FundForm) => void,
  source: Source | null,
  setSource: (source: Source | null) => void,
): void {
  const readFor = useRef<string | null>(null);
  useEffect(() => {
    let current = true;
    // What somebody began before connecting goes on with the account.
    if (readFor.current === "nobody" && form && form.title) {
      readFor.current = key;
      return;
    }
    readFor.current = null;
    void Promise.all([requesterStore.form<FundForm>(key), requesterStore.form<Source | null>(`${key}/items`)])
      .catch(() => [undefined, undefined] as const)
      .then(([kept, items]) => {
        if (!current) return;
        setForm({ ...EMPTY, ...kept?.form, ...takeAside(key) });
        setSource(items?.form ?? null);
        readFor.current = key;
      });
    return () => {
      current = false;
    };
  }, [key]);
  const unsaved = useRef<{ key: string; form: FundForm } | null>(null);
  useEffect(() => {
    if (!form || readFor.current !== key) return;
    unsaved.current = { key, form };
    const timer = setTimeout(() => {
      unsaved.current = null;
      void requesterStore.saveForm(key, form).catch(() => undefined);
    }, SAVE_AFTER);
    return () => clearTimeout(timer);
  }, [key, form]);
  // Whoever leaves or loads anew right after a change finds it all the same.
  useEffect(() => {
    const keep = () => unsaved.current && keepAside(FORMS + unsaved.current.key, unsaved.current.form);
    addEventListener("pagehide", keep);
    return () => {
      removeEventListener("pagehide", keep);
      keep();
    };
  }, []);
  useEffect(() => {
    if (!source || readFor.current !== key) return;
    void requesterStore.saveForm(`${key}/items`, source).catch(() => undefined);
  }, [key, source]);
}

const FORMS = "form/";

/** What a page that ended had kept aside, once: it is saved with the next change, and read as the latest until then. */
function takeAside(key: string): Partial<FundForm> | null {
  const found = aside<Partial<FundForm>>(FORMS + key);
  dropAside(FORMS + key);
  return found;
}

/** Hashes the items anew whenever they, or what is asked of them, are others. */
function useMade(source: Source | null, task: Task) {
  const [done, setDone] = useState<number | null>(null);
  const [value, setValue] = useState<Items["made"] | null>(null);
  const [error, setError] = useState<unknown>();
  const variables = task.variables.join(" ");
  useEffect(() => {
    let current = true;
    setError(undefined);
    if (!source) {
      setValue(null);
      return;
    }
    const { imported } = source;
    const fits = source.binding && [...source.binding.variables.keys()].join(" ") === variables;
    const binding = imported.kind === "table" ? (fits ? source.binding : guessBinding(imported, task.variables)) : null;
    setDone(0);
    makeItems(imported, binding, task.form, (count) => current && setDone(count))
      .then((made) => current && setValue(made))
      .catch((fault: unknown) => {
        if (!current) return;
        setValue(null);
        setError(fault);
      })
      .finally(() => current && setDone(null));
    return () => {
      current = false;
    };
  }, [source, variables, task.config]);
  return { value, error, done };
}

/** Pools, datasets and limits; where nothing is chosen yet, the first is. */
function useGround(form: FundForm | null, setForm: (act: (form: FundForm | null) => FundForm | null) => void) {
  const site = useSite();
  const chain = useChain();
  const { connected } = useWallet();
  const account = connected?.account;
  const loaded = useLoad(
    async (): Promise<Ground | undefined> => {
      if (!chain) return undefined;
      const [pools, datasets, limits] = await Promise.all([poolsOf(chain, site), account ? datasetsOf(chain, site, account) : [], limitsOf(chain, site)]);
      const token = (pools.find((each) => each.id === form?.pool) ?? pools[0])?.params.token;
      return { pools, datasets, limits, unit: token ? await unitOf(chain, token) : null };
    },
    [chain, site, account, form?.pool],
  );
  const { value } = loaded;
  const ready = form !== null;
  const blank = form?.pool === "" || form?.time === "";
  useEffect(() => {
    if (!value || !ready) return;
    setForm((before) => {
      if (!before) return before;
      const pool = value.pools.some((each) => each.id === before.pool) ? before.pool : (value.pools[0]?.id ?? "");
      const dataset = value.datasets.some((each) => each.address === before.dataset) ? before.dataset : (value.datasets[0]?.address ?? "");
      const trial = allowsTrial(value.limits);
      const time = before.time === "" || (before.time === "trial" && !trial) ? (trial ? "trial" : "usual") : before.time;
      return pool === before.pool && dataset === before.dataset && time === before.time ? before : { ...before, pool, dataset, time };
    });
  }, [value, ready, blank]);
  return loaded;
}
