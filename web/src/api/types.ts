// Written by tools/web_sources.py; scripts/build-web writes it again.

export type AcceptanceAnswer = {
  oracle: `0x${string}`;
  requesters?: `0x${string}`[] | null;
  leastEscrow?: string | null;
  leastFee: string;
  longestSeconds?: number | null;
};

export type AliveAnswer = {
  status?: "ok";
};

export type AssignmentAnswer = {
  now: number;
  round?: number | null;
  opensAt?: number | null;
  closesAt?: number | null;
  endsAt?: number | null;
  takesBatches: boolean;
  anyItem: boolean;
  openCount: number;
  items: ItemAnswer[];
  limit: number;
  committed: number;
  nextBatch: number;
};

export type BatchAnswer = {
  commit: CommitAnswer;
  commitHash: `0x${string}`;
  receipt: `0x${string}`;
  opened: boolean;
  openingReceipt: `0x${string}`;
};

export type CallGasAnswer = {
  new: number;
  held: number;
  call: string;
  inJob: boolean;
};

export type CampaignAnswer = {
  id: `0x${string}`;
  title?: string | null;
  items?: number | null;
  price?: string | null;
  status: "created" | "open" | "proposed" | "disputed" | "final" | "cancelled" | "expired" | "none";
  requester: `0x${string}`;
  oracle: `0x${string}`;
  dataset: `0x${string}`;
  pool: `0x${string}`;
  token: `0x${string}`;
  specHash: `0x${string}`;
  acceptEnd: number;
  enrolEnd: number;
  commitEnd: number;
  chainId: number;
  registry: `0x${string}`;
  params: ParamsAnswer;
  poolParams: PoolAnswer;
  state: StateAnswer;
  timeline: TimelineAnswer;
  progress: ProgressAnswer;
  proposal?: ProposalAnswer | null;
  medianLabelPay?: string | null;
  waitsFor?: string | null;
};

export type CampaignLine = {
  id: `0x${string}`;
  title?: string | null;
  items?: number | null;
  price?: string | null;
  status: "created" | "open" | "proposed" | "disputed" | "final" | "cancelled" | "expired" | "none";
  requester: `0x${string}`;
  oracle: `0x${string}`;
  dataset: `0x${string}`;
  pool: `0x${string}`;
  token: `0x${string}`;
  specHash: `0x${string}`;
  acceptEnd: number;
  enrolEnd: number;
  commitEnd: number;
};

export type CommitAnswer = {
  annotator: `0x${string}`;
  round: number;
  batch: number;
  root: `0x${string}`;
  count: number;
  cumulativeCount: number;
  signature: `0x${string}`;
  items: number[];
};

export type CommitQuestion = {
  annotator: `0x${string}`;
  round: number;
  batch: number;
  root: `0x${string}`;
  count: number;
  cumulativeCount: number;
  signature: `0x${string}`;
  items: number[];
};

export type DatasetAnswer = {
  address: `0x${string}`;
  publisher: `0x${string}`;
  name: string;
  symbol: string;
  revenueToken: `0x${string}`;
  contributorBps: number;
  maxShares: string;
  supply: string;
  reserved: string;
  revenuePaid: string;
  revenueClaimed: string;
  holders: number;
  licencesSold: number;
};

export type DatasetLine = {
  address: `0x${string}`;
  publisher: `0x${string}`;
  name: string;
  symbol: string;
  revenueToken: `0x${string}`;
  contributorBps: number;
  maxShares: string;
};

export type EarningsAnswer = {
  campaign: `0x${string}`;
  token: `0x${string}`;
  dataset: `0x${string}`;
  status: "created" | "open" | "proposed" | "disputed" | "final" | "cancelled" | "expired" | "none";
  labels: number;
  atMost: string;
  pending: string;
  claimable: string;
  paid: string;
  sharesPending: string;
  sharesClaimable: string;
  sharesPaid: string;
  slash: string;
  expectedAt?: number | null;
  score?: ScoreAnswer | null;
  leaf?: LeafAnswer | null;
};

export type EnrolledAnswer = {
  annotator: `0x${string}`;
};

export type EnrolmentQuestion = {
  annotator: `0x${string}`;
  signature: `0x${string}`;
};

export type FieldFault = {
  field: string;
  message: string;
};

export type GasAnswer = {
  calls: CallGasAnswer[];
  job: VariantsAnswer;
  perLabel: VariantsAnswer;
  measuredWith: number[];
};

export type HappenedAnswer = {
  kind: string;
  block: number;
  index: number;
  time: number;
  transaction: `0x${string}`;
};

export type HolderAnswer = {
  account: `0x${string}`;
  shares: string;
};

export type HoldingAnswer = {
  account: `0x${string}`;
  shares: string;
  claimable: string;
  revenueToken: `0x${string}`;
};

export type HourAnswer = {
  acceptedBps: number;
  pay: string;
  shares: string;
};

export type ItemAnswer = {
  index: number;
  digest: string;
  cid: string;
  uri?: string | null;
  name?: string | null;
};

