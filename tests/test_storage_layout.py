"""All parts run on the registry's storage, so they lay it out alike, to the last struct member."""

from __future__ import annotations

from typing import Any

import pytest

from labelshare.chain import artifacts

PARTS = ("TaskRegistry", "RegistryExtension", "RegistryContests")


def layout(name: str) -> list[tuple[str, str, int, Any]]:
    """Returns label, slot, offset and expanded type of each variable."""
    stored = artifacts.load(name).storage_layout
    return [
        (entry["label"], entry["slot"], entry["offset"], expand(entry["type"], stored["types"]))
        for entry in stored["storage"]
    ]


def expand(name: str, types: Any) -> Any:
    """Returns a type with the types of its keys, values and members in place of their names."""
    kind = types[name]
    members = [
        (member["label"], member["slot"], member["offset"], expand(member["type"], types))
        for member in kind.get("members", [])
    ]
    parts = [expand(kind[part], types) for part in ("key", "value", "base") if part in kind]
    return (kind["encoding"], kind["label"], kind["numberOfBytes"], tuple(parts), tuple(members))


def test_all_parts_lay_out_storage_alike() -> None:
    main, *others = (layout(name) for name in PARTS)

    assert main
    assert others == [main] * 2


@pytest.mark.parametrize("name", PARTS)
def test_nothing_shares_a_slot(name: str) -> None:
    """Every variable is a mapping with a slot of its own; the guard is transient and takes none."""
    slots = [slot for _, slot, _, _ in layout(name)]

    assert slots == [str(number) for number in range(len(slots))]
    assert all(kind[0] == "mapping" for _, _, _, kind in layout(name))


def test_the_first_slot_of_a_campaign_holds_what_every_call_reads() -> None:
    """Gas rests on it: status, flags, times, escrow and bond are one read."""
    campaigns = next(kind for label, _, _, kind in layout("TaskRegistry") if label == "_campaigns")
    struct = campaigns[3][1]
    first = {label for label, slot, _, _ in struct[4] if slot == "0"}

    assert first == {"status", "flags", "cohort", "since", "escrow", "bond"}
