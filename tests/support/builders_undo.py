"""Undoing over both sandboxes: the service over a world of money, and what stands in QuickBooks."""

from __future__ import annotations

from decimal import Decimal

from tests.support.builders_money_world import DOCUMENTS, MoneyWorld
from tests.support.builders_world import VENDOR_TIMEOUT, World
from tests.support.memory_connecting import MemoryTrail
from tieout.domain.planning.undo import Hindrance, Refused
from tieout.domain.record import BY_HAND, Kind, RecordKey, State, SyncRecord
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


def paid(world: MoneyWorld) -> tuple[str, str]:
    """An invoice with its payment, both in QuickBooks."""
    invoice = world.synced()
    payment = world.people.pay(invoice)
    assert world.look(payment).state is State.SYNCED
    return invoice, payment


def refunded(world: MoneyWorld) -> tuple[str, str]:
    """The same with a refund of a part."""
    invoice, payment = paid(world)
    world.people.refund(payment, Decimal("60.00"))
    world.look(payment)
    assert world.counts() == {"Payment": 1, "RefundReceipt": 1}
    return invoice, payment


def left_alone(record: SyncRecord) -> bool:
    """Whether it ended as an undone record does."""
    return (record.state, record.reason) == (State.IGNORED, BY_HAND) and record.detail.startswith("Undone by Ada.")


def refusal(plan: object) -> Hindrance:
    """Why nothing is taken back."""
    assert isinstance(plan, Refused)
    return plan.why


def quiet(world: MoneyWorld, *keys: str) -> None:
    """Nothing brings it back: neither what is due, nor webhooks, nor a sweep."""
    before = live(world)
    world.run()
    for id_ in keys:
        world.push(world.hint(id_), world.pay_hint(id_))
    world.sweep()
    world.run()
    assert live(world) == before
