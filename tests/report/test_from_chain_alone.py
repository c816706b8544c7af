"""An outcome is rebuilt by a process that has a chain's address and three files; what a client adds is named.

Byte for byte the same: figures, tables, the notebook's summary and the page. Only these come from whoever
ran the campaign, and no stranger can tell them: what the annotators are called, the gas that was used,
truths, and of a simulation that it is one, its kinds and its images.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from labelshare.chain.connect import connect
from labelshare.replay.saved import store
from labelshare.replay.telling import told_of
from labelshare.report.collect import Outcome, collect
from labelshare.report.figures import Naming
from labelshare.report.page import Told, render, times_of
from tests.conftest import Anvil
from tests.replay.crowds import (
    GOLD_RULES,
    SIMULATED_RULES,
    Finished,
    crowd_with_gold,
    life_with_gold,
    recorded_life,
    run,
    simulated_life,
    small_simulated_crowd,
)
from tests.report import rebuild

FILES = {"deployment.json", "campaign.txt", "bundle.jsonl"}


def elsewhere(folder: Path, url: str, home: Path) -> dict[str, Any]:
    """What another process tells, in an environment that has nothing of this one's."""
    program = [sys.executable, rebuild.__file__, str(folder), url]
    keep = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    done = subprocess.run(
        program, cwd=home, env=keep | {"HOME": str(home)}, capture_output=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@pytest.mark.anvil
@pytest.mark.parametrize(
    "lived",
    [
        lambda chain: run(crowd_with_gold(), GOLD_RULES, chain),
        lambda chain: run(small_simulated_crowd(), SIMULATED_RULES, chain),
    ],
    ids=["recorded", "simulated"],
)
def test_another_process_tells_the_same_to_the_byte(
    anvil: Anvil, tmp_path: Path, lived: Callable[[Any], Finished]
) -> None:
    life = lived(connect(anvil.url))
    lot = life.lived
    here = rebuild.tell(life.chain, lot.deployment, lot.scope.campaign_id, lot.bundle)
    folder, home = tmp_path / "saved", tmp_path / "home"
    home.mkdir()
    store(folder, lot)
    assert {each.name for each in folder.iterdir()} == FILES

    there = elsewhere(folder, anvil.url, home)

    assert there == json.loads(json.dumps(here))
    assert there["figures"]["verified"]
    assert there["figures"]["conserved"]
    assert there["figures"]["labels"] > 0
    assert list(home.iterdir()) == []
    assert not any(worker in there["page"] for worker in life.crowd.workers)


# --------------------------------------------------------------------- what a client adds


def outcome_of(life: Finished) -> Outcome:
    lived = life.lived
    return collect(life.chain, lived.deployment, lived.scope.campaign_id, lived.bundle, life.crowd.truth)


def page_of(life: Finished, outcome: Outcome, told: Told) -> list[str]:
    html = render(outcome, told, times_of(life.chain, outcome))
    return [line for line in html.splitlines() if line.strip()]


def test_that_is_all_a_page_is_told() -> None:
    assert {each.name for each in fields(Told)} == {
        *("deployment", "names", "gas", "truth", "kinds", "simulated", "images", "credit")
    }


@pytest.mark.parametrize("live", [recorded_life, life_with_gold], ids=lambda live: live.__name__)
def test_names_and_gas_are_all_that_a_recorded_crowd_s_page_has_besides(live: Callable[[], Finished]) -> None:
    """With shortened addresses for names, and gas cut out, it is the page that a stranger draws."""
    life = live()
    outcome, told = outcome_of(life), told_of(life.crowd, life.lived)
    stranger = page_of(life, outcome, Told(told.deployment, {}, {}, told.truth))
    short = {account: Naming({}, {}).name(account) for account in told.names}

    assert page_of(life, outcome, told) != stranger
    full = "\n".join(page_of(life, outcome, replace(told, names=short)))
    full = re.sub(r'<figure id="gas">.*?</figure>\n', "", full, flags=re.DOTALL)
    full = re.sub(r"<div><dt>gas per accepted label</dt>.*?</div>\n", "", full)
    full = full.replace("drew this page: names, truths and gas.", "drew this page: truths.")

    assert full.splitlines() == stranger


def test_kinds_images_and_that_it_is_one_are_all_that_a_simulation_s_page_has_besides() -> None:
    """Without them it is the page of any crowd: no figure and no row says anything else."""
    life = simulated_life()
    outcome, told = outcome_of(life), told_of(life.crowd, life.lived)
    stranger = page_of(life, outcome, Told(told.deployment, {}, {}, told.truth))
    stripped = replace(told, names={}, gas={}, kinds={}, simulated=False, images={}, credit="")

    assert page_of(life, outcome, stripped) == stranger
    for part in ("simulated", "images", "kinds"):
        less = replace(stripped, **{part: getattr(told, part)})
        assert page_of(life, outcome, less) != stranger


def test_truths_change_nothing_but_what_is_scored() -> None:
    life = life_with_gold()
    outcome = outcome_of(life)
    lived = life.lived
    blind = collect(life.chain, lived.deployment, lived.scope.campaign_id, lived.bundle)

    for name, scored in (
        ("people_table", {"known", "right", "accuracy"}),
        ("items_table", {"truth", "right"}),
        ("labels_table", set[str]()),
        ("balances_table", set[str]()),
    ):
        seen, unseen = getattr(outcome, name).columns, getattr(blind, name).columns
        assert {each for each in seen if seen[each] != unseen[each]} == scored
