"""axe-core on a page as it stands: what it finds that is serious."""

from __future__ import annotations

from typing import Any, Final

from tests.conftest import ROOT
from tests.web.browser import Visitor

__all__ = ["AXE", "serious"]

AXE: Final = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SERIOUS: Final = {"serious", "critical"}


def serious(her: Visitor) -> list[str]:
    """What axe finds, each with the element; run from outside, where the page's own policy does not reach."""
    if not her.page.evaluate("'axe' in window"):
        her.page.evaluate(AXE.read_text())
    found: dict[str, Any] = her.page.evaluate(
        "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})",
        RULES,
    )
    return [
        f"{each['id']}: {node['html'][:160]} {node['failureSummary'][:300]}"
        for each in found["violations"]
        if each["impact"] in SERIOUS
        for node in each["nodes"]
    ]
