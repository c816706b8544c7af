"""Pages: the newest first, every row once, and how many there are."""

from __future__ import annotations

import pytest

from labelshare.commands.paging import Page

ROWS = list(range(1, 8))  # the oldest first


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
def test_all_pages_together_hold_every_row_once_the_newest_first(limit: int) -> None:
    count = -(-len(ROWS) // limit)

    pages = [Page.of(ROWS, limit, number) for number in range(1, count + 2)]

    assert [row for page in pages for row in page.rows] == ROWS[::-1]
    assert all(len(page.rows) == limit for page in pages[: count - 1])
    assert not pages[count].rows


def test_what_a_page_says_of_itself() -> None:
    page = Page.of(ROWS, 3, 2)

    assert page.rows == [4, 3, 2]
    assert page.facts("rows", [*page.rows]) == {"total": 7, "page": 2, "limit": 3, "rows": [4, 3, 2]}
    assert page.lines("rows", ["a"]) == [
        "a",
        "",
        "4 to 6 of 7 rows, the newest first; --page 3 shows older ones",
    ]
    assert Page.of(ROWS, 3, 3).lines("rows", [])[-1] == "7 to 7 of 7 rows, the newest first"
    assert Page.of(ROWS, 3, 4).lines("rows", []) == ["no rows on page 4 of 7 in all"]
    assert Page[int].of([], 3, 1).lines("rows", []) == ["no rows yet"]
