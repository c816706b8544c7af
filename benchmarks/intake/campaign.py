"""A campaign whose annotators are at work: funded, staked, enrolled over HTTP, in round 0.

The service itself accepts it, posts the roster, draws the seed and begins the round; the chain's clock alone
is put forward.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import httpx

from benchmarks.sides import SideError
from labelshare.chain.connect import connect
from labelshare.chain.deploy import PUBLIC_LIMITS, Contracts, Deployment, deploy
from labelshare.chain.keys import Signer, development_signer
from labelshare.chain.transactions import Sender
from labelshare.client.requester import Requester, Terms, escrow_for, share_cap_for
from labelshare.protocol import typed_data
from labelshare.protocol.rewards import bond_for
from labelshare.protocol.sign_in import personal_digest
from labelshare.protocol.spec import Spec
from labelshare.replay.rules import DAY, schedule_from
from labelshare.types import NOBODY, PoolParams, Schedule, Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from labelshare.chain.node import Chain
    from labelshare.chain.state import CampaignState

__all__ = ["ORACLE", "Open", "Plan", "funded"]

DEPLOYER: Final = development_signer("intake", "deployer")
REQUESTER: Final = development_signer("intake", "requester")
ORACLE: Final = development_signer("intake", "oracle")

ETHER: Final = 10**18
STAKE_PER_LABEL: Final = 2 * 10**17
FEE_BPS: Final = 500
CLASSES: Final = 5
_CONFIG: Final = (
    '<View><Text name="item" value="$text"/><Choices name="class" toName="item">'
    + "".join(f'<Choice value="{number}"/>' for number in range(CLASSES))
    + "</Choices></View>"
)
_SLACK: Final = 1.1
_MARGIN: Final = 600  # seconds before the end of a period: the service does what ends it from 900 on
_PATIENCE: Final = 120.0


@dataclass(frozen=True)
class Plan:
    """What each annotator sends: batches of one label, then batches of several.

    Attributes:
        n_people: Annotators, and connections.
        n_single: Batches of one label, of each.
        n_large: Batches of `LARGE` labels, of each.
    """

    n_people: int
    n_single: int
    n_large: int

    @property
    def labels_each(self) -> int:
        """Of one annotator."""
        return self.n_single + LARGE * self.n_large

    @property
    def redundancy(self) -> int:
        """Labels an item: a fifth of the annotators, twenty at most."""
        return max(1, min(20, self.n_people // 5))

    @property
    def n_items(self) -> int:
        """Enough that hashing gives everybody what it needs, or nearly."""
        spread = _SLACK * self.labels_each + 20
        return int(spread * self.n_people / self.redundancy)

    def spec(self) -> Spec:
        """The campaign's spec: items are assigned, nobody labels what it likes."""
        return Spec.of(
            {
                "title": "Intake",
                "instructions": "",
                "task": {"type": "single-choice.v1", "config": _CONFIG},
                "items": [{"digest": f"{item:064x}"} for item in range(self.n_items)],
                "price": str(ETHER // 20),
                "share_weight": str(ETHER),
                "seconds_per_label": 5,
                "redundancy": {"policy": "fixed.v1", "k": self.redundancy},
                "assignment": {"policy": "rendezvous.v1", "cap_bps": 2_000},
                "aggregation": {"policy": "majority.v1"},
                "acceptance": {"policy": "threshold.v1", "numerator": 3, "denominator": 5},
                "skill": {"policy": "leave-one-out.v1"},
                "pay": {"policy": "flat.v1"},
                "shares": {"policy": "flat.v1"},
                "slash": {"policy": "none.v1"},
                "gold": {"policy": "none.v1"},
            }
        )


LARGE: Final = 20


@dataclass(frozen=True)
class Open:
    """A funded campaign.

    Attributes:
        url, chain: Its chain's node.
        deployment, contracts: The contracts.
        scope, schedule: The campaign.
        spec: Its rules.
        people: The annotators.
    """

    url: str
    chain: Chain
    deployment: Deployment
    contracts: Contracts
    scope: Scope
    schedule: Schedule
    spec: Spec
    people: Sequence[Signer]

    @property
    def path(self) -> str:
        """Where a service has it."""
        return f"/v1/campaigns/{self.scope.campaign_id}"

    def begin(self, service: httpx.Client) -> list[str]:
        """Hand in the spec, sign everybody in and enrol them, wait for round 0; the tokens."""
        requester = _token(service, REQUESTER)
        _good(
            service.put(
                f"/v1/specs/{self.spec.hash}",
                content=self.spec.canonical_bytes,
                headers={"Authorization": f"Bearer {requester}", "Content-Type": "application/json"},
            )
        )
        tokens = [_token(service, each) for each in self.people]
        self._wait("accepted", lambda: self._state.bond)
        enrol = typed_data.digest(self.scope, typed_data.enrol_hash(self.scope.campaign_id))
        for signer, token in zip(self.people, tokens, strict=True):
            body = {"annotator": str(signer.address), "signature": "0x" + signer.sign_digest(enrol).hex()}
            _good(service.post(f"{self.path}/enrolments", json=body, headers=_bearer(token)))
        self.chain.advance_to(self.schedule.enrol_end - self.schedule.grace - _MARGIN)
        self._wait("given a roster", lambda: any(self._state.roster_root))
        self.chain.advance_to(self.schedule.enrol_end)
        self._wait("given a seed", self._has_seed)
        self.chain.advance_to(self.schedule.work_start)
        self._wait("in its round", lambda: self._takes_batches(service, tokens[0]))
        return tokens

    def end_round(self, service: httpx.Client, token: str) -> None:
        """Wait until the round's root is posted, then until batches are opened."""
        self.chain.advance_to(self.schedule.aggregate_close(0) - _MARGIN)
        registry, campaign = self.contracts.registry, self.scope.campaign_id
        self._wait("aggregated", lambda: any(registry.round_root(campaign, 0)))
        self.chain.advance_to(self.schedule.commit_end)
        _good(service.get(f"{self.path}/receipts", params={"limit": 1}, headers=_bearer(token)))

    def warm(self, service: httpx.Client, token: str) -> None:
        """Let a process know the round, as it does from the first request on that needs it."""
        _good(service.get(f"{self.path}/assignment", params={"limit": 1}, headers=_bearer(token)))

    def _takes_batches(self, service: httpx.Client, token: str) -> bool:
        answer = service.get(f"{self.path}/assignment", params={"limit": 1}, headers=_bearer(token))
        return answer.status_code == 200 and bool(answer.json()["takesBatches"])

    def _has_seed(self) -> bool:
        self.chain.mine(1)
        return any(self._state.seed)

    @property
    def _state(self) -> CampaignState:
        return self.contracts.registry.campaign(self.scope.campaign_id)

    def _wait(self, what: str, is_so: Callable[[], Any]) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not is_so():
            if time.monotonic() > deadline:
                raise SideError(f"the campaign was not {what} within {_PATIENCE:.0f} s")
            time.sleep(0.3)


def funded(url: str, plan: Plan) -> Open:
    """Contracts, purses, seats, and the campaign with its escrow."""
    chain, spec = connect(url), plan.spec()
    people = [development_signer("intake", str(number)) for number in range(plan.n_people)]
    stake = int(plan.labels_each * _SLACK * 2 + 20) * STAKE_PER_LABEL
    escrow = escrow_for(spec, FEE_BPS)
    purses = {each.address: stake for each in people}
    purses |= {REQUESTER.address: escrow, ORACLE.address: bond_for(escrow, 0)}
    chain.fund_all([DEPLOYER.address, *purses], 1_000 * ETHER)
    sender = Sender(chain)
    deployment = deploy(sender, DEPLOYER, PUBLIC_LIMITS)
    contracts = deployment.bind(chain)
    token, registry = contracts.development_token, contracts.registry
    sender.send_many([(DEPLOYER, token.transfer(account, purse)) for account, purse in purses.items()])
    pool = PoolParams(ORACLE.address, token.address, stake, 365 * DAY, 1, NOBODY, NOBODY, 0, NOBODY, 0)
    sender.send(ORACLE, registry.create_pool(pool))
    calls = (token.approve(registry.address, stake), registry.join(pool))
    sender.send_many([(each, call) for each in people for call in calls])
    requester = Requester(sender, contracts, REQUESTER)
    dataset = requester.create_dataset(
        "Intake", "SHARE", revenue_token=token.address, contributor_bps=7_000, max_shares=share_cap_for(spec)
    )
    terms = Terms(STAKE_PER_LABEL, FEE_BPS, schedule_from(chain.now(), rounds=1))
    scope, params = requester.open_campaign(pool, dataset, spec, terms)
    return Open(url, chain, deployment, contracts, scope, params.schedule, spec, people)


def _token(service: httpx.Client, signer: Signer) -> str:
    """Sign-in with Ethereum, as a wallet does it."""
    asked = _good(service.post("/v1/sign-ins", json={"account": str(signer.address)}))
    signature = "0x" + signer.sign_digest(personal_digest(asked["message"])).hex()
    return str(
        _good(service.post("/v1/sessions", json={"nonce": asked["nonce"], "signature": signature}))["token"]
    )


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _good(answer: httpx.Response) -> Any:
    if answer.status_code not in (200, 201, 204):
        raise SideError(
            f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text[:500]}"
        )
    return answer.json() if answer.content else None
