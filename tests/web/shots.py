"""Pictures of every page, in both widths and both themes: `scripts/build-web --shots FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Literal

from tests.conftest import native_program
from tests.web.browser import NARROW, WIDE, Visitor, chromium_program, running_chromium
from tests.web.place import web_place
from tests.web.scenes import Scene
from tests.web.scenes_kinds import walk_kinds
from tests.web.walk import walk

SETTLED_MILLISECONDS = 400
PLAIN: Final[dict[str, Any]] = {"color_scheme": "light", "reduced_motion": "reduce"}
# The last is the one in which the walk goes on.
LOOKS: Final[tuple[tuple[tuple[int, int], Literal["light", "dark"]], ...]] = (
    (NARROW, "light"),
    (NARROW, "dark"),
    (WIDE, "dark"),
    (WIDE, "light"),
)


def main(folder: Path) -> None:
    """Walk through a campaign's life once, and take pictures of each page in each width and theme."""
    anvil, program = native_program("anvil"), chromium_program()
    if anvil is None or program is None:
        raise SystemExit("pictures need anvil and Chromium")
    folder.mkdir(parents=True, exist_ok=True)
    with (
        running_chromium(program) as browser,
        TemporaryDirectory() as made,
        web_place(anvil, Path(made)) as place,
    ):
        visitors: list[Visitor] = []

        def visitor() -> Visitor:
            visitors.append(Visitor(browser, place.url, WIDE, **PLAIN))
            return visitors[-1]

        def look(her: Visitor, scene: Scene) -> None:
            whole = her.page.locator("dialog[open]").count() == 0
            for size, theme in LOOKS:
                her.turns_to(size, theme)
                her.page.wait_for_timeout(SETTLED_MILLISECONDS)
                her.page.screenshot(path=folder / f"{scene.name}-{size[0]}-{theme}.png", full_page=whole)

        walk(place, visitor, look)
        for each in visitors:
            each.close()
        walk_kinds(anvil, Path(made), lambda url: Visitor(browser, url, WIDE, **PLAIN), look)


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        raise SystemExit("usage: python -m tests.web.shots FOLDER")
    main(Path(sys.argv[1]))
