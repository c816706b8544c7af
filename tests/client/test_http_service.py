"""A campaign that the service's workers run while its people use the API on a real port."""

from __future__ import annotations

from labelshare.api.settings import ApiSettings, Rate
from labelshare.chain.contracts import Parts
from labelshare.chain.state import Status
from labelshare.client.connection import Connection
from labelshare.client.service import ServiceClient
from labelshare.protocol.verify import verify
from tests.api.served import served
from tests.oracle.play import Play
from tests.oracle.stage import build


def test_people_over_the_network_and_workers_beside_it_finish_a_campaign() -> None:
    stage = build(for_threads=True)
    play = Play(stage, [stage.database])
    campaign, registry = stage.scope.campaign_id, stage.contracts.registry
    clients: dict[str, ServiceClient] = {}
    with served(play.desks[0], ApiSettings(address_rate=Rate(0, 1), account_rate=Rate(0, 1))) as url:
        for name, person in play.people.items():
            line = Connection(url)
            clients[name] = ServiceClient(line, stage.people[name], chain_id=stage.chain.chain_id)
            person.transport = clients[name].transport(campaign)
        play.live()

        ann = clients["ann"]
        told = ann.campaign(campaign)
        assert play.status() is Status.FINAL
        assert told.status == "final"
        assert told.proposal is not None
        bundle = ann.bundle(campaign, told.proposal.bundle_hash)
        report = verify(stage.record(), bundle)
        assert report.ok
        assert report.labels == told.progress.labels > 0
        for name, client in clients.items():
            earned = client.earnings(campaign)
            assert (earned.pending, earned.claimable) == (0, 0)
            assert earned.leaf is None or (earned.paid, earned.shares_paid) == (
                earned.leaf.payout,
                earned.leaf.shares,
            )
            held = stage.contracts.development_token.balance_of(stage.people[name].address)
            assert held == earned.paid
            if earned.leaf:
                assert registry.claimed_parts(campaign, earned.leaf.index) == Parts.BOTH
        assert sum(client.earnings(campaign).paid for client in clients.values()) == report.payout_total > 0
        for client in clients.values():
            client.connection.close()
