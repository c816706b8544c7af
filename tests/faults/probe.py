"""Somebody who asks a service while a part of it is gone."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tests.faults.beside import beside

__all__ = ["Probe"]

LEAKS = ("postgres", "psycopg", "sqlite", "disk", "insert into", "traceback", ".py")


@dataclass
class Probe:
    """Somebody who asks a service again and again: what it says, and what it says of when to come back."""

    url: str
    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    @contextmanager
    def asking(self) -> Iterator[None]:
        with beside(self._run):
            yield

    def _run(self, over: threading.Event) -> None:
        account = {"account": "0x0F4402D386f88A885963114A008Ae27cf846716F"}
        while not over.wait(0.05):
            asked = Request(f"{self.url}/v1/sign-ins", json.dumps(account).encode(), method="POST")
            asked.add_header("Content-Type", "application/json")
            try:
                with urlopen(asked, timeout=60) as answer:
                    self.statuses[answer.status] += 1
            except HTTPError as error:
                self._refused(error)
            except OSError as error:
                self.faults.append(str(error))

    def _refused(self, error: HTTPError) -> None:
        self.statuses[error.code] += 1
        told = error.read().decode()
        if error.code != 503 or not error.headers.get("Retry-After"):
            self.faults.append(f"{error.code} {told}")
        if any(word in told.lower() for word in LEAKS):
            self.faults.append(told)
