"""Models that turn the labels of an item into one: one model a file, all exact in integers."""
