"""What outlives the process: messages, transactions, sealed batches and bundles, in one SQL database.

The oracle's engine and an annotator's client keep nothing else anywhere but on the chain.
"""
