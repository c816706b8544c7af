"""Pictures of a campaign: pure functions from numbers to SVG, each with its reading and its table."""
