"""labelshare: an open protocol that makes annotators owners of the data they label."""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
