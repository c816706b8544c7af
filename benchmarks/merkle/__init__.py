"""Merkle trees of many leaves, ours beside @openzeppelin/merkle-tree, over the same values in one run."""
