"""A crowd through the whole life of a campaign, on a real chain, each person with a key of its own."""
