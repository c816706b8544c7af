"""What the chain alone says of openings: which are posted, and what a public settlement is made of.

An opening on chain counts if it was sent before the proposal and holds; else it is void. The oracle must not
leave one out. Who proposes in the oracle's place has no others, and knows of no commitment that the chain
does not name (`docs/settlement.md`, sections 5 and 14).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from typing import TypeAlias

from labelshare.errors import CommitmentError, LabelError
from labelshare.protocol.assignment import Assigned, ranking
from labelshare.protocol.commitments import Opening, check_opening, read_labels
from labelshare.protocol.labels import Form
from labelshare.protocol.record import Record, Reveal
from labelshare.protocol.typed_data import commit_hash
from labelshare.types import Address, Commit, Hash32, Scope

__all__ = ["Name", "lowest_ranks", "named_commits", "posted_openings"]

Name: TypeAlias = tuple[Address, Hash32]  # of a commitment: its annotator and its hash


def posted_openings(record: Record, form: Form) -> dict[Name, Opening]:
    """The openings on chain before the proposal that hold, by commitment; whether those stand is not said."""
    found: dict[Name, Opening] = {}
    for reveal in record.revealed:
        name = reveal.annotator, commit_hash(record.campaign_id, reveal.commit)
        if name not in found and (opening := _read(record.scope, form, reveal)):
            found[name] = opening
    return found


def named_commits(record: Record) -> list[tuple[Address, Commit]]:
    """The seats' commitments that the chain names before the proposal, by round, annotator, batch and hash.

    Sent alone, or opened there; also by an opening that is void, since the chain saw them signed and
    included.
    """
    named = {(own.annotator, own.commit) for own in record.own_commits}
    named |= {(reveal.annotator, reveal.commit) for reveal in record.revealed}
    return sorted(
        (each for each in named if each[0] in record.seated),
        key=lambda each: (each[1].round, each[0], each[1].batch, commit_hash(record.campaign_id, each[1])),
    )


def lowest_ranks(seed: Hash32, k: int, openings: Iterable[Opening]) -> Assigned:
    """Assigns each item to the `k` that rank lowest for it among those whose openings hold it."""
    holders: defaultdict[int, set[Address]] = defaultdict(set)
    for opening in openings:
        for item in opening.items:
            holders[item].add(opening.annotator)

    @cache
    def of_item(item: int) -> frozenset[Address]:
        return frozenset(ranking(seed, item, holders[item])[:k])

    return lambda annotator, _round, item: annotator in of_item(item)


def _read(scope: Scope, form: Form, reveal: Reveal) -> Opening | None:
    """The opening that was sent; None if it does not hold."""
    name = commit_hash(scope.campaign_id, reveal.commit)
    try:
        opening = Opening(reveal.annotator, name, reveal.secret, *read_labels(reveal.labels))
        check_opening(scope, reveal.commit, opening)
        for label in set(opening.labels):
            form.decode(label)
    except (CommitmentError, LabelError):
        return None
    return opening
