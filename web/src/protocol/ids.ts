// The ids of pools and campaigns: hashes of all their parameters, so that a signature for one is consent to the rules.
import { type Address, type Hex } from "viem";
import { addressWord, hash, word } from "./bytes";

/** As the contracts take them; times in seconds, amounts in base units. Decimal strings are good as well. */
export interface PoolParams {
  oracle: Address;
  token: Address;
  seatStake: bigint;
  unbonding: number;
  maxOpen: number;
  gate: Address;
  arbitrator: Address;
  arbitrationRefund: bigint;
  randomness: Address;
  nonce: bigint;
}

export interface Schedule {
  acceptEnd: number;
  enrolEnd: number;
  workStart: number;
  roundLength: number;
  grace: number;
  rounds: number;
  tries: number;
  revealPeriod: number;
  settlePeriod: number;
  window: number;
  rulingPeriod: number;
  rescuePeriod: number;
  publicPeriod: number;
  slashWindow: number;
}

export interface CampaignParams {
  pool: Hex;
  dataset: Address;
  requester: Address;
  oracle: Address;
  token: Address;
  specHash: Hex;
  shareCap: bigint;
  stakePerLabel: bigint;
  feeBps: number;
  nonce: bigint;
  schedule: Schedule;
}

const SCHEDULE_FIELDS = [
  "acceptEnd", "enrolEnd", "workStart", "roundLength", "grace", "rounds", "tries", "revealPeriod", "settlePeriod",
  "window", "rulingPeriod", "rescuePeriod", "publicPeriod", "slashWindow",
] as const;

export function poolIdOf(chainId: bigint | number, registry: Address, pool: PoolParams): Hex {
  return hash(
    word(BigInt(chainId)),
    addressWord(registry),
    addressWord(pool.oracle),
    addressWord(pool.token),
    ...[pool.seatStake, pool.unbonding, pool.maxOpen].map((each) => word(BigInt(each))),
    addressWord(pool.gate),
    addressWord(pool.arbitrator),
    word(BigInt(pool.arbitrationRefund)),
    addressWord(pool.randomness),
    word(BigInt(pool.nonce)),
  );
}

export function campaignIdOf(chainId: bigint | number, registry: Address, params: CampaignParams): Hex {
  return hash(
    word(BigInt(chainId)),
    addressWord(registry),
    params.pool,
    ...[params.dataset, params.requester, params.oracle, params.token].map(addressWord),
    params.specHash,
    ...[params.shareCap, params.stakePerLabel, params.feeBps, params.nonce].map((each) => word(BigInt(each))),
    ...SCHEDULE_FIELDS.map((name) => word(params.schedule[name])),
  );
}
