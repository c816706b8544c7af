"""The three parts of the registry answer every function of the surface, each function in one part only."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from eth_utils.abi import function_abi_to_4byte_selector

from labelshare.chain import artifacts

PARTS = ("TaskRegistry", "RegistryExtension", "RegistryContests")


def selectors(name: str) -> dict[bytes, str]:
    """Returns the functions of a contract by selector; refuses two with one selector."""
    found: dict[bytes, str] = {}
    for entry in artifacts.load(name).abi:
        if entry["type"] != "function":
            continue
        selector = function_abi_to_4byte_selector(_entry(entry))
        assert selector not in found, f"{name}: {entry['name']} and {found[selector]} share a selector"
        found[selector] = entry["name"]
    return found


def _entry(entry: Any) -> Any:
    return dict(entry)


@pytest.mark.parametrize(("first", "later"), list(combinations(PARTS, 2)))
def test_no_function_of_a_later_part_is_shadowed(first: str, later: str) -> None:
    """A part's own functions win over its fallback: what two have never reaches the later one."""
    assert selectors(first)
    assert selectors(later)
    assert not selectors(first).keys() & selectors(later).keys()


def test_the_parts_are_the_whole_surface() -> None:
    parts = {selector: name for part in PARTS for selector, name in selectors(part).items()}

    assert parts == selectors("ITaskRegistry")


def test_what_a_part_does_not_know_it_passes_on_but_for_the_last() -> None:
    passing = {part: any(entry["type"] == "fallback" for entry in artifacts.load(part).abi) for part in PARTS}

    assert passing == {"TaskRegistry": True, "RegistryExtension": True, "RegistryContests": False}


def test_the_parts_agree_on_shared_errors_and_events() -> None:
    """One name has one form: whoever decodes an error or event need not know which part it came from."""
    forms: dict[tuple[str, str], set[str]] = {}
    for name in PARTS:
        for entry in artifacts.load(name).abi:
            if entry["type"] in {"error", "event"}:
                types = ",".join(value["type"] for value in entry["inputs"])
                forms.setdefault((entry["type"], entry["name"]), set()).add(types)

    assert forms
    assert all(len(types) == 1 for types in forms.values())
