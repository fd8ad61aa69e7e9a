"""The operator's pages about what is owed and issued."""

from billing.operators import overview, pages, panels

__all__ = ["overview", "pages", "panels"]
