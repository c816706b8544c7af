"""Somebody who asks a service while a part of it is gone."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from labelshare.chain.keys import development_signer
from labelshare.protocol.sign_in import personal_digest
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
        """Signs in: what begins a session is written."""
        signer = development_signer("faults", "probe")
        while not over.wait(0.05):
            asked = self._post("/v1/sign-ins", {"account": str(signer.address)})
            if asked is not None:
                signature = signer.sign_digest(personal_digest(asked["message"]))
                self._post("/v1/sessions", {"nonce": asked["nonce"], "signature": f"0x{signature.hex()}"})

    def _post(self, path: str, body: dict[str, str]) -> Any:
        """The answer; None where there is none, or it refuses."""
        asked = Request(self.url + path, json.dumps(body).encode(), method="POST")
        asked.add_header("Content-Type", "application/json")
        try:
            with urlopen(asked, timeout=60) as answer:
                self.statuses[answer.status] += 1
                return json.load(answer)
        except HTTPError as error:
            self._refused(error)
        except OSError as error:
            self.faults.append(str(error))
        return None

    def _refused(self, error: HTTPError) -> None:
        self.statuses[error.code] += 1
        told = error.read().decode()
        if error.code != 503 or not error.headers.get("Retry-After"):
            self.faults.append(f"{error.code} {told}")
        if any(word in told.lower() for word in LEAKS):
            self.faults.append(told)
