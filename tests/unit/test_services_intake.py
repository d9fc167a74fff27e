"""What feeds the workers: the intake of webhooks, and the dry run that feeds nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from tests.support.builders import NOW
from tests.support.builders_world import World
from tests.support.memory import MemoryHints, VirtualClock
from tieout.domain.company import Connection
from tieout.domain.errors import Malformed, Transient
from tieout.domain.hint import Cause, HintObject
from tieout.domain.invoice import SourceInvoice
from tieout.domain.planning.plan import Attend, Create, Nothing, Skip, Update
from tieout.ports import Delivery, Notice
from tieout.services.assess import NEW_CUSTOMER
from tieout.services.intake import MAX_BODY_BYTES, Intake, Received
from tieout.services.preview import preview

C1, C2 = Connection("c1", "1", "11"), Connection("c2", "2", "22")


# -- intake


@dataclass
class Vendor:
    """A vendor's webhooks: `notices` once the signature is right, which may need fresh secrets first."""

    notices: Sequence[Notice]
    wrong: int = 0
    fresh: bool = True
    refreshed: int = 0
    asked: list[str] = field(default_factory=list)

    def read(self, delivery: Delivery) -> Sequence[Notice]:
        if self.wrong:
            self.wrong -= 1
            raise Malformed(context={"reason": "signature_differs"})
        return self.notices

    def refresh(self) -> bool:
        self.refreshed += 1
        return self.fresh

    def connection(self, account: str) -> Connection | None:
        self.asked.append(account)
        return {"1": C1, "2": C2}.get(account)


def notice(id_: str = "42", account: str = "1", seconds: int = 0, *, followed: bool = True) -> Notice:
    when = NOW + timedelta(seconds=seconds)
    return Notice(account, HintObject.HUBSPOT_INVOICE if followed else None, id_, when)


DELIVERY = Delivery("POST", "https://x.test/webhooks/hubspot", {}, b"[]")


def test_each_record_that_a_delivery_names_gets_one_hint_with_its_newest_time() -> None:
    hints = MemoryHints(VirtualClock(NOW))
    vendor = Vendor([notice(seconds=1), notice(seconds=5), notice(seconds=3), notice("43"), notice("42", account="2")])
    assert Intake(hints).receive(vendor, DELIVERY, "t") == Received(5, 3, 0, 0)
    assert {(hint.connection, hint.id, (hint.occurred_at - NOW).seconds) for hint in hints.queued} == {
        ("c1", "42", 5), ("c1", "43", 0), ("c2", "42", 0),
    }  # fmt: skip
    assert {(hint.cause, hint.trace_id) for hint in hints.queued} == {(Cause.WEBHOOK, "t")}


def test_foreign_accounts_and_unfollowed_objects_are_counted_and_looked_up_once() -> None:
    hints = MemoryHints(VirtualClock(NOW))
    vendor = Vendor([notice(account="9"), notice("43", account="9"), notice(followed=False), notice()])
    assert Intake(hints).receive(vendor, DELIVERY, "t") == Received(1, 1, 2, 1)
    assert vendor.asked == ["9", "1"]


def test_a_delivery_without_events_is_taken_and_queues_nothing() -> None:
    hints = MemoryHints(VirtualClock(NOW))
    hints.refuse_next()
    assert Intake(hints).receive(Vendor([]), DELIVERY, "t") == Received(0, 0, 0, 0)


def test_a_signature_of_a_rotated_secret_is_tried_once_more_with_fresh_secrets() -> None:
    hints = MemoryHints(VirtualClock(NOW))
    assert Intake(hints).receive(Vendor([notice()], wrong=1), DELIVERY, "t").queued == 1
    twice = Vendor([notice()], wrong=2)
    with pytest.raises(Malformed):
        Intake(hints).receive(twice, DELIVERY, "t")
    assert twice.refreshed == 1


def test_a_forged_delivery_does_not_buy_a_second_look_when_the_secrets_are_fresh() -> None:
    forged = Vendor([notice()], wrong=1, fresh=False)
    with pytest.raises(Malformed):
        Intake(MemoryHints(VirtualClock(NOW))).receive(forged, DELIVERY, "t")
    assert forged.wrong == 0


def test_a_body_that_is_too_large_is_refused_before_it_is_read() -> None:
    vendor = Vendor([notice()])
    intake = Intake(MemoryHints(VirtualClock(NOW)))
    with pytest.raises(Malformed) as raised:
        intake.receive(vendor, replace(DELIVERY, body=b"x" * (MAX_BODY_BYTES + 1)), "t")
    assert raised.value.context["reason"] == "body_too_large"
    assert intake.receive(vendor, replace(DELIVERY, body=b"x" * MAX_BODY_BYTES), "t").queued == 1


def test_a_queue_that_refuses_makes_the_vendor_send_again() -> None:
    hints = MemoryHints(VirtualClock(NOW))
    hints.refuse_next()
    with pytest.raises(Transient):
        Intake(hints).receive(Vendor([notice()]), DELIVERY, "t")


# -- dry run


def dry(world: World, id_: str, *, by_person: bool = False) -> object:
    workspace = world.open("c1")
    assert workspace is not None
    before = list(world.records)
    found = preview(workspace, world.records, world.service.assessor, id_, "t", by_person=by_person)
    assert list(world.records) == before
    assert isinstance(found.source, SourceInvoice) or found.source is None
    return found.plan


def test_a_dry_run_says_what_a_push_would_do_and_does_nothing() -> None:
    world = World()
    id_ = world.invoice()
    plan = dry(world, id_)
    assert isinstance(plan, Create)
    assert plan.content.customer_id == NEW_CUSTOMER
    assert world.booked() == world.booked("Customer") == []
    world.sync(id_)
    assert isinstance(dry(world, id_), Nothing)
    world.edit(id_, hs_due_date="2026-04-15T00:00:00Z")
    changed = dry(world, id_)
    assert isinstance(changed, Update)
    assert [str(change) for change in changed.changes] == ["due date: 2026-03-31 -> 2026-04-15"]
    assert len(world.hints) == 0


def test_a_dry_run_of_what_is_left_out_or_unknown_says_so() -> None:
    world = World()
    assert dry(world, "404404") == Skip("deleted", "The invoice was deleted in HubSpot.")
    draft = dry(world, world.invoice(status="draft"))
    assert isinstance(draft, Skip)
    assert draft.reason == "draft"
    assert isinstance(dry(world, world.invoice(product="Rocket")), Attend)


def test_a_dry_run_of_a_retry_says_that_a_deleted_invoice_would_be_made_again() -> None:
    world = World()
    id_ = world.invoice()
    world.sync(id_)
    [row] = world.booked()
    world.unbook(row)
    world.push(world.ledger_hint(row))
    assert isinstance(dry(world, id_, by_person=True), Create)
    assert not isinstance(dry(world, id_), Create)
