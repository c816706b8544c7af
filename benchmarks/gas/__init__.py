"""Gas of a whole labelling job, ours beside HUMAN Protocol's, from receipts of one local node in one run.

A job is what a requester, an operator and the annotators send to the chain from the first funding until the
tokens are in the annotators' wallets. Deployment and what an actor does once for many jobs do not count.
"""

from benchmarks.gas.compare import SIZES, measure

__all__ = ["SIZES", "measure"]
