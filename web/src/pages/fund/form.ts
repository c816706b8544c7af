// The form of a new campaign: what was typed, and what follows from it. Nothing here draws.
import type { Address, Hex } from "viem";
import { objectsOf } from "../../editor/content";
import type { Dataset, Pool } from "../../fund/chain";
import { sliceOf } from "../../fund/chain";
import { marks, mediaOf, tryForm, writeConfig, type Asked } from "../../fund/config";
import { lengthFault, SLOW, TRIAL, USUAL, type Lengths, type Limits } from "../../fund/lengths";
import { labelLimit, type Aggregation, type Decided, type Paid } from "../../fund/makeSpec";
import { parseAmount, parseWhole } from "../../fund/money";
import type { Binding, Imported, Made } from "../../import/items";
import { hasAnswer, LabelError, type Answer, type Form } from "../../protocol/labels";
import { f } from "../../texts/en";
import { amountText, sharesText, spanText } from "../../ui/format";
import type { Unit } from "../../wallet/chain";

export type TimeLine = keyof typeof f.terms.times;

export interface FundForm {
  step: number;
  dataset: Address | "";
  title: string;
  instructions: string;
  asked: Asked & { lines: string };
  /** Where regions are marked: what makes two of them, and two answers, the same, in percent. */
  overlap: string;
  alike: string;
  /** A config of one's own, instead of the one that is written. */
  own: string | null;
  price: string;
  seconds: string;
  k: string;
  shares: string;
  pool: Hex | "";
  time: TimeLine | "";
  lengths: Record<keyof Lengths, string>;
  aggregation: Aggregation;
  acceptance: string;
  pay: Paid;
  slash: boolean;
  fee: string;
  stakes: string;
  cap: string;
  /** Gold by hand, over what the file says; null removes. */
  gold: [item: number, answer: Answer | null][];
}

/** Lengths that are no times. */
const COUNTS = new Set<keyof Lengths>(["rounds", "tries"]);

/** Where one begins. */
export const EMPTY: FundForm = {
  step: 0, dataset: "", title: "", instructions: "",
  asked: { kind: "single-choice.v1", media: "text", lines: "", classes: [], rating: false, low: "0", high: "10", step: "1", stars: "5" },
  overlap: "50", alike: "80",
  own: null, price: "0.05", seconds: "10", k: "5", shares: "1", pool: "", time: "",
  lengths: textsOf(USUAL),
  aggregation: "dawid-skene.v1", acceptance: "60", pay: "skill.v1", slash: true, fee: "5", stakes: "4", cap: "20", gold: [],
};

export const SLASH_GOLD = 20; // half of which a model may be told; the other ten judge it

/** What the chain says that a form needs. */
export interface Ground {
  pools: Pool[];
  datasets: Dataset[];
  limits: Limits;
  unit: Unit | null;
}

export interface Items {
  imported: Imported;
  binding: Binding | null;
  made: Made;
}

export interface Task {
  config: string;
  form: Form | null;
  fault: string | null;
  /** What of an item the task shows. */
  variables: string[];
}

export function taskOf(form: FundForm): Task {
  const config = form.own ?? writeConfig({ ...form.asked, classes: classesOf(form) });
  const read = tryForm(form.asked.kind, config);
  return { config, form: read.form, fault: read.fault, variables: variablesOf(config) };
}

export function classesOf({ asked }: FundForm): string[] {
  return asked.lines.split("\n").map((each) => each.trim()).filter(Boolean);
}

export function variablesOf(config: string): string[] {
  try {
    return [...new Set(objectsOf(config).map((each) => each.variable))];
  } catch (error) {
    if (error instanceof LabelError) return [];
    throw error;
  }
}

/** Gold as it stands: the file's, changed by hand; only answers that the task has. */
export function goldOf(form: FundForm, made: Made | null, task: Task): Map<number, Answer> {
  const gold = new Map(made?.gold ?? []);
  for (const [item, answer] of form.gold) {
    if (answer === null) gold.delete(item);
    else gold.set(item, answer);
  }
  const count = made?.items.length ?? 0;
  return new Map([...gold].filter(([item, answer]) => item < count && task.form !== null && hasAnswer(task.form, answer)));
}

// ---------------------------------------------------------------- what is still missing, step by step

