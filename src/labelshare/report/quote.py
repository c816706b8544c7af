"""A quote with its unit and its gas, and all of it as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from labelshare.protocol.gas import CallGas, Measured, estimate
from labelshare.protocol.quote import BPS, Caution, Quote
from labelshare.report.cautions import in_words
from labelshare.report.collect import Unit

__all__ = ["COIN", "GOOD_BPS", "GasPrice", "Quoted", "as_json"]

GOOD_BPS: Final = 8_500  # the part of labels accepted in the second figure of what an hour earns
COIN: Final = Unit("coins", 18)


@dataclass(frozen=True, slots=True)
class GasPrice:
    """What gas costs: wei each, and a coin of the chain in base units of the token, if known."""

    wei: int
    coin: int | None = None

    def in_coins(self, gas: int) -> int:
        """In wei."""
        return gas * self.wei

    def in_tokens(self, gas: int) -> int | None:
        """In base units of the token, rounded up."""
        return None if self.coin is None else -(-self.in_coins(gas) * self.coin // 10**COIN.decimals)


@dataclass(frozen=True, slots=True)
class Quoted:
    """Everything that is printed: the quote, the token's unit, what gas was measured and what it costs."""

    quote: Quote
    unit: Unit
    measured: Measured
    price: GasPrice | None = None

    @property
    def gas(self) -> tuple[CallGas, ...]:
        """Gas by call for the quote's annotators and rounds."""
        return estimate(self.measured, self.quote.annotators, self.quote.assumed.rounds)

    @property
    def job_gas(self) -> tuple[int, int]:
        """Of the whole job: annotators new to the token, and holding it."""
        job = [call for call in self.gas if call.in_job]
        return sum(call.new for call in job), sum(call.held for call in job)

    @property
    def label_gas(self) -> tuple[int, int]:
        """Of one label of it, rounded up."""
        new, held = self.job_gas
        return -(-new // self.quote.labels), -(-held // self.quote.labels)

    def warnings(self) -> list[tuple[Caution, str]]:
        """The quote's cautions in words."""
        return [(caution, in_words(caution, self.quote, self.unit)) for caution in self.quote.cautions]


def as_json(quoted: Quoted) -> dict[str, Any]:
    """The figures of a quote; amounts are decimal strings of base units, times are seconds from funding."""
    quote, unit = quoted.quote, quoted.unit
    time = quote.schedule
    return {
        "title": quote.spec.title,
        "spec_hash": str(quote.spec.hash),
        "symbol": unit.symbol,
        "decimals": unit.decimals,
        "items": quote.items,
        "labels": quote.labels,
        "annotators": quote.annotators,
        "least_annotators": quote.least_annotators,
        "label_cap": quote.label_cap,
        "labels_each": quote.load,
        "price": str(quote.price),
        "pay_at_most": str(quote.pay),
        "fee_at_most": str(quote.fee),
        "escrow": str(quote.escrow),
        "share_cap": str(quote.share_cap),
        "bond": str(quote.bond),
        "stake_per_label": str(quote.stake_per_label),
        "stake": str(quote.stake),
        "slash_per_label": str(quote.slash_per_label),
        "forfeit_per_label_at_most": str(quote.forfeit_per_label),
        "loss_at_most": str(quote.loss_at_most),
        "skill_from": quote.spec.skill.from_bps / BPS,
        "skill_full": quote.spec.skill.full_bps / BPS,
        "hourly": [_hour_json(quote, bps) for bps in (BPS, GOOD_BPS)],
        "times": {
            "enrol_end": time.enrol_end,
            "commit_end": time.commit_end,
            "reveal_end": time.reveal_end,
            "final": quote.final,
            "slash_end": time.slash_end(quote.final),
            "hard_end": time.hard_end,
        },
        "gas": {
            "calls": [
                {"call": call.call, "in_job": call.in_job, "new": call.new, "held": call.held}
                for call in quoted.gas
            ],
            "job": _variants(quoted.job_gas),
            "per_label": _variants(quoted.label_gas),
            "measured_with": list(quoted.measured.sizes),
            "cost": _cost_json(quoted),
        },
        "warnings": [{"code": str(caution), "text": text} for caution, text in quoted.warnings()],
    }


def _variants(gas: tuple[int, int]) -> dict[str, int]:
    return dict(zip(("new", "held"), gas, strict=True))


def _hour_json(quote: Quote, bps: int) -> dict[str, Any]:
    """What an hour earns, rounded down."""
    pay, shares = int(quote.hourly_pay(bps)), int(quote.hourly_shares(bps))
    return {"accepted_bps": bps, "pay": str(pay), "shares": str(shares)}


def _cost_json(quoted: Quoted) -> dict[str, Any] | None:
    price = quoted.price
    if price is None:
        return None
    return {
        name: {
            "wei": str(price.in_coins(gas)),
            "tokens": None if price.coin is None else str(price.in_tokens(gas)),
        }
        for name, gas in zip(("new", "held"), quoted.job_gas, strict=True)
    }
