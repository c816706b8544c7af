"""Deploys labelshare with ApeWorX: `scripts/ape run deploy [--network NETWORK] [--account ALIAS]`.

The registry has no owner: who deploys it gains no right over it. On a development chain periods may be short
and a reward token is deployed as well; elsewhere the registry itself refuses periods below the safe minimum.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click
from ape import accounts, chain, project
from ape.cli import ConnectedProviderCommand, account_option

if TYPE_CHECKING:
    from ape.api import AccountAPI
    from ape.contracts import ContractInstance

DEVELOPMENT_CHAINS = {31_337, 131_277_322_940_537}
HOUR = 3_600
DAY = 24 * HOUR


class Limits(NamedTuple):
    """The registry's constructor arguments, in seconds; the order is the contract's."""

    min_period: int = 48 * HOUR
    min_rescue: int = 7 * DAY
    max_period: int = 90 * DAY
    max_horizon: int = 730 * DAY


class Deployment(NamedTuple):
    """The contracts of one deployment."""

    registry: ContractInstance
    licenses: ContractInstance


def deploy(account: AccountAPI, limits: Limits) -> Deployment:
    """Deploys the registry's three parts, and the licence registry that pays through it."""
    contests = account.deploy(project.RegistryContests)
    extension = account.deploy(project.RegistryExtension, contests.address)
    registry = account.deploy(project.TaskRegistry, tuple(limits), extension.address)
    licenses = account.deploy(project.LicenseRegistry, registry.address)
    return Deployment(registry, licenses)


@click.command(cls=ConnectedProviderCommand)
@account_option(prompt=None)
def cli(account: AccountAPI | None) -> None:
    """Deploys labelshare and prints the addresses."""
    development = chain.chain_id in DEVELOPMENT_CHAINS
    if account is None and development:
        account = accounts.test_accounts[0]
    if account is None:
        raise click.UsageError("--account names the account that pays for the deployment")
    if not development and account.address in {test.address for test in accounts.test_accounts}:
        raise click.ClickException(f"{account.address} is a public development key")

    deployed = deploy(account, Limits(min_period=1, min_rescue=1) if development else Limits())
    click.echo(f"TaskRegistry     {deployed.registry.address}")
    click.echo(f"LicenseRegistry  {deployed.licenses.address}")
    if development:
        token = account.deploy(project.RewardToken, "Reward", "RWD", 6, 10**15)
        click.echo(f"RewardToken      {token.address}")
