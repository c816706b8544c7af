"""A development service with its pages, and campaigns that real accounts fund, label and settle on it."""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.gas import node
from benchmarks.intake.running import running
from benchmarks.sides import SideError
from labelshare.chain.campaign import Campaign
from labelshare.chain.connect import connect
from labelshare.chain.listing import pools
from labelshare.chain.state import Status
from labelshare.chain.transactions import Sender
from labelshare.chain.unlocked import junk_signers
from labelshare.client.annotator import Annotator
from labelshare.client.connection import Connection
from labelshare.client.requester import Requester, Terms, share_cap_for
from labelshare.client.seats import seat_calls
from labelshare.client.service import ServiceClient
from labelshare.commands.ground import ACCOUNTS, COIN, STAKE, Ground, taken_up
from labelshare.errors import LabelshareError
from labelshare.protocol.spec import Spec
from labelshare.replay.rules import schedule_from
from labelshare.types import Hash32

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from labelshare.chain.keys import Signer
    from labelshare.types import Address, CampaignId

__all__ = ["FIRST_VISITOR", "OTHERS", "Place", "place", "text_of"]

FIRST_VISITOR: Final = 3
"""The page's development accounts from here on label; the first one funds, in the page and outside of it."""
OTHERS: Final = (8, 9)

CLASSES: Final = ("good", "bad", "none of the two")
SENTENCES: Final = (
    "The tram came late again, and nobody at the stop told us why or how long it would take.",
    "What a bright, easy morning by the river; we stayed until the bells rang and walked home.",
    "The parcel has arrived. The box was open on one side, the cups inside were whole.",
    "I would not go back there if they paid me: an hour in the queue, and then cold soup.",
    "Best bread I have had in years, still warm, and the woman who sold it laughed at my accent.",
)
CONFIG: Final = (
    '<View><Header value="How does it sound?"/><Text name="text" value="$text"/>'
    '<Choices name="mood" toName="text">'
    + "".join(f'<Choice value="{name}"/>' for name in CLASSES)
    + "</Choices></View>"
)
_PATIENCE: Final = 120.0
_BATCH: Final = 2_000


def text_of(item: int) -> str:
    """An item's content; its number tells it from all others."""
    chosen = (SENTENCES[item % len(SENTENCES)], SENTENCES[(item + 2) % len(SENTENCES)])
    return f"{' '.join(chosen)} (item {item})"


