// A job's gas by who pays it: what the requester sends, and all the rest.
import type { QuoteAnswer } from "../api/types";

/** Calls that the requester sends: the approval falls away where the token knows permits, or credit pays. */
const OWN = new Set(["approve (escrow)", "createCampaign"]);

/** In units of gas, at most: of annotators who held nothing before. */
export function gasOf({ gas }: Pick<QuoteAnswer, "gas">): { own: number; all: number } {
  const own = gas.calls.filter((each) => OWN.has(each.call)).reduce((sum, each) => sum + each.new, 0);
  return { own, all: gas.job.new };
}