export function datasetFaults(form: FundForm, ground: Ground | undefined): string[] {
  return ground?.datasets.some((each) => each.address === form.dataset) ? [] : [f.dataset.title];
}

export function taskFaults(form: FundForm, task: Task): string[] {
  const found: string[] = [];
  if (!form.title.trim() || [...form.title.trim()].length > 200) found.push(f.task.titleFault);
  if ([...form.instructions].length > 65_536) found.push(f.task.longInstructions);
  const classes = classesOf(form);
  const isMarking = marks(form.asked.kind);
  const chooses = form.own === null && (isMarking || form.asked.kind === "single-choice.v1" || form.asked.kind === "multi-label.v1");
  if (isMarking && !nearOf(form)) found.push(f.task.nearFault);
  if (chooses && (classes.length < (isMarking ? 1 : 2) || new Set(classes).size !== classes.length)) found.push(isMarking ? f.task.markClassesFault : f.task.classesFault);
  else if (task.fault) found.push(f.task.configFault(task.fault));
  return found;
}

/** What is near enough, in 1/10,000; null where the percentages are none. */
function nearOf({ overlap, alike }: FundForm): { overlapBps: number; alikeBps: number } | null {
  const [overlapBps, alikeBps] = [overlap, alike].map((text) => positive(bounded(parseAmount(text, 2), 10_000n)));
  return overlapBps && alikeBps ? { overlapBps: Number(overlapBps), alikeBps: Number(alikeBps) } : null;
}

export function itemFaults(form: FundForm, items: Items | null, task: Task): string[] {
  if (!items) return [f.items.none];
  const media = items.imported.kind === "folder" ? items.imported.media : "text";
  if (items.imported.kind === "folder" && task.variables.length > 1) return [f.items.pairFolder];
  const asked = form.own === null ? mediaOf(form.asked) : null;
  const { medias } = f.items;
  return asked && asked !== media ? [f.items.wrongMedia(medias[media], medias[asked])] : [];
}

/** A length of time: minutes, or such as 3d, 12h, 30m, 45s; null for none. */
export function parseLength(text: string): number | null {
  const found = /^(\d{1,7})\s*(d|h|m|s)?$/.exec(text.trim());
  return found ? Number(found[1]) * { d: 86_400, h: 3_600, m: 60, s: 1 }[(found[2] ?? "m") as "d" | "h" | "m" | "s"] : null;
}

function textsOf(lengths: Lengths): Record<keyof Lengths, string> {
  const text = (name: string, value: number) => {
    if (COUNTS.has(name as keyof Lengths)) return String(value);
    const [size, sign] = ([[86_400, "d"], [3_600, "h"], [60, "m"]] as const).find(([each]) => value % each === 0) ?? [1, "s"];
    return `${value / size}${sign}`;
  };
  return Object.fromEntries(Object.entries(lengths).map(([name, value]) => [name, text(name, value)])) as Record<keyof Lengths, string>;
}

const READY: Readonly<Record<Exclude<TimeLine, "own">, Lengths>> = { trial: TRIAL, usual: USUAL, slow: SLOW };

export function lengthsOf(form: FundForm): Lengths | string {
  if (form.time === "") return f.terms.time;
  if (form.time !== "own") return READY[form.time];
  const found: Partial<Lengths> = {};
  for (const [name, text] of Object.entries(form.lengths) as [keyof Lengths, string][]) {
    const value = COUNTS.has(name) ? parseWhole(text, 0, 65_535) : parseLength(text);
    if (value === null) return f.terms.lengthFault(f.terms.lengths[name]);
    found[name] = value;
  }
  return found as Lengths;
}

/** Everything of the last step but one, read; or what is wrong with it. */
export interface Terms {
  price: bigint;
  seconds: number;
  k: number;
  shareWeight: bigint;
  acceptance: number;
  feeBps: number;
  stakes: number;
  stakePerLabel: bigint;
  capBps: number;
  pool: Pool;
  lengths: Lengths;
  /** Labels that one annotator may give, and annotators that fill every place. */
  each: number;
  people: number;
}

const SHARE = 10n ** 18n;

