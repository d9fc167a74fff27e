"""Products and services as QuickBooks writes them."""

from __future__ import annotations

from tieout.adapters.quickbooks.wire import Node
from tieout.domain.customer import LedgerItem


def read_item(node: Node) -> LedgerItem:
    """The item of an answer. `type` is QuickBooks' word: Service, NonInventory, Inventory, Group, Category..."""
    return LedgerItem(
        id=node.text("Id"),
        name=node.text("Name"),
        sku=node.optional_text("Sku"),
        active=node.flag("Active", default=True),
        type=node.optional_text("Type"),
    )
