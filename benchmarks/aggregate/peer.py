"""crowd-kit's side: `python -m benchmarks.aggregate.peer MODEL FILE REPEATS`, from data frame to winners."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np

from benchmarks.aggregate.crowd import facts, load
from benchmarks.aggregate.models import MODELS
from benchmarks.side import report, timed


def main(name: str, file: str, repeats: int) -> None:
    """Times the model on a data frame made beforehand, as crowd-kit takes it."""
    try:
        import crowdkit.aggregation
        import pandas as pd
    except ModuleNotFoundError as error:
        raise SystemExit(f"{error}: it is in requirements/bench.txt, which scripts/bench installs") from None
    model = MODELS[name]
    labels = load(Path(file))
    frame = pd.DataFrame({"task": labels.items, "worker": labels.annotators, "label": labels.classes})
    if model.peer is None:
        raise SystemExit(f"crowd-kit has no {model.title}")
    peer = getattr(crowdkit.aggregation, model.peer)
    winners, times = timed(repeats, lambda: peer(**model.peer_options).fit_predict(frame))
    by_item = winners.sort_index()
    if by_item.index.tolist() != list(range(labels.n_items)):
        raise ValueError("an item with labels has no winner")
    found = facts(labels, np.asarray(by_item, dtype=np.int64), exact=model.exact)
    versions = {name: version(name) for name in ("crowd-kit", "pandas", "scikit-learn")}
    report({"aggregate": times}, found, versions)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
