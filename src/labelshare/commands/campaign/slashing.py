"""Taking the stakes that a final settlement slashes, or finds forfeit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from labelshare.commands.campaign.shared import ID, campaign, history_of
from labelshare.commands.claim import BundleOption, CampaignArgument
from labelshare.commands.common import SENDS, Session, bar, command, read_pieces
from labelshare.commands.lines import fields
from labelshare.commands.units import Unit
from labelshare.errors import ChainError, RevertError, VerificationError

if TYPE_CHECKING:
    from labelshare.chain.events import Slashed
    from labelshare.chain.history import CampaignHistory
    from labelshare.client.slashes import Slash, Slasher
    from labelshare.commands.lines import Pair

_Taken: TypeAlias = "tuple[Slash, Slashed]"

EXECUTORS_PART: Final = 20  # a twentieth, rounded down, as the contract has it


@command(campaign, f"campaign slash {ID} --bundle bundle.jsonl --key ann.json", SENDS)
def slash(here: Session, campaign: CampaignArgument, *, bundle: BundleOption) -> None:
    """Take every stake that a final settlement slashes or finds forfeit; a twentieth is the signer's."""
    history = history_of(here, campaign)
    _require_settlement(here, history, bundle)
    slasher, unit = _slasher(here, history), here.unit(history.record.params.token)
    due = slasher.due(read_pieces(bundle))
    if not due:
        raise ChainError(
            "there is no stake to take: of what the settlement slashes or finds forfeit, all was taken"
        )
    total = sum(each.leaf.slash for each in due)
    own = sum(each.leaf.slash // EXECUTORS_PART for each in due)
    here.confirm(
        f"take {unit.show(total)} of the stakes of {_accounts(due)} of campaign {campaign}, in as many "
        f"transactions: {unit.show(own)} become your credit, the rest is burned",
        details=[
            (
                str(each.leaf.account),
                _in_words(each, each.leaf.slash, each.leaf.slash // EXECUTORS_PART, unit),
            )
            for each in due
        ],
    )
    _show(here, _execute(slasher, due), unit)


def _require_settlement(here: Session, history: CampaignHistory, bundle: Path) -> None:
    """The bundle is of this campaign's final settlement."""
    from labelshare.client.payouts import read_payouts, require_final

    payouts, name = read_payouts(read_pieces(bundle)), history.record.campaign_id
    if payouts.scope.campaign_id != name:
        raise VerificationError(f"the bundle is of campaign {payouts.scope.campaign_id}")
    require_final(here.contracts.registry, payouts)


def _slasher(here: Session, history: CampaignHistory) -> Slasher:
    from labelshare.client.slashes import Slasher

    record = history.record
    return Slasher(here.sender, here.contracts, here.signer, record.scope, record.pool, record.params)


def _execute(slasher: Slasher, due: Sequence[Slash]) -> list[_Taken]:
    """One by one; what somebody else takes in the meantime is passed over."""
    taken = []
    with bar("slash", len(due)) as advance:
        for each in due:
            try:
                taken.append((each, slasher.execute(each)))
            except RevertError as error:
                if error.name != "AlreadySlashed":
                    raise
            advance(1)
    return taken


def _show(here: Session, taken: Sequence[_Taken], unit: Unit) -> None:
    rows: list[Pair] = [
        (str(event.annotator), _in_words(due, event.amount, event.reward, unit)) for due, event in taken
    ]
    slashed, forfeited = (
        sum(event.amount for due, event in taken if due.flagged is flagged) for flagged in (True, False)
    )
    own = sum(event.reward for _, event in taken)
    facts = {"slashed": str(slashed), "forfeited": str(forfeited), "reward": str(own)}
    here.show_sent(
        facts | {"slashes": [_as_json(*each) for each in taken]},
        [
            ("slashed", unit.show(slashed)),
            *([("forfeited", unit.show(forfeited))] if forfeited else []),
            ("own credit", unit.show(own)),
        ],
        fields(rows),
    )


def _as_json(due: Slash, event: Slashed) -> dict[str, Any]:
    return {
        "account": str(event.annotator),
        "kind": "slash" if due.flagged else "forfeit",
        "amount": str(event.amount),
        "reward": str(event.reward),
        "transaction": str(event.log.transaction),
        "block": event.log.block,
    }


def _accounts(due: Sequence[Slash]) -> str:
    return f"{len(due)} account{'' if len(due) == 1 else 's'}"


def _in_words(due: Slash, amount: int, own: int, unit: Unit) -> str:
    return f"{unit.show(amount)} {'slashed' if due.flagged else 'forfeited'}, of it {unit.show(own)} yours"
