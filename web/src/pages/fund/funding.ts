// Funding: gold and items are kept, the spec handed in, the money locked. In this order, so that nothing is ever lost.
import type { Address, Hex, PublicClient, TransactionReceipt } from "viem";
import { ApiError, LostError } from "../../api/client";
import { service, type Site } from "../../api/service";
import { approvalPayment, createCampaignCall, createdCampaign, payAndSend, paymentOf, timeOf, type Payment } from "../../fund/chain";
import { askedBy, cameToNothing, keepAsked, dropAsked, type Asked } from "../../fund/asked";
import { scheduleOf } from "../../fund/lengths";
import { requesterStore } from "../../fund/store";
import { campaignIdOf, type CampaignParams } from "../../protocol/ids";
import { f, t } from "../../texts/en";
import { ToldError } from "../../ui/Fault";
import { amountText } from "../../ui/format";
import type { Unit } from "../../wallet/chain";
import type { Connected } from "../../wallet/wallet";
import type { Ready } from "./ReviewStep";
import type { Filling } from "./useForm";

export interface ToFund {
  filling: Filling;
  ready: Ready;
  unit: Unit;
  payment: Payment;
}

export interface Way {
  payment: Payment;
  lines: readonly string[];
}

/** How the money gets there, and what of it is said before. */
export async function paymentWords(chain: PublicClient, site: Site, ready: Ready, owner: Address, needed: bigint, unit: Unit): Promise<Way> {
  const { token } = ready.terms.pool.params;
  const payment = await paymentOf(chain, site, token, owner, needed);
  const words = f.review.confirm;
  const amount = amountText(payment.way === "credit" ? ready.escrow : needed, unit, unit.decimals);
  if (payment.way !== "approve") return { payment, lines: words[payment.way](amount) };
  return { payment, lines: [words.noPermits, ...words.approve(payment.approvals.length, amount)] };
}

/** The same for a wallet that could not sign a permission. */
export async function approvalWords(chain: PublicClient, site: Site, ready: Ready, owner: Address, needed: bigint, unit: Unit): Promise<Way> {
  const payment = await approvalPayment(chain, site, ready.terms.pool.params.token, owner, needed);
  const words = f.review.confirm;
  return { payment, lines: [words.unable, ...words.approve(payment.approvals.length, amountText(needed, unit, unit.decimals))] };
}

/** The campaign that was funded. Asks nothing while it is open what came of asking before. */
export async function fund(chain: PublicClient, site: Site, connected: Connected, toFund: ToFund, tell: (line: string) => void): Promise<Hex> {
  const words = f.review.confirm;
  const { filling, ready } = toFund;
  const { account } = connected;
  const before = await askedBy(chain, site, account);
  if (before && before.cameOf !== "failed") throw new ToldError(words.askedBefore);
  tell(words.storing);
  await keep(filling, ready, account);
  tell(words.spec);
  await service.putSpec(ready.hash, new Blob([ready.bytes], { type: "application/json" }));
  const params = paramsOf(ready, filling.form.dataset as Address, account, await timeOf(chain));
  const made = createdCampaign(await locked(site, connected, toFund, params, tell));
  if (made.campaign !== campaignIdOf(site.chainId, site.registry, params) || made.escrow !== ready.escrow) throw new ToldError(words.other);
  tell(words.seen);
  await untilSeen(made.campaign);
  return made.campaign;
}

/** Has the money locked. Before the wallet is asked for that, it is kept what it is asked for. */
async function locked(site: Site, connected: Connected, { ready, payment, unit }: ToFund, params: CampaignParams, tell: (line: string) => void): Promise<TransactionReceipt> {
  const words = f.review.confirm;
  const { account } = connected;
  const { params: pool } = ready.terms.pool;
  const { chainId, registry } = site;
  const campaign = campaignIdOf(chainId, registry, params);
  const asked: Asked = { campaign, specHash: ready.hash, chainId, registry, escrow: ready.escrow, unit, at: Date.now(), transaction: null };
  let named = false;
  try {
    return await payAndSend(site, connected, pool.token, payment, createCampaignCall(site, pool, params, ready.escrow), async (step, stage, transaction) => {
      named = step === "send" && stage === "waiting";
      if (named) await keepAsked(account, { ...asked, transaction: transaction ?? null }); // even where nobody waits any more
      if (step === "permit") tell(words.permitting);
      else if (stage === "signing") tell(step === "send" ? words.funding : t.approval[step]);
      else tell(stage === "trying" ? t.confirm.trying : t.confirm.waiting);
      if (step === "send" && stage === "signing") await keepAsked(account, asked);
    });
  } catch (fault) {
    if (cameToNothing(fault, named)) await dropAsked(account);
    throw fault;
  }
}

const SEEN_SECONDS = 60;

/** The service reads the chain at its own pace; the next page needs that it knows the campaign. */
export async function untilSeen(campaign: Hex): Promise<void> {
  for (let second = 0; second < SEEN_SECONDS; second += 1) {
    try {
      await service.campaign(campaign);
      return;
    } catch (fault) {
      if (!(fault instanceof ApiError && fault.status === 404) && !(fault instanceof LostError)) throw fault;
    }
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}

async function keep(filling: Filling, ready: Ready, account: Address): Promise<void> {
  const { hash, gold } = ready;
  if (gold) await requesterStore.saveGold({ ...gold, specHash: hash, title: filling.form.title.trim(), account, savedAt: Date.now() });
  const contents = filling.items!.made.items.map(({ digest, content }) => ({ digest, content }));
  await requesterStore.saveContents({ specHash: hash, contents, done: [] });
}

function paramsOf(ready: Ready, dataset: Address, requester: Address, now: number): CampaignParams {
  const { pool, lengths, stakePerLabel, feeBps } = ready.terms;
  return {
    pool: pool.id,
    dataset,
    requester,
    oracle: pool.params.oracle,
    token: pool.params.token,
    specHash: ready.hash,
    shareCap: ready.shareCap,
    stakePerLabel,
    feeBps,
    nonce: 0n,
    schedule: scheduleOf(lengths, now),
  };
}
