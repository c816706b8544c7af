"""Whether keys, chain, contracts and clock are fit for a service."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Final

from labelshare.chain.deploy import Deployment
from labelshare.chain.fees import GWEI, FeePolicy
from labelshare.chain.keys import Signer
from labelshare.chain.listing import pools
from labelshare.chain.node import Chain
from labelshare.errors import ChainError, InputError, LabelshareError, ServiceError
from labelshare.oracle.checks import Finding, State, graded
from labelshare.oracle.kept import Kept, advice, missing, named
from labelshare.types import Address, PoolId

__all__ = ["CLOCK_SECONDS", "ChainChecks", "clock_of_api", "keystore_mode", "off_by"]

COIN: Final = 10**18
# What a campaign of a hundred annotators may take, and what the dearest single call of one takes.
JOB_GAS: Final = 4_000_000
CALL_GAS: Final = 500_000
LATENCY_SECONDS: Final = (0.5, 5.0)
HEAD_SECONDS: Final = (120.0, 900.0)
CLOCK_SECONDS: Final = (10.0, 60.0)
"""From the first on a clock is to be set; from the second it is broken. Sign-ins last five minutes by it."""
LOG_RANGE: Final = 5_000
HISTORY: Final = Address("0x0000F90827F1C53a10cb7A02335B175320002935")
"""The contract that knows the hashes of 8,191 blocks (EIP-2935)."""
_TRIES: Final = 5
_SET_CLOCK: Final = "set this machine's clock by NTP"


@dataclass(frozen=True)
class ChainChecks:
    """Checks of one chain.

    Attributes:
        chain: The node's.
        deployment: The record of the contracts.
        fees: How gas is paid for.
        now: The machine's time, Unix seconds.
        depth: What `serve` is told of finality, if anything.
    """

    chain: Chain
    deployment: Deployment
    fees: FeePolicy
    now: Callable[[], float]
    depth: int | None = None

    # -------------------------------------------------------------------- the chain

    def reachable(self) -> Iterator[Finding]:
        """Which chain answers, and how fast."""
        yield Finding("chain", State.OK, f"id {self.chain.chain_id}, as in the record of the contracts")
        times = []
        for _ in range(_TRIES):
            start = monotonic()
            head = self.chain.block_number
            times.append(monotonic() - start)
        state = graded(median(times), *LATENCY_SECONDS)
        advice = "" if state is State.OK else "use a node that is nearer, or less busy"
        yield Finding("node", state, f"answers in {median(times) * 1_000:.0f} ms, head {head}", advice)

    def synced(self) -> Finding:
        """Whether the head is young."""
        if self.chain.is_development:
            return Finding("head", State.OK, "a development chain: blocks come as they are asked for")
        age = self.now() - self.chain.now()
        state = graded(age, *HEAD_SECONDS)
        advice = "" if state is State.OK else "wait until the node has caught up, or use another one"
        return Finding("head", state, f"made {max(0.0, age):.0f} s ago", advice)

    def history(self) -> Iterator[Finding]:
        """Whether the node has what an index begins with: blocks and logs from the deployment on."""
        first = max(self.deployment.block - 1, 0)
        self.chain.blocks([0, first])
        registry, head = self.deployment.registry.address, self.chain.block_number
        self.chain.logs(registry, self.deployment.block, self.deployment.block)
        yield Finding("history", State.OK, f"blocks and logs from block {self.deployment.block} on")
        last = min(head, self.deployment.block + LOG_RANGE - 1)
        try:
            self.chain.logs_of([registry], self.deployment.block, last)  # which asks for no less
        except ChainError as error:
            advice = "nothing: smaller ranges are asked for; the first reading takes longer"
            yield Finding("range of logs", State.WARN, f"{LOG_RANGE} blocks refused: {error}", advice)
        else:
            yield Finding("range of logs", State.OK, f"{last - self.deployment.block + 1} blocks at once")

    def finality(self) -> Finding:
        """Whether the chain says what is final."""
        said = self.chain.finalized()
        if said is None:
            depth = "64 blocks behind the head" if self.depth is None else f"--depth {self.depth}"
            state = State.WARN if self.depth is None and not self.chain.is_development else State.OK
            advice = "say by --depth how many blocks behind the head are final here" if state else ""
            return Finding("finality", state, f"the node has no finalized tag; {depth} counts", advice)
        return Finding("finality", State.OK, f"block {said} is finalized")

    def seeds(self) -> Finding:
        """For how long a block's hash can be had, from which seeds come."""
        if self.chain.code(HISTORY):
            return Finding("block hashes", State.OK, "8,191 blocks (EIP-2935)")
        state = State.OK if self.chain.is_development else State.WARN
        advice = "" if state is State.OK else "keep the service running: a seed is to be drawn in that time"
        return Finding("block hashes", state, "256 blocks: the chain has no history contract", advice)

    def clock(self) -> Finding:
        """The machine's clock beside the chain's, which is never ahead of the true time by much."""
        if self.chain.is_development:
            return Finding("clock", State.OK, "a development chain: its time is its own")
        ahead = self.chain.now() - self.now()
        state = graded(max(0.0, ahead), *CLOCK_SECONDS)
        where = f"{ahead:.0f} s behind the head" if ahead > 0 else "not behind the head"
        return Finding("clock", state, f"{where} (limit {CLOCK_SECONDS[1]:.0f} s)", _clock_advice(state))

    # ---------------------------------------------------------------- the contracts

    def contracts(self) -> Finding:
        """Whether the contracts are this version's, and belong together."""
        self.deployment.check(self.chain)
        registry = self.deployment.registry.address
        return Finding("contracts", State.OK, f"registry {registry} and its parts are this version's code")

    def pool(self, signer: Signer, wanted: PoolId | None) -> Finding:
        """Whether a pool names the account as its oracle: the one wanted, or any."""
        every = pools(self.chain, self.deployment)
        if wanted is not None:
            found = [each for each in every if each.pool == wanted]
            if not found:
                return Finding(
                    "pool", State.FAIL, f"no pool {wanted} at this registry", "name another by --pool"
                )
            if found[0].oracle != signer.address:
                advice = "use the keystore of that account, or a pool of this one"
                text = f"pool {wanted} has oracle {found[0].oracle}, not {signer.address}"
                return Finding("pool", State.FAIL, text, advice)
        own = [each for each in every if each.oracle == signer.address]
        if not own:
            advice = "labelshare pool create makes one; without a pool nobody can fund a campaign"
            return Finding("pool", State.WARN, f"none has {signer.address} as its oracle", advice)
        return Finding("pool", State.OK, f"{len(own)} with {signer.address} as oracle")

    def bond(self, signer: Signer) -> Iterator[Finding]:
        """Whether the account has of each pool's token: it locks some with every campaign that it accepts."""
        own = [each for each in pools(self.chain, self.deployment) if each.oracle == signer.address]
        contracts = self.deployment.bind(self.chain)
        for token in dict.fromkeys(each.params.token for each in own):
            wallet = contracts.erc20(token)
            held = wallet.balance_of(signer.address) + contracts.registry.credit_of(token, signer.address)
            unit, name = 10 ** wallet.decimals(), "".join(filter(str.isprintable, wallet.symbol()))
            text = f"{held // unit:,} {name:.31} free; each campaign takes a quarter of its escrow"
            advice = "" if held else f"send some of token {token} to {signer.address}"
            yield Finding("bond", State.OK if held else State.FAIL, text, advice)

    def campaigns(self, signer: Signer, kept: Callable[[], Kept | None]) -> Finding:
        """Whether the store knows every campaign that the account has accepted and that is not over."""
        try:
            known = kept() or Kept()
        except (LabelshareError, OSError):
            text = "not looked at: the store does not say what it knows"
            return Finding("campaigns", State.WARN, text, "see database")
        found = missing(self.chain, self.deployment, signer.address, known)
        if found:
            return Finding("campaigns", State.FAIL, f"the store knows nothing of {named(found)}", advice())
        return Finding(
            "campaigns", State.OK, "the store knows all that the account has accepted and that run"
        )

    # --------------------------------------------------------------------- the keys

    def key(self, signer: Signer) -> Finding:
        """Whether the key is one that only its owner knows."""
        if signer.is_development and not self.chain.is_development:
            advice = "labelshare account new makes a key that nobody else knows"
            text = f"{signer.address} is a development account: anyone knows its key"
            return Finding("key", State.FAIL, text, advice)
        kind = "a development account, on a development chain" if signer.is_development else "nobody else's"
        return Finding("key", State.OK, f"{signer.address}, {kind}")

    def gas(self, signer: Signer) -> Finding:
        """Whether the account can pay for what it will send."""
        held, offer = self.chain.balance(signer.address), self.fees.offer(self.fees.now(self.chain))
        wanted, least = JOB_GAS * offer.max_fee, CALL_GAS * offer.max_fee
        state = State.FAIL if held < least or not held else State.WARN if held < wanted else State.OK
        price = _gwei(offer.max_fee)
        text = f"{_coins(held)} of the chain's coin; a campaign may take {_coins(wanted)} at {price}"
        advice = "" if state is State.OK else f"send some to {signer.address}"
        return Finding("gas", state, text, advice)


