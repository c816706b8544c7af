"""The compiled share against the model: random histories, equal to the last fraction after every move."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from labelshare.errors import ConservationError, InputError
from labelshare.protocol.accumulator import MAX_PAID, MAX_SUPPLY, Share
from labelshare.types import Address, keccak
from tests.evm import RevertedError
from tests.shares.evm import DeployedShare

ONE = 10**18
PEOPLE = [Address(keccak(bytes([number]))[12:]) for number in range(4)]

people = st.sampled_from(PEOPLE)
payments = st.one_of(st.integers(1, 5), st.integers(1, 10**12), st.integers(1, MAX_PAID // 64))
mints = st.one_of(st.just(ONE), st.integers(ONE, 10**24), st.integers(ONE, MAX_SUPPLY // 8))
spans = st.one_of(st.integers(1, 60), st.integers(1, 86_400), st.integers(86_400, 10 * 86_400))
parts = st.integers(0, 2**96)


class ShareAgainstModel(RuleBasedStateMachine):
    """Every rule makes the same move on both sides."""

    @initialize()
    def deploy(self) -> None:
        self.chain = DeployedShare()
        self.model = Share()
        # Some history, so that every move has something to act on.
        self.mint(3 * ONE + 7)
        self.release(0, PEOPLE[0], PEOPLE[1], 2 * ONE, everything=True)
        self.pay(10**9 + 7)
        self.wait(1_234)

    @property
    def now(self) -> int:
        return self.chain.evm.now

    @rule(seconds=spans)
    def wait(self, seconds: int) -> None:
        self.chain.evm.wait(seconds)

    @rule(amount=payments)
    def pay(self, amount: int) -> None:
        assert self.chain.pay(amount) == amount
        self.model = self.model.pay(amount, self.now)

    @rule(shares=mints)
    def mint(self, shares: int) -> None:
        if self.model.supply + shares > MAX_SUPPLY:
            with pytest.raises(RevertedError):
                self.chain.mint(keccak(b"too much"), shares)
            return
        name = keccak(len(self.model.rounds).to_bytes(4))
        self.chain.mint(name, shares)
        self.model = self.model.mint(name, shares, self.now)

    @precondition(lambda self: self.model.rounds)
    @rule(pick=st.integers(0, 100), first=people, second=people, size=parts, everything=st.booleans())
    def release(self, pick: int, first: Address, second: Address, size: int, *, everything: bool) -> None:
        name = list(self.model.rounds)[pick % len(self.model.rounds)]
        left = self.model.rounds[name].left
        amount = size % (left + 1)
        rows = [(first, amount), (second, left - amount if everything else 0)]
        self.chain.release(name, rows)
        self.model = self.model.release(name, rows, self.now)

    @rule(sender=people, receiver=people, size=parts, everything=st.booleans())
    def transfer(self, sender: Address, receiver: Address, size: int, *, everything: bool) -> None:
        balance = self.model.holdings[sender].shares if sender in self.model.holdings else 0
        amount = balance if everything else size % (balance + 1)
        self.chain.transfer(sender, receiver, amount)
        self.model = self.model.transfer(sender, receiver, amount, self.now)

    @rule(account=people)
    def claim(self, account: Address) -> None:
        self.model, units = self.model.claim(account, self.now)
        assert self.chain.claim(account) == units

    @rule(sender=people, receiver=people)
    def transfer_too_much(self, sender: Address, receiver: Address) -> None:
        with pytest.raises(RevertedError):
            self.chain.transfer(sender, receiver, MAX_SUPPLY + 1)
        with pytest.raises(ConservationError):
            self.model.transfer(sender, receiver, MAX_SUPPLY + 1, self.now)

    @rule()
    def pay_nothing(self) -> None:
        with pytest.raises(RevertedError):
            self.chain.pay(0)
        with pytest.raises(InputError):
            self.model.pay(0, self.now)

    @invariant()
    def everything_agrees(self) -> None:
        accumulator = self.chain.accumulator()
        for account in PEOPLE:
            assert self.chain.earned(account, accumulator) == self.model.earned(account, self.now)
        assert self.chain.unstreamed() == self.model.unstreamed(self.now)

    def teardown(self) -> None:
        for seconds in (0, 1, 20 * 86_400):
            self.chain.evm.wait(seconds)
            for account in PEOPLE:
                assert self.chain.claimable(account) == self.model.claimable(account, self.now)
        for account in PEOPLE:
            held = self.model.holdings[account].shares if account in self.model.holdings else 0
            assert self.chain.balance_of(account) == held
        assert self.chain.total_supply() == self.model.supply
        assert self.chain.held_tokens() == self.model.paid - self.model.claimed


ShareAgainstModel.TestCase.settings = settings(max_examples=12, stateful_step_count=40, deadline=None)
TestShareAgainstModel = ShareAgainstModel.TestCase


def test_the_stream_is_stored_as_modelled() -> None:
    chain, model = DeployedShare(), Share()
    for step, amount in enumerate([7_000_000, 1, 10**15, 3]):
        chain.pay(amount)
        model = model.pay(amount, chain.evm.now)
        if step == 1:
            chain.mint(keccak(b"round"), 5 * ONE)
            model = model.mint(keccak(b"round"), 5 * ONE, chain.evm.now)
        assert chain.stream() == (model.stream.left, model.stream.since, model.stream.end)
        chain.evm.wait(100_001)
