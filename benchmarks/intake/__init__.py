"""Messages a second: sealed batches and what opens them, from many connections into the store."""
