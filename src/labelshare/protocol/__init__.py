"""The rules that decide money: pure functions over frozen values, no chain, clock, file or randomness."""
