"""One walk past every page of the app, in the order of a campaign's life."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tests.web import scenes, scenes_fund
from tests.web.browser import Visitor
from tests.web.place import COIN, VISITOR, WebPlace
from tests.web.scenes import Look, Scene, show


def walk(place: WebPlace, visitor: Callable[[], Visitor], look: Look) -> None:
    """Two walk: a visitor who annotates, holds shares and funds, and the requester of the visitor's work."""
    her, requester = visitor(), visitor()

    def past(who: Visitor, found: Iterable[Scene]) -> None:
        for scene in found:
            show(who, scene, look)

    place.stage.accept()
    past(her, scenes.arriving(place))
    her.connects()
    place.give(VISITOR, 4 * COIN)
    past(her, scenes.joining(place))
    scenes.take_part(place)
    past(her, scenes.at_work(place))
    scenes.labels(place, her)
    scenes_fund.begins(place, requester)
    past(requester, scenes_fund.running(place))
    scenes.close(place)
    past(her, scenes.due(place))
    scenes.propose(place, her)
    past(requester, scenes_fund.proposed(place))
    scenes.finish(place)
    past(her, scenes.settled(place))
    scenes.earn(place)
    past(requester, scenes_fund.final(place))
    past(her, scenes.holding(place))
    scenes_fund.fill_in(place, her)
    past(her, scenes_fund.filled())
    past(her, scenes_fund.funded())
    for each in (her, requester):
        each.page.goto("about:blank")  # an open event stream keeps a service from ending
