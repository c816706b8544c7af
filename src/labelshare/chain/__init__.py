"""The chain as labelshare sees it: contracts, events, transactions, keys and connections."""