@dataclass
class Place:
    """The service.

    Attributes:
        url: Where its pages are.
        ground: What its chain has.
        folder: For files.
    """

    url: str
    ground: Ground
    folder: Path
    stack: ExitStack
    signers: Sequence[Signer] = field(default_factory=lambda: junk_signers(ACCOUNTS))
    seated: set[Address] = field(default_factory=set)

    def fund(self, title: str, count: int, *, k: int, with_content: bool) -> CampaignId:
        """A campaign of so many texts, k answers each, in which everybody may label everything."""
        spec, signer = _spec(title, count, k), self.signers[0]
        client = self._client(signer)
        client.put_spec(spec)
        requester = Requester(Sender(self._chain), self.ground.contracts, signer)
        dataset = requester.create_dataset(
            title,
            "TEXTS",
            revenue_token=self.ground.contracts.development_token.address,
            contributor_bps=7_000,
            max_shares=share_cap_for(spec),
        )
        # What one campaign has of a seat is behind all of its labels, with some to spare.
        (pool,) = [each.params for each in pools(self._chain, self.ground.deployment)]
        stake = STAKE // pool.max_open // (count + 10)
        terms = Terms(stake, fee_bps=500, schedule=schedule_from(self._chain.now(), rounds=1))
        scope, _ = requester.open_campaign(pool, dataset, spec, terms)
        campaign = scope.campaign_id
        self._wait("accepted", lambda: self._status(campaign) is Status.OPEN)
        self._wait("known to the service", lambda: client.campaign(campaign))
        if with_content:
            for item in range(count):
                content = text_of(item).encode()
                client.put_media(campaign, Hash32(sha256(content).digest()), content)
        return campaign

    def enrol(self, campaign: CampaignId, accounts: Sequence[int]) -> list[Annotator]:
        """Accounts by their number take seats and enrol, the seed is drawn, and the round begins."""
        people = [self.signers[number] for number in accounts]
        (pool,) = [each.params for each in pools(self._chain, self.ground.deployment)]
        new = [each for each in people if each.address not in self.seated]
        calls = [(e, call) for e in new for call in seat_calls(self.ground.contracts, pool, e.address)]
        Sender(self._chain).send_many(calls)
        self.seated |= {each.address for each in new}
        annotators = [self._annotator(campaign, each) for each in people]
        for each in annotators:
            each.enrol()
        line, registry = annotators[0].params.schedule, self.ground.contracts.registry
        self._go_to(line.enrol_end - line.grace - 600)
        self._wait("given a roster", lambda: any(registry.campaign(campaign).roster_root))
        self._go_to(line.enrol_end)
        self._wait("given a seed", lambda: any(registry.campaign(campaign).seed))
        self._go_to(line.work_start)
        client = self._client(people[0])
        self._wait("in its round", lambda: client.assignment(campaign, limit=1).takes_batches)
        return annotators

    def settle(self, campaign: CampaignId, annotators: Sequence[Annotator], count: int) -> None:
        """All but the first say one thing of every item, the first another; then the result is final."""
        line, registry = annotators[0].params.schedule, self.ground.contracts.registry
        for number, each in enumerate(annotators):
            for start in range(0, count, _BATCH):
                items = range(start, min(count, start + _BATCH))
                each.submit(0, dict.fromkeys(items, int(number == 0)))
        self._go_to(line.aggregate_close(0) - 600)
        self._wait("aggregated", lambda: any(registry.round_root(campaign, 0)))
        self._go_to(line.commit_end)
        for each in annotators:
            for batch in each.batches:
                each.open(batch)
        self._go_to(line.reveal_end)
        self._wait("settled", lambda: self._status(campaign) is Status.PROPOSED)
        self._go_to(registry.campaign(campaign).since + line.window)
        self._wait("final", lambda: self._status(campaign) is Status.FINAL)

    @property
    def _chain(self) -> Any:
        return self.ground.contracts.registry.chain

    def _status(self, campaign: CampaignId) -> Status:
        return self.ground.contracts.registry.campaign(campaign).status

    def _go_to(self, timestamp: int) -> None:
        if self._chain.now() < timestamp:
            self._chain.advance_to(timestamp)

    def _client(self, signer: Signer) -> ServiceClient:
        connection = self.stack.enter_context(Connection(self.url))
        client = ServiceClient(connection, signer, chain_id=self._chain.chain_id)
        client.sign_in()
        return client

    def _annotator(self, campaign: CampaignId, signer: Signer) -> Annotator:
        client = self._client(signer)
        spec = client.spec(client.campaign(campaign).spec_hash)
        found = Campaign.load(self._chain, self.ground.deployment, campaign, spec)
        return Annotator.of(found, signer, client.transport(campaign))

    @staticmethod
    def _wait(what: str, is_so: Callable[[], Any]) -> None:
        """Until it is so; what the service does not know yet it answers with an error."""
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            try:
                if is_so():
                    return
            except LabelshareError:
                pass
            time.sleep(0.2)
        raise SideError(f"the campaign was not {what} within {_PATIENCE:.0f} s")


@contextmanager
def place() -> Iterator[Place]:
    """`labelshare dev` as a process with anvil, until the block ends.

    Raises:
        benchmarks.sides.SideError: it does not come up.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        command = ["labelshare", "dev", "--port", "0", "--anvil", str(node.binary()), "--state", str(folder)]
        server = stack.enter_context(running(command))
        ground = taken_up(connect(f"{server.url}/rpc"), folder / "deployment.json")
        yield Place(server.url, ground, folder, stack)


def _spec(title: str, count: int, k: int) -> Spec:
    """Nothing is accepted unless four of five agree: two of three leave every item contested."""
    return Spec.of(
        {
            "title": title,
            "instructions": "Say how the text sounds.",
            "task": {"type": "single-choice.v1", "config": CONFIG},
            "items": [
                {"digest": sha256(text_of(item).encode()).hexdigest(), "name": f"text {item}"}
                for item in range(count)
            ],
            "price": str(COIN // 1_000),
            "share_weight": str(COIN),
            "seconds_per_label": 6,
            "redundancy": {"policy": "fixed.v1", "k": k},
            "assignment": {"policy": "given.v1"},
            "aggregation": {"policy": "majority.v1"},
            "acceptance": {"policy": "threshold.v1", "numerator": 4, "denominator": 5},
            "skill": {"policy": "leave-one-out.v1"},
            "pay": {"policy": "flat.v1"},
            "shares": {"policy": "flat.v1"},
            "slash": {"policy": "none.v1"},
            "gold": {"policy": "none.v1"},
        }
    )