export type LabelProofAnswer = {
  annotator: `0x${string}`;
  batch: number;
  item: number;
  label: `0x${string}`;
  text: string;
  labelDigest: `0x${string}`;
  leaf: `0x${string}`;
  proof: `0x${string}`[];
  root: `0x${string}`;
};

export type LeafAnswer = {
  index: string;
  account: `0x${string}`;
  payout: string;
  shares: string;
  slash: string;
  cumPayout: string;
  cumShares: string;
};

export type MediaStored = {
  digest: `0x${string}`;
  cid: string;
  size: number;
  kind: string;
  new: boolean;
};

export type OfferAnswer = {
  offer: `0x${string}`;
  price: string;
  duration: number;
  termsHash: `0x${string}`;
  status: "open" | "closed";
  sold: number;
};

export type OpeningQuestion = {
  annotator: `0x${string}`;
  commitHash: `0x${string}`;
  secret: `0x${string}`;
  items: number[];
  labels: `0x${string}`[];
};

export type PageAnnotatedAddressPlainValidatorPlainSerializerWithJsonSchema = {
  items: `0x${string}`[];
  next?: string | null;
};

export type PageBatchAnswer = {
  items: BatchAnswer[];
  next?: string | null;
};

export type PageCampaignLine = {
  items: CampaignLine[];
  next?: string | null;
};

export type PageCommitAnswer = {
  items: CommitAnswer[];
  next?: string | null;
};

export type PageDatasetLine = {
  items: DatasetLine[];
  next?: string | null;
};

export type PageEarningsAnswer = {
  items: EarningsAnswer[];
  next?: string | null;
};

export type PageHolderAnswer = {
  items: HolderAnswer[];
  next?: string | null;
};

export type PageItemAnswer = {
  items: ItemAnswer[];
  next?: string | null;
};

export type PageOfferAnswer = {
  items: OfferAnswer[];
  next?: string | null;
};

export type ParamsAnswer = {
  pool: `0x${string}`;
  dataset: `0x${string}`;
  requester: `0x${string}`;
  oracle: `0x${string}`;
  token: `0x${string}`;
  specHash: `0x${string}`;
  shareCap: string;
  stakePerLabel: string;
  feeBps: number;
  nonce: string;
  schedule: ScheduleAnswer;
};

export type PoolAnswer = {
  oracle: `0x${string}`;
  token: `0x${string}`;
  seatStake: string;
  unbonding: number;
  maxOpen: number;
  gate: `0x${string}`;
  arbitrator: `0x${string}`;
  arbitrationRefund: string;
  randomness: `0x${string}`;
  nonce: string;
};

export type Problem = {
  type: string;
  title: string;
  status: number;
  detail: string;
  requestId?: string;
  errors?: FieldFault[];
};

export type ProgressAnswer = {
  enrolled: number;
  batches: number;
  labels: number;
  opened: number;
  places: number;
  rounds: RoundAnswer[];
};

export type ProofAnswer = {
  chainId: number;
  registry: `0x${string}`;
  campaign: `0x${string}`;
  settlement: ProposalAnswer;
  label: LabelProofAnswer;
  truth: TruthProofAnswer;
};

export type ProposalAnswer = {
  payoutRoot: `0x${string}`;
  labelRoot: `0x${string}`;
  modelRoot: `0x${string}`;
  truthRoot: `0x${string}`;
  payoutTotal: string;
  shareTotal: string;
  leaves: number;
  bundleHash: `0x${string}`;
};

export type QuoteAnswer = {
  title: string;
  specHash: `0x${string}`;
  symbol: string;
  decimals: number;
  items: number;
  labels: number;
  annotators: number;
  leastAnnotators: number;
  labelCap: number;
  labelsEach: number;
  price: string;
  payAtMost: string;
  feeAtMost: string;
  escrow: string;
  shareCap: string;
  bond: string;
  stakePerLabel: string;
  stake: string;
  slashPerLabel: string;
  forfeitPerLabelAtMost: string;
  lossAtMost: string;
  skillFrom: number;
  skillFull: number;
  hourly: HourAnswer[];
  times: TimesAnswer;
  gas: GasAnswer;
  warnings: WarningAnswer[];
};

export type QuoteQuestion = {
  spec: Record<string, unknown>;
  feeBps?: number;
  stakesPerLabel?: number;
  annotators?: number | null;
  rounds?: number;
  arbitrationRefund?: string;
  livingWage?: string | null;
  symbol?: string;
  decimals?: number;
};

export type ReadyAnswer = {
  ready: boolean;
  chain: boolean;
  database: boolean;
  index: boolean;
  head?: number | null;
  behind?: number | null;
  ageSeconds?: number | null;
};

export type ReasonAnswer = {
  item: number;
  batch: number;
  why: "differs" | "contested" | "not-counted" | "unopened";
  label: `0x${string}`;
  text: string;
  verdict?: VerdictAnswer | null;
  gold: "none" | "right" | "wrong" | "void";
  votes: VotesAnswer[];
};

