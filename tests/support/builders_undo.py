"""Undoing over both sandboxes: the service over a world of money, and what stands in QuickBooks."""

from __future__ import annotations

from tests.support.builders_money_world import DOCUMENTS, MoneyWorld
from tests.support.builders_world import VENDOR_TIMEOUT, World
from tests.support.memory_connecting import MemoryTrail
from tieout.domain.record import Kind, RecordKey
from tieout.services.undo import Group, Undo, Undone


def undo_of(world: World) -> Undo:
    """The service."""
    return Undo(world.claims, MemoryTrail(world.records), VENDOR_TIMEOUT)


def invoice_key(id_: str) -> RecordKey:
    """The record of a HubSpot invoice."""
    return RecordKey("c1", Kind.INVOICE, "hubspot", id_)


def payment_key(id_: str) -> RecordKey:
    """The record of a HubSpot payment."""
    return RecordKey("c1", Kind.PAYMENT, "hubspot", id_)


def planned(world: World, key: RecordKey) -> Group:
    """What would be taken back now."""
    workspace = world.open("c1")
    assert workspace is not None
    return undo_of(world).of_record(workspace, key)


def undone(world: World, key: RecordKey, note: str = "") -> Undone:
    """Ada takes it back."""
    workspace = world.open("c1")
    assert workspace is not None
    return undo_of(world).carry_out(workspace, planned(world, key), "Ada", "cli-1", note)


def live(world: MoneyWorld) -> list[str]:
    """The documents that stand in QuickBooks and are not voided, by kind."""
    rows = [(entity, row) for entity in ("Invoice", *DOCUMENTS) for row in world.booked(entity)]
    return [entity for entity, row in rows if row["TotalAmt"]]
