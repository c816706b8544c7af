"""The way in: a chain in this process or behind a URL."""

from __future__ import annotations

from labelshare.chain.node import Chain
from labelshare.errors import InputError, WrongChainError

__all__ = ["connect"]


def connect(url: str | None = None, *, expected_chain_id: int | None = None) -> Chain:
    """Connect to a chain; without a URL a fresh one in this process.

    Args:
        url: A JSON-RPC address, http or https.
        expected_chain_id: The chain that is meant; any other is refused before anything is sent.

    Raises:
        WrongChainError: The node runs another chain.
        ChainError: No node answers.
    """
    chain = _open(url)
    if expected_chain_id not in (None, chain.chain_id):
        where = "the node" if url else "the in-process chain"
        raise WrongChainError(f"{where} is chain {chain.chain_id}, expected {expected_chain_id}")
    return chain


def _open(url: str | None) -> Chain:
    if url is None:
        from labelshare.chain.embedded import EmbeddedChain

        return EmbeddedChain()
    if not url.startswith(("http://", "https://")):
        raise InputError(f"a node's address begins with http:// or https://: {url}")
    from labelshare.chain.remote import RemoteChain

    return RemoteChain(url)
