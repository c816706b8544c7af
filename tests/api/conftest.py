"""What all tests of this folder watch for."""

from tests.asking import no_chain_is_asked_while_a_store_is_written, watched

__all__ = ["no_chain_is_asked_while_a_store_is_written", "watched"]
