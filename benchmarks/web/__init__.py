"""The web app in a real browser: first loads, the next item, long tables."""
