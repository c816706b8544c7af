"""The pictures of a campaign's report, from its outcome."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from labelshare.protocol.skill import ONE, from_skill, full_skill
from labelshare.protocol.spec import RegionTask, Rendezvous, SkillAndGold
from labelshare.report.breaker import stops_of
from labelshare.report.collect import Loss, Outcome, Person, Unit
from labelshare.report.confidence import confidence_of, shown, threshold_of
from labelshare.report.gas import gas_lines
from labelshare.report.pictures.canvas import Figure, count, percent
from labelshare.report.pictures.confidence import Sure, confidence
from labelshare.report.pictures.labels import Verdict, agreement, completion, confusion
from labelshare.report.pictures.money import Claim, Node, Payment, flow, revenue
from labelshare.report.pictures.people import Dot, Holder, bars, earnings, ownership
from labelshare.report.pictures.skill import Earning, Skilled, drawn, skills
from labelshare.types import Address

__all__ = ["Naming", "gas_figure", "label_figures", "money_figure", "people_figures", "revenue_figure"]

SHARE_DECIMALS = 18


@dataclass(frozen=True, slots=True)
class Naming:
    """What accounts are called, and what simulated ones were made to be; both come from whoever ran it."""

    names: Mapping[Address, str]
    kinds: Mapping[Address, str]

    def name(self, account: Address) -> str:
        """A name, or the shortened address."""
        text = str(account)
        return self.names.get(account) or f"{text[:6]}…{text[-4:]}"

    @property
    def groups(self) -> tuple[str, ...]:
        """The kinds in the order in which they come; one group without a name where there are none."""
        return tuple(dict.fromkeys(self.kinds.values())) or ("",)

    def group(self, account: Address) -> int:
        """The group of an account."""
        kind = self.kinds.get(account, "")
        return self.groups.index(kind) if kind in self.groups else 0


# ---------------------------------------------------------------------------- money


def money_figure(outcome: Outcome, naming: Naming) -> Figure:
    """Escrow to pay, fee and surplus; licences to holders and publisher; stakes that were taken."""
    escrow, sales, stakes = _escrow(outcome, naming), _sales(outcome), _stakes(outcome)
    pairs = [(escrow, outcome.unit), (sales, revenue_unit(outcome)), (stakes, outcome.unit)]
    told = [(tree, unit.show) for tree, unit in pairs if tree.amount]
    sentences = [_parted(escrow)]
    if sales.amount:
        sentences.append(_parted(sales))
    if stakes.amount:
        burned = outcome.losses.total.burned
        sentences.append(f"{percent(burned, stakes.amount)} of the {stakes.name} was burned")
    reading = f"{'; '.join(sentences)}; each stream has a scale of its own."
    return flow([tree for tree, _ in told], [show for _, show in told], reading[0].upper() + reading[1:])


def revenue_unit(outcome: Outcome) -> Unit:
    """Of the token that revenue comes in; base units where it is not the one that pays for labels."""
    token = outcome.dataset.created.revenue_token
    if token == outcome.campaign.record.params.token:
        return outcome.unit
    return Unit(f"base units of {str(token)[:8]}…", 0)


def _parted(tree: Node) -> str:
    parts = [f"{percent(part.amount, tree.amount)} {part.name}" for part in tree.parts if part.amount]
    listed = f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)
    return f"of the {tree.name} went {listed}" if parts else f"the {tree.name} is still locked"


def _escrow(outcome: Outcome, naming: Naming) -> Node:
    final, record = outcome.campaign.finalized, outcome.campaign.record
    if final is None:
        return Node("escrow", record.escrow, "escrow")
    groups = _paid_by_kind(outcome, naming) if naming.kinds else _paid_by_rank(outcome)
    parts = (
        Node("to annotators", final.payout_total, "pay", groups),
        Node("to the oracle", final.fee, "fee"),
        Node("back to requester", final.surplus, "surplus"),
    )
    return Node("escrow", record.escrow, "escrow", parts)


def _paid_by_kind(outcome: Outcome, naming: Naming) -> tuple[Node, ...]:
    paid: Counter[int] = Counter()
    heads = Counter(naming.group(person.account) for person in outcome.people)
    for person in outcome.people:
        paid[naming.group(person.account)] += person.payout
    return tuple(
        Node(f"{heads[at]} {name}", paid[at], f"group{at % 5}") for at, name in enumerate(naming.groups)
    )


def _paid_by_rank(outcome: Outcome) -> tuple[Node, ...]:
    paid = [person.payout for person in outcome.people if person.payout]
    first = -(-len(paid) // 10)
    if len(paid) < 2:
        return ()
    rest = len(paid) - first
    return (
        Node(f"the {first} best paid" if first > 1 else "the best paid", sum(paid[:first]), "pay"),
        Node(count(rest, "other"), sum(paid[first:]), "pay"),
    )


def _sales(outcome: Outcome) -> Node:
    sold = outcome.dataset.sold
    paid = sum(each.amount for each in outcome.dataset.paid)
    publisher = sum(each.publisher_part for each in sold)
    claimed = sum(each.amount for each in outcome.dataset.claimed)
    waiting = (Node("not yet claimed", paid - claimed, "waiting"),) if paid != claimed else ()
    only_sales = paid == sum(each.contributors for each in sold)
    parts = (Node("claimed", claimed, "taken"), *waiting)
    name = "licence price" if only_sales and len(sold) == 1 else "licence prices" if only_sales else "revenue"
    holders = Node("to share holders", paid, "holders", parts)
    rest = Node("to the publisher", publisher, "publisher")
    return Node(name, paid + publisher, "licence", (holders, rest))


def _stakes(outcome: Outcome) -> Node:
    """Where all were lost in one way it has one step less."""
    ways = [
        Node(f"stakes {what}", loss.amount, "stakes", _ended(loss))
        for what, loss in (("slashed", outcome.losses.slashed), ("forfeited", outcome.losses.forfeited))
        if loss.amount
    ]
    if len(ways) == 1:
        return ways[0]
    return Node("stakes taken", sum(each.amount for each in ways), "stakes", tuple(ways))


def _ended(loss: Loss) -> tuple[Node, ...]:
    return Node("burned", loss.burned, "burned"), Node("to the executor", loss.rewards, "fee")


def revenue_figure(outcome: Outcome, times: Mapping[int, int]) -> Figure | None:
    """Revenue over time; None where none came.

    Args:
        outcome: Of the campaign.
        times: Timestamp of each block that holds a payment or a claim.
    """
    data, show = outcome.dataset, revenue_unit(outcome).show
    if not data.paid:
        return None
    payments = [Payment(times[each.log.block], each.amount, each.left, each.end) for each in data.paid]
    by_block: Counter[int] = Counter()
    for claim in data.claimed:
        by_block[times[claim.log.block]] += claim.amount
    paid, taken = sum(each.amount for each in payments), sum(by_block.values())
    source = f" from {count(len(data.sold), 'licence')}" if data.sold else ""
    reading = (
        f"{show(paid)}{source} streams evenly to the holders over seven days, so that buying in just before "
        f"a payment gains nothing; of it {show(taken)} has been claimed."
    )
    return revenue(payments, [Claim(*each) for each in sorted(by_block.items())], show, reading)


# --------------------------------------------------------------------------- labels


def verdicts_of(outcome: Outcome) -> list[Verdict]:
    """The verdict on each item of the campaign, in their order."""
    votes: defaultdict[int, Counter[int]] = defaultdict(Counter)
    for answers in outcome.labelled.answers.values():
        for item, choice in answers.items():
            votes[item][choice] += 1
    winners = outcome.labelled.winners()
    accepted = {row.item for row in outcome.labelled.truths if row.accepted}
    return [
        Verdict(votes[item].total(), votes[item][winners[item]], item in accepted)
        if item in winners
        else Verdict(0, 0, accepted=False)
        for item in range(len(outcome.labelled.spec.items))
    ]


def label_figures(outcome: Outcome, truth: Mapping[int, int]) -> list[Figure]:
    """Completion, agreement, confidence and, where truths are known, confusion; gold is left out of that.

    Answers of regions are not of few classes that could be taken for one another.
    """
    spec, verdicts, truth = outcome.labelled.spec, verdicts_of(outcome), outcome.labelled.counted(truth)
    scored = truth.keys() - outcome.labelled.gold_items
    figures = [
        completion(verdicts, spec.redundancy.k if isinstance(spec.assignment, Rendezvous) else None),
        agreement(verdicts, threshold_of(spec) if outcome.labelled.voted else None),
        _confidence(outcome, {item: truth[item] for item in scored}),
    ]
    pairs = Counter(
        (truth[item], winner) for item, winner in outcome.labelled.winners().items() if item in scored
    )
    if pairs and not isinstance(spec.task, RegionTask):
        figures.append(confusion(pairs, spec.task.form.describe))
    return figures


def _confidence(outcome: Outcome, truth: Mapping[int, int]) -> Figure:
    winners, found = outcome.labelled.winners(), confidence_of(outcome.labelled)
    verdicts = [
        Sure(
            row.confidence_q16,
            row.accepted,
            truth[row.item] == winners[row.item] if row.item in truth else None,
        )
        for row in outcome.labelled.truths
    ]
    return confidence(verdicts, found.threshold, "–" if found.median is None else shown(found.median, 4))


# --------------------------------------------------------------------------- people


def people_figures(outcome: Outcome, naming: Naming) -> list[Figure]:
    """What work earned, how skilled everyone is, and who owns the dataset."""
    return [_earnings(outcome, naming), _skills(outcome, naming), _ownership(outcome, naming)]


def _earnings(outcome: Outcome, naming: Naming) -> Figure:
    known = bool(outcome.accuracy.known)
    winners = outcome.labelled.winners()
    dots = [_dot(person, outcome, naming, winners, known=known) for person in outcome.people]
    price, unit = int(outcome.labelled.spec.price), outcome.unit
    places = 2 if price >= 10**unit.decimals else 4
    return earnings(
        dots,
        naming.groups,
        price,
        lambda amount: unit.number(amount, places),
        symbol=unit.symbol,
        against="right" if known else "the winner's",
        reading=_earned(dots, naming, lambda amount: unit.show(amount, places)),
    )


def _dot(person: Person, outcome: Outcome, naming: Naming, winners: Mapping[int, int], *, known: bool) -> Dot:
    answers = outcome.labelled.answers.get(person.account, {})
    agreeing = sum(winners.get(item) == choice for item, choice in answers.items())
    right, of = (person.score.right, person.score.known) if known else (agreeing, len(answers))
    group = naming.group(person.account)
    return Dot(naming.name(person.account), group, person.labels, right, of, person.payout)


def _earned(dots: Sequence[Dot], naming: Naming, show: Callable[[int], str]) -> str:
    if not naming.kinds:
        nothing = sum(not dot.pay for dot in dots)
        return (
            f"Each mark is an annotator, larger with more labels: further right are better answers, higher "
            f"is better pay; {nothing:,} of {count(len(dots), 'annotator')} earned nothing."
        )
    means = []
    for at, name in enumerate(naming.groups):
        own = [dot for dot in dots if dot.group == at]
        labels = sum(dot.labels for dot in own)
        means.append(f"{name} {show(sum(dot.pay for dot in own) // labels if labels else 0)}")
    return f"What a label earned the simulated annotators on average, by kind: {', '.join(means)}."


def _skills(outcome: Outcome, naming: Naming) -> Figure:
    people = [
        Skilled(naming.name(each.account), naming.group(each.account), each.labels, each.skill, each.interval)
        for each in outcome.people
    ]
    rule = outcome.labelled.spec.skill
    working = sum(bool(each.labels) for each in people)
    some = len(drawn(people))
    part = f" {some:,} of {working:,} are drawn, at equal steps." if some < working else ""
    reading = (
        f"The mark is the skill that pay goes by, drawn towards {rule.prior_bps / 10_000:g} as if by "
        f"{count(rule.strength, 'further label')}. The tick is the raw skill, before it is drawn so; the "
        f"line is the raw skill's 90 % interval, by Agresti and Coull: a short record's mark lies beside it."
        f"{_below(outcome)}{part}"
    )
    return skills(people, naming.groups, Earning(from_skill(rule) / ONE, full_skill(rule) / ONE), reading)


def _below(outcome: Outcome) -> str:
    """What a skill below 0 means for a stake, or would if the circuit breaker had not stopped all losses."""
    rule = outcome.labelled.spec.slash
    if not isinstance(rule, SkillAndGold) or not rule.forfeit_bps:
        return ""
    stopped = bool(stops_of(outcome))
    is_ = "would be forfeit, had the circuit breaker not stopped all losses" if stopped else "is forfeit"
    return f" Below 0, answers are worse than chance, and a part of the stake {is_}."


def _ownership(outcome: Outcome, naming: Naming) -> Figure:
    registry = outcome.campaign.record.registry
    holders = [
        Holder("not released yet", shares, "waiting")
        if account == registry
        else Holder(naming.name(account), shares, f"group{naming.group(account) % 5}")
        for account, shares in sorted(outcome.dataset.balances.items())
    ]
    return ownership(holders, Unit("", SHARE_DECIMALS).number)


# ------------------------------------------------------------------------------ gas


def gas_figure(gas: Mapping[str, Sequence[int]]) -> Figure:
    """Gas of the calls of the job, as bars."""
    lines = [line for line in gas_lines(gas) if line.in_job]
    total = sum(line.total for line in lines)
    largest = max(lines, key=lambda line: line.total, default=None)
    name = largest.call.removeprefix("TaskRegistry.") if largest else "–"
    part = percent(largest.total, total) if largest else "–"
    reading = f"{part} of the job's {total:,} gas is {name}; labels cost none, however many there are."
    drawn = [
        (line.call.removeprefix("TaskRegistry."), line.total, f"{line.total:,}", "escrow") for line in lines
    ]
    rows = tuple(
        (line.call.removeprefix("TaskRegistry."), f"{line.count:,}", f"{line.mean:,}", f"{line.total:,}")
        for line in lines
    )
    svg = bars(f"Gas. {reading}", drawn, names=145)
    return Figure("gas", "Gas of the whole job", svg, reading, ("call", "calls", "mean", "total"), rows)
