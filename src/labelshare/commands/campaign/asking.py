"""Whether an oracle will take a campaign on, asked of its service before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labelshare.commands.units import Unit, printable
from labelshare.errors import InputError, NotFoundError

if TYPE_CHECKING:
    from labelshare.client.wire.quotes import AcceptanceAnswer
    from labelshare.oracle.acceptance import Acceptance
    from labelshare.protocol.spec import Spec
    from labelshare.types import CampaignParams, PoolParams

__all__ = ["require_taken"]


def require_taken(
    service: str,
    pool: PoolParams,
    params: CampaignParams,
    spec: Spec,
    escrow: int,
    *,
    now: int,
    unit: Unit,
    plain: bool,
) -> str | None:
    """Hold a campaign against what the oracle asks; returns why it waits at first, if it is so.

    Raises:
        InputError: It would be declined for as long as it can be accepted, or the service is another's.
        ServiceError: The service cannot be asked.
    """
    answer = _asked(service, plain=plain)
    if answer.oracle != pool.oracle:
        raise InputError(
            f"{service} is the service of oracle {answer.oracle}, the pool's oracle is {pool.oracle}"
        )
    asked = _acceptance(answer)
    last = params.schedule.accept_end
    if refusal := asked.refusal(pool, params, spec, escrow, last, unit.show):
        raise InputError(f"the oracle would not accept this campaign: {printable(refusal)}; nothing was sent")
    return asked.refusal(pool, params, spec, escrow, now, unit.show)


def _asked(service: str, *, plain: bool) -> AcceptanceAnswer:
    from labelshare.client.connection import Connection, Sent
    from labelshare.client.wire.quotes import AcceptanceAnswer

    with Connection(service, plain=plain) as connection:
        try:
            return connection.ask(Sent("GET", "/v1/acceptance"), AcceptanceAnswer)
        except NotFoundError:
            raise InputError(
                f"{service} does not say which campaigns it takes on; without --service it is not asked"
            ) from None


def _acceptance(answer: AcceptanceAnswer) -> Acceptance:
    from labelshare.oracle.acceptance import Acceptance

    return Acceptance(
        requesters=frozenset(answer.requesters or ()),
        least_escrow=answer.least_escrow,
        least_fee=answer.least_fee,
        longest=answer.longest_seconds,
    )