export function termsOf(form: FundForm, ground: Ground, count: number): { terms: Terms; faults: [] } | { terms: null; faults: string[] } {
  const { unit } = ground;
  const faults: string[] = [];
  const need = <Value,>(value: Value | null | undefined, fault: string): Value => {
    if (value === null || value === undefined) faults.push(fault);
    return value as Value;
  };
  const price = need(positive(unit && parseAmount(form.price, unit.decimals)), f.terms.priceFault(unit?.symbol ?? "?"));
  const seconds = need(parseWhole(form.seconds, 1, 86_400), f.terms.secondsFault);
  const isMarking = marks(form.asked.kind);
  const k = need(parseWhole(form.k, 1, isMarking ? 16 : 99), isMarking ? f.terms.kRegionsFault : f.terms.kFault);
  const shares = need(parseWhole(form.shares, 1, 1_000_000), f.terms.sharesFault);
  const acceptance = need(parseWhole(form.acceptance, 1, 100), f.terms.acceptanceFault);
  const fee = need(bounded(parseAmount(form.fee, 2), 10_000n), f.terms.feeFault);
  const stakes = need(parseWhole(form.stakes, 0, 1_000), f.terms.stakesFault);
  const cap = need(parseWhole(form.cap, 1, 20), f.terms.capFault);
  const pool = need(ground.pools.find((each) => each.id === form.pool), f.terms.poolFault);
  const lengths = lengthsOf(form);
  if (typeof lengths === "string") faults.push(lengths);
  else if (pool) faults.push(...lengthFaults(lengths, ground.limits, Number(pool.params.unbonding)));
  if (faults.length) return { terms: null, faults };
  const stakePerLabel = price * BigInt(stakes);
  const slice = sliceOf(pool.params);
  const each = labelLimit(count, cap * 100, slice, stakePerLabel);
  const shareWeight = BigInt(shares) * SHARE;
  if (each < 1) faults.push(f.terms.sliceFault(amountText(slice, unit!, unit!.decimals), amountText(stakePerLabel, unit!, unit!.decimals)));
  const free = ground.datasets.find((one) => one.address === form.dataset)?.free ?? 0n;
  const promised = BigInt(count * k) * shareWeight;
  if (promised > free) faults.push(f.terms.roomFault(sharesText(promised), sharesText(free)));
  if (faults.length) return { terms: null, faults };
  const people = Math.max(k, Math.ceil((count * k) / each));
  return {
    terms: { price, seconds, k, shareWeight, acceptance, feeBps: Number(fee), stakes, stakePerLabel, capBps: cap * 100, pool, lengths: lengths as Lengths, each, people },
    faults: [],
  };
}

function lengthFaults(lengths: Lengths, limits: Limits, unbonding: number): string[] {
  const fault = lengthFault(lengths, limits, unbonding);
  if (!fault) return [];
  if (fault.kind === "horizon") return [f.terms.horizonFault(spanText(fault.given), spanText(fault.most))];
  if (fault.kind === "unbonding") return [f.terms.unbondingFault(spanText(fault.given), spanText(fault.most))];
  const text = COUNTS.has(fault.name) ? String : spanText;
  return [f.terms.rangeFault(f.terms.lengths[fault.name], text(fault.least), text(fault.most))];
}

function positive(value: bigint | null | undefined): bigint | null {
  return value ? value : null;
}

function bounded(value: bigint | null, most: bigint): bigint | null {
  return value !== null && value <= most ? value : null;
}

/** The rules that a spec is made of; gold by its root. */
export function decidedOf(form: FundForm, task: Task, terms: Terms, made: Made, gold: Decided["gold"]): Decided {
  return {
    title: form.title.trim(),
    instructions: form.instructions.trim(),
    kind: form.asked.kind,
    config: task.config,
    near: marks(form.asked.kind) ? nearOf(form) : null,
    items: made.items.map(({ digest, name }) => ({ digest, name })),
    price: terms.price,
    shareWeight: terms.shareWeight,
    seconds: terms.seconds,
    k: terms.k,
    capBps: terms.capBps,
    aggregation: marks(form.asked.kind) ? "majority.v1" : form.aggregation,
    acceptance: terms.acceptance,
    pay: form.pay,
    shares: form.pay,
    slash: form.slash && (gold?.count ?? 0) >= SLASH_GOLD,
    gold,
  };
}

