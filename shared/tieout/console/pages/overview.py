"""Overview: how the sync is doing."""

from __future__ import annotations

from tieout.console.desk import Desk
from tieout.console.language import message
from tieout.console.routing import Page, shows
from tieout.console.visit import Visit
from tieout.console.web import Reply


def overview(_desk: Desk, visit: Visit) -> Reply:
    """The page."""
    return visit.draw("overview.html")


PAGE = Page("overview", (shows("/overview", overview),), message("Overview"), "/overview")
