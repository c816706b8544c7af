"""One label out of many for each item, ours beside crowd-kit's, on one simulated crowd in one run."""
