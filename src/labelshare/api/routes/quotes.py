"""Quotes: what a campaign will cost and pay, before anybody signs."""

from __future__ import annotations

from labelshare.api.problems import documented
from labelshare.api.site import Here, new_router
from labelshare.client.wire.quotes import QuoteAnswer, QuoteQuestion
from labelshare.protocol.quote import Assumptions, Periods, Quote
from labelshare.protocol.spec import Spec
from labelshare.report.collect import Unit
from labelshare.report.measured import measured_gas
from labelshare.report.quote import Quoted, as_json

__all__ = ["router"]

router = new_router("quotes")


@router.post(
    "/quotes",
    summary="What a campaign will cost and pay",
    responses=documented("invalid-spec", "unauthenticated"),
)
def quote(here: Here, question: QuoteQuestion) -> QuoteAnswer:
    """Every figure of a campaign under this deployment's limits, and the warnings; nothing is kept.

    Beyond 8 MiB it is for accounts: sign in first.
    """
    limits = here.desk.contracts.registry.limits()
    periods = Periods(limits.min_period, limits.min_rescue, limits.max_period, limits.max_horizon)
    assumed = Assumptions(
        fee_bps=question.fee_bps,
        stakes_per_label=question.stakes_per_label,
        annotators=question.annotators,
        rounds=question.rounds,
        arbitration_refund=question.arbitration_refund,
        living_wage=question.living_wage,
    )
    unit = Unit(question.symbol, question.decimals)
    quoted = Quoted(Quote(Spec.of(question.spec), assumed, periods), unit, measured_gas())
    return QuoteAnswer.model_validate(as_json(quoted))
