// The spec of a campaign: all its rules, as canonical JSON whose sha256 is on chain.
import { bytesToHex, type Hex } from "viem";
import { LabelError, readForm, type Form } from "./labels";
import { faulty } from "../texts/en";

/** As labelshare.protocol.spec has it; only what pages read is named. Amounts are decimal strings of base units. */
export interface Spec {
  version: string;
  title: string;
  instructions: string;
  /** The two bounds stand in tasks of regions alone (protocol/groups.ts). */
  task: { type: string; config: string; overlap_bps?: number; alike_bps?: number };
  items: { digest: string; uri?: string; name?: string }[];
  price: string;
  share_weight: string;
  seconds_per_label: number;
  redundancy: { policy: string; k: number };
  assignment: { policy: string; cap_bps?: number };
  aggregation: { policy: string };
  acceptance: { numerator: number; denominator: number };
  skill: { strength: number; prior_bps: number; from_bps: number; full_bps: number };
  pay: { policy: string };
  shares: { policy: string };
  slash: { policy: string; part_bps?: number; forfeit_bps?: number; below_bps?: number; min_labels?: number; min_gold?: number };
  gold: { policy: string; count?: number; weight?: number };
}

/** The service's bytes are not those whose hash is on chain. */
export class OtherBytesError extends Error {}

export async function sha256(data: Uint8Array<ArrayBuffer>): Promise<Hex> {
  return bytesToHex(new Uint8Array(await crypto.subtle.digest("SHA-256", data)));
}

/** A spec from its bytes, checked against the hash on chain. */
export async function readSpec(data: Uint8Array<ArrayBuffer>, digest: Hex): Promise<Spec> {
  if ((await sha256(data)) !== digest.toLowerCase()) throw new OtherBytesError(faulty.evidence.otherSpec);
  return JSON.parse(new TextDecoder().decode(data)) as Spec;
}

export function formOf(spec: Spec): Form {
  return readForm(spec.task.type, spec.task.config);
}

/** Null for a task that this page does not know. */
export function formOr(spec: Spec): Form | null {
  try {
    return formOf(spec);
  } catch (fault) {
    if (fault instanceof LabelError) return null;
    throw fault;
  }
}
