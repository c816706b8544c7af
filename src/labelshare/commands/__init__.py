"""The command line's groups: each parses, checks, asks, calls the client and prints."""
