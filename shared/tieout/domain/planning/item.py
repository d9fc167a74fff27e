"""Which ledger item a line is sold as."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from tieout.domain.attention import AttentionCode
from tieout.domain.customer import LedgerItem
from tieout.domain.invoice import SourceLine
from tieout.domain.planning.plan import Attend
from tieout.domain.settings import Settings


@dataclass(frozen=True, slots=True)
class UseItem:
    """The item to use; `how` says by what it matched ("sku", "name" or "fallback"). `stock`: its quantity is counted,
    which is not known of a fallback item."""

    id: str
    how: str
    stock: bool = False


def origin_id(line: SourceLine) -> str:
    """The key under which a line's item is remembered: its HubSpot product, else its SKU, else its name.

    Texts of people are hashed: a name may be long, and it does not belong into a key.
    """
    if line.product_id:
        return f"product:{line.product_id}"
    kind, text = ("sku", line.sku) if line.sku else ("name", line.name.casefold())
    return f"{kind}:{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def plan_item(line: SourceLine, candidates: Sequence[LedgerItem], settings: Settings) -> UseItem | Attend:
    """Match a line by SKU, then by name, then the fallback item, else attention. Never a guess among several."""
    sold = [one for one in candidates if one.active and one.sold]
    if line.sku:
        by_sku = [one for one in sold if one.sku == line.sku]
        if len(by_sku) > 1:
            return Attend(AttentionCode.ITEM_AMBIGUOUS, f"SKU {line.sku}: {', '.join(one.name for one in by_sku[:5])}.")
        if by_sku:
            return UseItem(by_sku[0].id, "sku", by_sku[0].stock)
    by_name = [one for one in sold if one.name.casefold() == line.name.casefold()]
    if len(by_name) == 1:
        return UseItem(by_name[0].id, "name", by_name[0].stock)
    if settings.fallback_item_id:
        return UseItem(settings.fallback_item_id, "fallback")
    sku = f" (SKU {line.sku})" if line.sku else ""
    return Attend(AttentionCode.ITEM_MISSING, f"Line “{line.name}”{sku}.")
