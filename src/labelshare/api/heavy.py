"""What is worked out of large specs: `python -m labelshare.api.heavy WORK GIVEN`, the body on standard input.

GIVEN is a JSON object. One JSON object comes out: `told` with the answer; or what is wrong with the body, as
`spec`, `invalid` or `body`, see `labelshare.api.apart`, which asks.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from pydantic import ValidationError

from labelshare.client.wire.quotes import QuoteQuestion, SpecStored
from labelshare.errors import InputError, SpecError
from labelshare.protocol import canonical
from labelshare.protocol.quote import Assumptions, Periods, Quote
from labelshare.protocol.spec import Spec
from labelshare.report.collect import Unit
from labelshare.report.measured import measured_gas
from labelshare.report.quote import Quoted, as_json

__all__ = ["answer", "quoted"]

Given: TypeAlias = Mapping[str, Any]


def quoted(question: QuoteQuestion, periods: Periods) -> dict[str, Any]:
    """The JSON values of a quote; `SpecError` for a spec that is none."""
    assumed = Assumptions(
        fee_bps=question.fee_bps,
        stakes_per_label=question.stakes_per_label,
        annotators=question.annotators,
        rounds=question.rounds,
        arbitration_refund=question.arbitration_refund,
        living_wage=question.living_wage,
    )
    unit = Unit(question.symbol, question.decimals)
    return as_json(Quoted(Quote(Spec.of(question.spec), assumed, periods), unit, measured_gas()))


def _spec(body: bytes, _: Given) -> dict[str, Any]:
    return SpecStored.of(Spec.parse(body)).model_dump(mode="json", by_alias=True)


def _quote(body: bytes, given: Given) -> dict[str, Any]:
    question = QuoteQuestion.model_validate(canonical.parse(body))
    return quoted(question, Periods(**given))


WORKS: Final[Mapping[str, Callable[[bytes, Given], dict[str, Any]]]] = {"spec": _spec, "quote": _quote}


def answer(work: str, given: Given, body: bytes) -> dict[str, Any]:
    """The answer of a work, or what is wrong with its body."""
    try:
        return {"told": WORKS[work](body, given)}
    except SpecError as error:
        return {"spec": str(error)}
    except ValidationError as error:
        faults = error.errors()
        return {
            "invalid": [{"type": each["type"], "loc": each["loc"], "msg": each["msg"]} for each in faults]
        }
    except (InputError, RecursionError) as error:
        return {"body": str(error)}


if __name__ == "__main__":
    json.dump(answer(sys.argv[1], json.loads(sys.argv[2]), sys.stdin.buffer.read()), sys.stdout)
