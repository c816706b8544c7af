"""Every public method of the classes that users meet has an example, which does and prints what it says."""

from __future__ import annotations

import ast
import builtins
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from doctest import ELLIPSIS, DocTest, DocTestParser, DocTestRunner, Example
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

import labelshare
from labelshare.client.annotator import Batch
from labelshare.client.payouts import Payouts
from labelshare.client.purse import Holdings
from labelshare.client.slashes import Slash
from tests.conftest import ROOT
from tests.examples_world import STORIES, Story

CLASSES: tuple[type, ...] = (
    labelshare.Annotator,
    labelshare.Campaign,
    labelshare.Challenger,
    labelshare.Claimant,
    labelshare.Holder,
    labelshare.Licensee,
    labelshare.Oracle,
    labelshare.Purse,
    labelshare.Requester,
    labelshare.SeatHolder,
    labelshare.Slasher,
    labelshare.Steps,
    labelshare.Terms,
    Batch,
    Holdings,
    Payouts,
    Slash,
)
DECORATED = (classmethod, staticmethod, property, cached_property)
MOST_STATEMENTS = 4
NAMES_OF_ACCOUNTS = ("acme", "operator", "ann", "buyer")
README = (ROOT / "README.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
TOLD = [part for story in STORIES.values() for part in story.parts if isinstance(part, str)]


def methods_of(cls: type) -> Iterator[tuple[str, Any]]:
    """The public methods and properties that a class defines itself, by name."""
    for name, member in vars(cls).items():
        if not name.startswith("_") and (inspect.isfunction(member) or isinstance(member, DECORATED)):
            yield name, getattr(cls, name) if isinstance(member, classmethod) else member


def documented() -> dict[str, Any]:
    """Everything that must have an example, by the name it has in a story."""
    found: dict[str, Any] = {"labelshare": labelshare, "open_pool": labelshare.open_pool}
    for cls in CLASSES:
        found[cls.__name__] = cls
        found |= {f"{cls.__name__}.{name}": member for name, member in methods_of(cls)}
    return found


THINGS = documented()


def examples_of(thing: Any) -> list[Example]:
    """The examples in the section of that name, which ends a docstring."""
    _, _, section = inspect.cleandoc(thing.__doc__ or "").partition("\nExample:\n")
    return DocTestParser().get_examples(section)


def statements(source: str) -> list[str]:
    """Each statement of a source in one spelling."""
    return [ast.unparse(each) for each in ast.parse(source).body]


def told_statements(story: Story) -> list[str]:
    """The statements of a story's examples, one after another."""
    examples = [each for part in story.parts if isinstance(part, str) for each in examples_of(THINGS[part])]
    return [each for example in examples for each in statements(example.source)]


@pytest.mark.parametrize("name", THINGS)
def test_it_has_a_short_example(name: str) -> None:
    examples = examples_of(THINGS[name])

    assert examples, f"{name} has no example"
    assert len(examples) <= MOST_STATEMENTS or name == "labelshare"


def test_every_example_is_in_one_story() -> None:
    assert sorted(TOLD) == sorted(THINGS)


@pytest.mark.parametrize("title", STORIES)
def test_a_story_goes_as_its_examples_say(
    title: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    story = STORIES[title]
    names = story.begin()
    for part in story.parts:
        if isinstance(part, str):
            run(part, names)
        else:
            part(names)


def run(name: str, names: dict[str, Any]) -> None:
    """Run one example in a namespace, which keeps what it assigns."""
    test = DocTest(examples_of(THINGS[name]), names, name, None, None, None)
    test.globs = names  # not the copy that a DocTest makes
    printed: list[str] = []
    runner = DocTestRunner(verbose=False, optionflags=ELLIPSIS)
    failures, _ = runner.run(test, out=printed.append, clear_globs=False)
    assert not failures, "".join(printed)


@pytest.mark.parametrize("body", [">>> 1 + 1\n    3", ">>> 1 + nothing"])
def test_a_wrong_example_would_be_noticed(monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    wrong = type("Wrong", (), {"__doc__": f"Wrong.\n\nExample:\n    {body}\n"})
    monkeypatch.setitem(THINGS, "wrong", wrong)

    with pytest.raises(AssertionError, match="Failed example"):
        run("wrong", {})


# ---------------------------------------------------------------------- README and the package


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_a_snippet_of_the_readme_is_made_of_examples_in_their_order(snippet: str) -> None:
    told = iter(told_statements(STORIES["a whole life"]))
    for statement in statements(snippet):
        if statement.startswith("from "):
            exec(statement, {})
        else:
            assert statement in told, f"not in the story, or not in this order: {statement}"


def test_the_readme_says_where_each_name_comes_from() -> None:
    known = set(vars(builtins)) | set(re.findall(r"`(\w+)`", README)) & set(NAMES_OF_ACCOUNTS)
    for statement in [each for snippet in SNIPPETS for each in ast.parse(snippet).body]:
        nodes = list(ast.walk(statement))
        used = {each.id for each in nodes if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)}
        assert used <= known, f"{sorted(used - known)} in: {ast.unparse(statement)}"
        known |= {each.id for each in nodes if isinstance(each, ast.Name)}
        known |= {each.name for each in nodes if isinstance(each, ast.alias)}


def test_the_package_exports_what_it_names() -> None:
    assert set(labelshare.__all__) <= set(dir(labelshare))
    assert sorted(labelshare._HOMES) == sorted(set(labelshare.__all__) - {"__version__"})
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = labelshare.Nothing


def test_type_checkers_see_the_same_exports() -> None:
    tree = ast.parse(Path(labelshare.__file__).read_text(encoding="utf-8"))
    (guarded,) = (node for node in tree.body if isinstance(node, ast.If))
    imports = [node for node in guarded.body if isinstance(node, ast.ImportFrom)]
    seen = {alias.name: node.module for node in imports for alias in node.names}
    assert seen == {name: f"labelshare.{module}" for name, module in labelshare._HOMES.items()}


def test_importing_the_package_loads_nothing_of_it() -> None:
    code = "import sys, labelshare; print([name for name in sys.modules if name.startswith('labelshare.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
