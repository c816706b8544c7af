"""Real Chromium, and a visitor in it: the same as `scripts/bench web` measures with."""

from __future__ import annotations

from benchmarks.web.browser import NARROW, PATIENCE, WIDE, Visitor, chromium_program, running_chromium

__all__ = ["NARROW", "PATIENCE", "WIDE", "Visitor", "chromium_program", "running_chromium"]