def keystore_mode(path: Path) -> Finding:
    """Whether a keystore is its owner's alone to read."""
    mode = path.stat().st_mode & 0o777
    state = State.WARN if mode & 0o077 else State.OK
    advice = f"chmod 600 {path}" if state is State.WARN else ""
    return Finding("keystore", state, f"opens; its mode is {mode:03o}", advice)


def clock_of_api(url: str, now: Callable[[], float]) -> Finding:
    """The machine's clock beside that of a service, by the `Date` of what it answers.

    Raises:
        InputError: No URL.
        ServiceError: Nobody answers there, or without a date.
    """
    import httpx

    if not url.startswith(("http://", "https://")):
        raise InputError(f"a service is at http:// or https:// and a host, not {url!r:.200}")
    try:
        answer = httpx.get(f"{url.rstrip('/')}/healthz", timeout=10.0)
        then = parsedate_to_datetime(answer.headers["date"])
    except (httpx.HTTPError, KeyError, ValueError) as error:
        raise ServiceError(f"no date from the service: {type(error).__name__}") from None
    return off_by("clock beside the API", now() - then.replace(tzinfo=then.tzinfo or UTC).timestamp())


def off_by(what: str, seconds: float) -> Finding:
    """A difference of clocks, in seconds; above zero this machine's is ahead."""
    state = graded(abs(seconds), *CLOCK_SECONDS)
    text = f"{abs(seconds):.1f} s {'ahead' if seconds > 0 else 'behind'} (limit {CLOCK_SECONDS[1]:.0f} s)"
    return Finding(what, state, text, _clock_advice(state))


def _clock_advice(state: State) -> str:
    return "" if state is State.OK else _SET_CLOCK


def _coins(wei: int) -> str:
    return f"{wei // COIN}.{wei % COIN // 10**12:06d}"


def _gwei(wei: int) -> str:
    return f"{wei / GWEI:,.3f} gwei"
