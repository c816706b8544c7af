"""Collect a campaign's outcome from chain and bundle; no memory of whoever ran it is needed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from labelshare.chain.contracts import Token
from labelshare.chain.deploy import Deployment
from labelshare.chain.history import CampaignHistory, DatasetHistory, campaign_history, dataset_history
from labelshare.chain.node import Chain
from labelshare.protocol.evidence import PayoutRow
from labelshare.protocol.skill import ONE
from labelshare.protocol.verify import Report, verify
from labelshare.report.interval import Interval, interval, weight_of
from labelshare.report.labels import Labelled, Score, read_labels, score
from labelshare.report.money import Balance, check_money, flows_of
from labelshare.report.tables import Table
from labelshare.types import Address, CampaignId

__all__ = ["Loss", "Losses", "Outcome", "Person", "Unit", "collect", "judge"]

READINGS: Final = 3
"""How often money is read where it moves meanwhile."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A token's symbol and decimals."""

    symbol: str
    decimals: int

    def number(self, amount: int, places: int = 2) -> str:
        """An amount in whole tokens, cut (not rounded) after `places` digits, exactly in integers."""
        whole, rest = divmod(abs(amount), 10**self.decimals)
        digits = str(rest).rjust(self.decimals, "0")[:places].ljust(places, "0")
        sign = "-" if amount < 0 else ""
        return f"{sign}{whole:,}.{digits}" if places else f"{sign}{whole:,}"

    def show(self, amount: int, places: int = 2) -> str:
        """The same with the token's symbol."""
        return f"{self.number(amount, places)} {self.symbol}"


@dataclass(frozen=True, slots=True)
class Person:
    """What one annotator did, got and lost; amounts in base units, skill in 1/65,536.

    `gold` and `gold_right` are its answers on gold items that are not void, and those of them that are right;
    `lost` is what was taken of its stake: by a slash where it is `flagged`, as a forfeit where it is not.
    `score` leaves gold items out. `interval` has the raw skill and where it may lie
    (`labelshare.report.interval`), None where nothing could show skill.
    """

    account: Address
    labels: int
    accepted: int
    contested: int
    skill_q16: int
    payout: int
    shares: int
    revenue: int
    score: Score
    gold: int = 0
    gold_right: int = 0
    lost: int = 0
    flagged: bool = False
    interval: Interval | None = None

    @property
    def skill(self) -> float:
        """The skill that pay goes by."""
        return self.skill_q16 / ONE

    @property
    def lost_by(self) -> str | None:
        """What took its stake, `slash` or `forfeit`; None where nothing did."""
        return ("slash" if self.flagged else "forfeit") if self.lost else None

    @property
    def interval_in_words(self) -> str:
        """The ends of the raw skill's interval."""
        return "–" if self.interval is None else str(self.interval)


@dataclass(frozen=True, slots=True)
class Loss:
    """Stakes taken in one way; amounts in base units.

    Attributes:
        annotators: How many lost a part of their stake.
        amount: What they lost.
        rewards: What of it went to those who took it to the chain; the rest was burned.
        due: What the settlement takes so, executed or not.
    """

    annotators: int
    amount: int
    rewards: int
    due: int

    @property
    def burned(self) -> int:
        """What nobody has any more."""
        return self.amount - self.rewards


@dataclass(frozen=True, slots=True)
class Losses:
    """Stakes taken for one campaign.

    Attributes:
        slashed: From those whom both kinds of evidence speak against.
        forfeited: From others, whose skill is below 0.
        flagged: How many annotators both kinds of evidence speak against: nothing is due where gold does not
            speak for the verdicts.
    """

    slashed: Loss
    forfeited: Loss
    flagged: int

    @property
    def total(self) -> Loss:
        """Both together; nobody loses in both ways."""
        one, two = self.slashed, self.forfeited
        return Loss(
            one.annotators + two.annotators,
            one.amount + two.amount,
            one.rewards + two.rewards,
            one.due + two.due,
        )


@dataclass(frozen=True, repr=False)
class Outcome:
    """A campaign from beginning to end.

    Attributes:
        chain_id: Where.
        campaign, dataset: What happened, from events.
        verification: What recomputing the settlement found.
        labelled: The bundle's labels.
        people: Everyone on the roster, best paid first.
        accuracy: Winners against the truth, gold items left out; `accuracy_range` says how ties could have
            fallen.
        balances: Sums that must come out the same both ways.
        unit: Of the reward token.
        truth: True class by item as given, gold items among them; of regions the number of the true answer.
    """

    chain_id: int
    campaign: CampaignHistory
    dataset: DatasetHistory
    verification: Report
    labelled: Labelled
    people: tuple[Person, ...]
    accuracy: Score
    accuracy_range: tuple[Score, Score]
    ties: int
    balances: tuple[Balance, ...]
    unit: Unit
    truth: Mapping[int, int] = field(default_factory=dict)

    @property
    def conserved(self) -> bool:
        """Whether every sum comes out."""
        return bool(self.balances) and all(balance.holds for balance in self.balances)

    @property
    def accepted_labels(self) -> int:
        """Labels that were paid in full."""
        return sum(row.accepted for row in self.labelled.scores)

    @property
    def contested_labels(self) -> int:
        """Labels that were paid half."""
        return sum(row.contested for row in self.labelled.scores)

    @property
    def losses(self) -> Losses:
        """What was taken of the annotators' stakes: from those who are flagged, and from others."""
        flagged = self.labelled.flagged
        return Losses(self._lost_by(flagged, of=True), self._lost_by(flagged, of=False), len(flagged))

    def _lost_by(self, flagged: frozenset[Address], *, of: bool) -> Loss:
        taken = [each for each in self.campaign.slashed if (each.annotator in flagged) is of]
        due = (row.slash for row in self.labelled.payouts if (row.account in flagged) is of)
        return Loss(
            annotators=len({each.annotator for each in taken}),
            amount=sum(each.amount for each in taken),
            rewards=sum(each.reward for each in taken),
            due=sum(due),
        )

    @cached_property
    def people_table(self) -> Table:
        """Everyone on the roster, best paid first: work, skill, pay, shares, revenue, losses, accuracy."""
        from labelshare.report import breakdown

        return breakdown.people(self)

    @cached_property
    def items_table(self) -> Table:
        """Every item: its winner and what speaks for it, and whether it is right where a truth is known."""
        from labelshare.report import breakdown

        return breakdown.items(self)

    @cached_property
    def labels_table(self) -> Table:
        """Every label: who gave which class to which item, and whether it was accepted."""
        from labelshare.report import breakdown

        return breakdown.labels(self)

    @cached_property
    def balances_table(self) -> Table:
        """Both sides of every sum that must come out."""
        from labelshare.report import breakdown

        return breakdown.balances(self)

    def __repr__(self) -> str:
        from labelshare.report import notebook

        return f"<Outcome of {notebook.line(self)}>"

    def _repr_html_(self) -> str:
        from labelshare.report import notebook

        return notebook.summary(self)


