"""What web/tests/*.test.ts hold the page against is what Python makes today."""

from __future__ import annotations

from tests.web import region_vectors, spec_vectors


def test_the_vectors_of_the_page_are_current() -> None:
    assert spec_vectors.FILE.read_text() == spec_vectors.text(), "python -m tests.web.spec_vectors"


def test_the_vectors_of_regions_are_current() -> None:
    assert region_vectors.FILE.read_text() == region_vectors.text(), "python -m tests.web.region_vectors"