export type ReasonsAnswer = {
  items: ReasonAnswer[];
  next?: string | null;
  score?: ScoreAnswer | null;
};

export type ReceiptAnswer = {
  commitHash: `0x${string}`;
  receipt: `0x${string}`;
};

export type ReorganisedAnswer = {
  block?: number | null;
  index?: number | null;
};

export type RolesAnswer = {
  account: `0x${string}`;
  roles: ("annotator" | "requester" | "oracle")[];
};

export type RoundAnswer = {
  round: number;
  batches: number;
  labels: number;
};

export type ScheduleAnswer = {
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
};

export type ScoreAnswer = {
  labels: number;
  accepted: number;
  contested: number;
  unopened: number;
  compared: number;
  agreed: number;
  chance: number;
  items: number;
  gold: number;
  goldRight: number;
  skillQ16: number;
  flagged: boolean;
};

export type SessionAnswer = {
  account: `0x${string}`;
  expiresAt: number;
};

export type SignInMessage = {
  message: string;
  domain: string;
  uri: string;
  chainId: number;
  nonce: string;
  issuedAt: string;
  expiresAt: string;
};

export type SignInProof = {
  nonce: string;
  signature: `0x${string}`;
};

export type SignInQuestion = {
  account: `0x${string}`;
};

export type SpecStored = {
  specHash: `0x${string}`;
  title: string;
  items: number;
};

export type StateAnswer = {
  status: "created" | "open" | "proposed" | "disputed" | "final" | "cancelled" | "expired" | "none";
  committed: boolean;
  placeFreed: boolean;
  since: number;
  escrow: string;
  bond: string;
  rosterRoot: `0x${string}`;
  seed: `0x${string}`;
};

export type TimelineAnswer = {
  now: number;
  round?: number | null;
  acceptEnd: number;
  enrolEnd: number;
  workStart: number;
  commitEnd: number;
  revealEnd: number;
  settleEnd: number;
  proposeEnd: number;
  hardEnd: number;
  finalExpected?: number | null;
};

export type TimesAnswer = {
  enrolEnd: number;
  commitEnd: number;
  revealEnd: number;
  final: number;
  slashEnd: number;
  hardEnd: number;
};

export type TokenAnswer = {
  account: `0x${string}`;
  expiresAt: number;
  token: string;
};

export type TruthProofAnswer = {
  item: number;
  verdict: VerdictAnswer;
  winnerDigest: `0x${string}`;
  leaf: `0x${string}`;
  proof: `0x${string}`[];
  root: `0x${string}`;
};

export type VariantsAnswer = {
  new: number;
  held: number;
};

export type VerdictAnswer = {
  winner: `0x${string}`;
  winnerText: string;
  confidenceQ16: number;
  accepted: boolean;
};

export type VotesAnswer = {
  label: `0x${string}`;
  text: string;
  count: number;
};

export type WarningAnswer = {
  code: string;
  text: string;
};

export type Route =
  | "DELETE /v1/sessions/current"
  | "GET /healthz"
  | "GET /readyz"
  | "GET /v1/acceptance"
  | "GET /v1/campaigns"
  | "GET /v1/campaigns/{campaign}"
  | "GET /v1/campaigns/{campaign}/assignment"
  | "GET /v1/campaigns/{campaign}/bundles/{digest}"
  | "GET /v1/campaigns/{campaign}/earnings"
  | "GET /v1/campaigns/{campaign}/events"
  | "GET /v1/campaigns/{campaign}/items"
  | "GET /v1/campaigns/{campaign}/items/{item}"
  | "GET /v1/campaigns/{campaign}/media/{digest}"
  | "GET /v1/campaigns/{campaign}/proofs/{annotator}/{item}"
  | "GET /v1/campaigns/{campaign}/reasons"
  | "GET /v1/campaigns/{campaign}/receipts"
  | "GET /v1/campaigns/{campaign}/roles"
  | "GET /v1/campaigns/{campaign}/roster"
  | "GET /v1/campaigns/{campaign}/rounds/{number}/commitments"
  | "GET /v1/datasets"
  | "GET /v1/datasets/{dataset}"
  | "GET /v1/datasets/{dataset}/holders"
  | "GET /v1/datasets/{dataset}/holding"
  | "GET /v1/datasets/{dataset}/licences"
  | "GET /v1/earnings"
  | "GET /v1/sessions/current"
  | "GET /v1/specs/{digest}"
  | "HEAD /v1/campaigns/{campaign}/media/{digest}"
  | "POST /v1/campaigns/{campaign}/commitments"
  | "POST /v1/campaigns/{campaign}/enrolments"
  | "POST /v1/campaigns/{campaign}/openings"
  | "POST /v1/quotes"
  | "POST /v1/sessions"
  | "POST /v1/sign-ins"
  | "PUT /v1/campaigns/{campaign}/media/{digest}"
  | "PUT /v1/specs/{digest}";