def collect(
    chain: Chain,
    deployment: Deployment,
    campaign: CampaignId,
    bundle: bytes,
    truth: Mapping[int, int] | None = None,
) -> Outcome:
    """Rebuild a campaign's outcome.

    Args:
        chain: The chain it happened on.
        deployment: The contracts; checked against the chain first.
        campaign: Its id.
        bundle: The published evidence of its settlement.
        truth: True class by item, where known; where answers are regions, the number of the true answer.

    Raises:
        EvidenceError: The bundle cannot be read.
        DeploymentError: The contracts are not those of the record.
        VerificationError: Nothing is proposed for this campaign.
    """
    deployment.check(chain)
    head, history = chain.block_number, campaign_history(chain, deployment, campaign)
    verification = verify(history.record, bundle)
    labelled = read_labels([bundle])
    gold, counted = labelled.gold_items, labelled.counted(truth or {})
    known = {item: choice for item, choice in counted.items() if item not in gold}
    history, shares, balances = _money(chain, deployment, history, labelled.payouts, head)
    token = Token(chain, history.record.params.token)
    return Outcome(
        chain_id=chain.chain_id,
        campaign=history,
        dataset=shares,
        verification=verification,
        labelled=labelled,
        people=_people(labelled, history, shares, known),
        accuracy=labelled.accuracy(known),
        accuracy_range=labelled.accuracy_range(known),
        ties=len(labelled.tied()),
        balances=balances,
        unit=Unit(token.symbol(), token.decimals()),
        truth=dict(truth or {}),
    )


def _money(
    chain: Chain,
    deployment: Deployment,
    history: CampaignHistory,
    payouts: tuple[PayoutRow, ...],
    head: int,
) -> tuple[CampaignHistory, DatasetHistory, tuple[Balance, ...]]:
    """The sums, and what they are made of; all of it anew where one is off and a block has come since `head`.

    Others use the deployment at the same time: what was read before a block may not fit what is read after.
    """
    for left in reversed(range(READINGS)):
        shares = dataset_history(chain, deployment, history.record.params.dataset)
        flows = flows_of(chain, deployment, history.record.params.token)
        balances = tuple(check_money(chain, deployment, history, shares, payouts, flows))
        if all(each.holds for each in balances) or not left or chain.block_number == head:
            break
        head = chain.block_number
        history = campaign_history(chain, deployment, history.record.campaign_id)
    return history, shares, balances


def judge(chain: Chain, deployment: Deployment, campaign: CampaignId, bundle: bytes) -> Report:
    """Recompute a campaign's posted settlement; raises as `collect` does."""
    deployment.check(chain)
    return verify(campaign_history(chain, deployment, campaign).record, bundle)


def _people(
    labelled: Labelled, campaign: CampaignHistory, shares: DatasetHistory, truth: Mapping[int, int]
) -> tuple[Person, ...]:
    rows = {row.account: row for row in labelled.payouts}
    scores = {row.annotator: row for row in labelled.scores}
    revenue: defaultdict[Address, int] = defaultdict(int)
    for claim in shares.claimed:
        revenue[claim.account] += claim.amount
    lost = {each.annotator: each.amount for each in campaign.slashed}
    people, weight = [], weight_of(labelled.spec)
    for account in labelled.seats:
        row, answers = rows.get(account), labelled.answers.get(account, {})
        work = scores.get(account)
        people.append(
            Person(
                account=account,
                labels=len(answers),
                accepted=work.accepted if work else 0,
                contested=work.contested if work else 0,
                skill_q16=work.skill_q16 if work else 0,
                payout=row.payout if row else 0,
                shares=row.shares if row else 0,
                revenue=revenue[account],
                score=score(answers, truth),
                gold=work.gold if work else 0,
                gold_right=work.gold_right if work else 0,
                lost=lost.get(account, 0),
                flagged=bool(work and work.flagged),
                interval=interval(work, weight) if work else None,
            )
        )
    return tuple(sorted(people, key=lambda person: (-person.payout, person.account)))
