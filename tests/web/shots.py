"""Pictures of every page, in both widths and both themes: `scripts/build-web --shots FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.conftest import native_program
from tests.web.browser import NARROW, WIDE, Visitor, chromium_program, running_chromium
from tests.web.place import web_place
from tests.web.scenes import Scene, walk

SETTLED_MILLISECONDS = 600


def main(folder: Path) -> None:
    """Walk through a campaign's life once for each width and theme, and take a picture of each page."""
    anvil, program = native_program("anvil"), chromium_program()
    if anvil is None or program is None:
        raise SystemExit("pictures need anvil and Chromium")
    folder.mkdir(parents=True, exist_ok=True)
    with running_chromium(program) as browser:
        for width, theme in ((WIDE, "light"), (NARROW, "light"), (WIDE, "dark"), (NARROW, "dark")):
            with TemporaryDirectory() as made, web_place(anvil, Path(made)) as place:
                her = Visitor(browser, place.url, width, color_scheme=theme, reduced_motion="reduce")

                def look(scene: Scene, her: Visitor = her, end: str = f"{width[0]}-{theme}") -> None:
                    her.page.wait_for_timeout(SETTLED_MILLISECONDS)
                    her.page.screenshot(path=folder / f"{scene.name}-{end}.png", full_page=not scene.press)

                walk(place, her, look)
                her.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
