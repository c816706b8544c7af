from __future__ import annotations

import json

import pytest

from labelshare.protocol.examples import EXAMPLES, example
from labelshare.protocol.labels import KINDS
from labelshare.protocol.spec import Spec


def test_there_is_an_example_of_every_task_type() -> None:
    assert tuple(EXAMPLES.values()) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_an_example_is_what_it_says_and_reads_back(kind: str) -> None:
    spec = example(kind)

    assert spec.task.type == spec.task.form.kind == kind
    assert Spec.parse(spec.canonical_bytes) == spec
    assert Spec.read(json.dumps(spec.fields, indent=4).encode()).hash == spec.hash
    assert len({item.digest for item in spec.items}) == len(spec.items)


def test_examples_differ() -> None:
    assert len({example(kind).hash for kind in KINDS}) == len(KINDS)
