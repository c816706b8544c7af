"""The two halves of the registry answer every function of the surface, and each function in one half only."""

from __future__ import annotations

from typing import Any

from eth_utils.abi import function_abi_to_4byte_selector

from labelshare.chain import artifacts


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


def test_no_function_of_the_extension_is_shadowed() -> None:
    """The registry's own functions win over its fallback: what both have never reaches the second."""
    main, extension = selectors("TaskRegistry"), selectors("RegistryExtension")

    assert main
    assert extension
    assert not main.keys() & extension.keys()


def test_the_halves_are_the_whole_surface() -> None:
    halves = selectors("TaskRegistry") | selectors("RegistryExtension")

    assert halves == selectors("ITaskRegistry")


def test_the_halves_agree_on_shared_errors_and_events() -> None:
    """One name has one form: whoever decodes an error or event need not know which half it came from."""
    forms: dict[tuple[str, str], set[str]] = {}
    for name in ("TaskRegistry", "RegistryExtension"):
        for entry in artifacts.load(name).abi:
            if entry["type"] in {"error", "event"}:
                types = ",".join(value["type"] for value in entry["inputs"])
                forms.setdefault((entry["type"], entry["name"]), set()).add(types)

    assert forms
    assert all(len(types) == 1 for types in forms.values())
