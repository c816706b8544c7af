"""Signed batches checked on one core, ours beside eth-account's, the same batches in one run."""
