"""ApeWorX compiles, deploys and calls the contracts; `scripts/ape test` runs this."""

from __future__ import annotations

from typing import NamedTuple

import ape
import pytest

HOUR = 3_600
DAY = 24 * HOUR


class Limits(NamedTuple):
    """The registry's constructor arguments, in seconds; the order is the contract's."""

    min_period: int = 48 * HOUR
    min_rescue: int = 7 * DAY
    max_period: int = 90 * DAY
    max_horizon: int = 730 * DAY


class Deployment(NamedTuple):
    """The contracts that the tests call."""

    registry: object
    licenses: object


@pytest.fixture(scope="module")
def deployer(accounts):
    return accounts[0]


@pytest.fixture(scope="module")
def deployment(deployer, project):
    contests = deployer.deploy(project.RegistryContests)
    extension = deployer.deploy(project.RegistryExtension, contests.address)
    registry = deployer.deploy(project.TaskRegistry, tuple(Limits()), extension.address)
    return Deployment(registry, deployer.deploy(project.LicenseRegistry, registry.address))


def test_the_registry_keeps_the_limits_it_was_given(deployment):
    assert tuple(deployment.registry.limits()) == (48 * HOUR, 7 * DAY, 90 * DAY, 730 * DAY)


def test_the_share_template_belongs_to_the_registry(deployment, project):
    template = project.ContributorShare.at(deployment.registry.shareImplementation())

    assert template.registry() == deployment.registry.address


def test_the_licences_belong_to_the_registry(deployment):
    assert deployment.licenses.registry() == deployment.registry.address


def test_no_part_names_a_next_one_without_code(deployer, project):
    with ape.reverts():
        deployer.deploy(project.TaskRegistry, tuple(Limits()), deployer.address)
    with ape.reverts():
        deployer.deploy(project.RegistryExtension, deployer.address)


def test_the_parts_name_each_other(deployment, project):
    extension = project.RegistryExtension.at(deployment.registry.extension())
    contests = project.RegistryContests.at(extension.contests())

    assert contests.receiptEndOf(bytes(32), deployment.registry.address, bytes(32)) == 0


def test_the_development_token_belongs_to_its_deployer(deployer, project):
    token = deployer.deploy(project.RewardToken, "Reward", "RWD", 6, 10**15)

    assert token.balanceOf(deployer) == token.totalSupply() == 10**15
    assert token.decimals() == 6
