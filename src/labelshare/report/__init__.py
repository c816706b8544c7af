"""What a campaign came to, told from the chain and the bundle alone."""
