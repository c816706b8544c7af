"""Figures of labelshare beside its best public peers, measured in one run."""
