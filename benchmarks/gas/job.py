"""What the benchmark asks of a protocol: run one whole job and say what each call cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from web3 import Web3


class Job(Protocol):
    """A module that runs one whole job of one protocol.

    Attributes:
        ASIDE: names of calls that `run` reports but that are not part of the job (done once for many jobs, or
            something the peer has nothing like). They get lines of their own and are in no total.
    """

    ASIDE: frozenset[str]

    def run(self, web3: Web3, annotators: int, held: bool) -> dict[str, int]:
        """Deploys the protocol, brings it to the state of one in use, and runs one job.

        Args:
            web3: a node with unlocked accounts that mines each transaction at once.
            annotators: how many are paid, at least 1.
            held: whether annotators hold the token before they are paid; if not, each payment fills an empty
                balance slot, which costs 17,100 gas more (EIP-2200, EIP-2929).

        Returns:
            Gas used by each call, in order of first use; calls of one name are summed.

        Raises:
            RuntimeError: a transaction failed or a wallet did not receive what it should.
            web3.exceptions.ContractLogicError: a contract refused a call.
        """
        ...
