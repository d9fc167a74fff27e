"""The night's tie-out: reports kept, findings counted, one connection's trouble its own."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import date, datetime, timedelta

import pytest

from tests.support import aws
from tests.support.builders_money_world import MoneyWorld
from tests.support.memory import MemoryConnections
from tests.support.memory_reports import MemoryReports
from tieout.adapters.dynamodb.cursors import TIE_OUT, DynamoCursors
from tieout.adapters.s3.reports import S3Reports
from tieout.domain.company import Connection
from tieout.domain.errors import ConnectionLost, StoreUnavailable, Transient
from tieout.domain.planning import rounds as planning
from tieout.ports import Workspace
from tieout.services import reconcile as reconciling
from tieout.services.nightly_reconcile import NightlyReconcile
from tieout.services.outcome import Run
from tieout.services.reconcile import Reconcile
from tieout.services.tie_out_rounds import TieOutRounds


class Away(MemoryReports):
    """A bucket that does not answer."""

    def keep(self, connection: str, day: date, name: str, text: str, content_type: str) -> None:
        raise StoreUnavailable(context={"system": "s3"})


class Lost(MoneyWorld):
    """A world whose connection has to be renewed."""

    def open(self, connection: str) -> Workspace | None:
        raise ConnectionLost("sign in again")


def rounds(world: MoneyWorld) -> TieOutRounds:
    return TieOutRounds(Reconcile(world.records, world.clock), world.records, world.round_cursors)


def night(world: MoneyWorld, reports: MemoryReports, deadline: datetime | None = None) -> Run:
    service = NightlyReconcile(world.connections, world, rounds(world), reports, world.clock)
    return service.run("trace", deadline or world.clock.now() + timedelta(minutes=10))


def test_a_report_of_each_connection_is_kept_by_day_and_findings_are_counted() -> None:
    world, reports = MoneyWorld(), MemoryReports()
    world.synced()
    payment = world.people.pay(world.synced())
    assert night(world, reports).counts == {
        "invoices_compared": 2, "invoices_adrift": 1, "invoices_not_compared": 0, "connections_not_compared": 0,
        "tie_out_round_days": 0,
    }  # fmt: skip
    day = world.clock.now().date()
    assert set(reports.kept) == {("c1", day, "drift.json"), ("c1", day, "drift.csv")}
    [finding] = json.loads(reports.kept["c1", day, "drift.json"])["findings"]
    assert payment in finding["reason"]
    assert payment in reports.kept["c1", day, "drift.csv"]


def test_a_connection_that_cannot_be_read_is_trouble_and_no_failure() -> None:
    run = night(Lost(), MemoryReports())
    assert run.counts["connections_not_compared"] == 1
    assert [type(one.error) for one in run.troubles] == [ConnectionLost]
    assert run.failure is None


def test_a_report_that_cannot_be_kept_fails_the_run() -> None:
    run = night(MoneyWorld(), Away())
    assert isinstance(run.failure, StoreUnavailable)


def test_another_connection_is_the_first_each_night() -> None:
    world = MoneyWorld()
    opened: list[str] = []
    connections = MemoryConnections(Connection("c1", "1", "11"), Connection("c2", "2", "22"))

    class Watched:
        def open(self, connection: str) -> Workspace | None:
            opened.append(connection)
            return None

    service = NightlyReconcile(connections, Watched(), rounds(world), MemoryReports(), world.clock)
    for _ in range(2):
        service.run("trace", world.clock.now() + timedelta(minutes=10))
        world.clock.advance(86400)
    assert sorted(opened[:2]) == ["c1", "c2"]
    assert opened[2:] == opened[1::-1]


def test_a_night_without_time_says_what_was_left() -> None:
    world = MoneyWorld()
    run = night(world, MemoryReports(), world.clock.now())
    assert run.counts["connections_not_compared"] == 1
    assert run.troubles == ()


def test_a_report_in_s3_lies_under_connection_and_day_and_the_last_one_counts() -> None:
    with aws.aws():
        aws.bucket("reports")
        reports = S3Reports(aws.s3, "reports")
        for text in ("before", "Süd; 1"):
            reports.keep("acme", date(2026, 3, 2), "drift.csv", text, "text/csv")
        [found] = aws.s3().list_objects_v2(Bucket="reports")["Contents"]
        assert found["Key"] == "acme/2026/03/02/drift.csv"
        assert aws.s3().get_object(Bucket="reports", Key=found["Key"])["Body"].read().decode() == "Süd; 1"
        assert reports.read("acme", date(2026, 3, 2), "drift.csv") == "Süd; 1"
        assert reports.read("acme", date(2026, 3, 3), "drift.csv") is None
        with pytest.raises(StoreUnavailable):
            S3Reports(aws.s3, "no-such-bucket").keep("acme", date(2026, 3, 2), "x", "", "text/plain")
        with pytest.raises(StoreUnavailable):
            S3Reports(aws.s3, "no-such-bucket").read("acme", date(2026, 3, 2), "x")


def coverage(reports: MemoryReports, day: date) -> dict[str, object]:
    found: dict[str, object] = json.loads(reports.kept["c1", day, "drift.json"])["coverage"]
    return found


def test_a_large_company_is_compared_in_turn_beside_what_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "LEAST_A_NIGHT", 1)
    world, reports = MoneyWorld(), MemoryReports()
    first, second, third = [world.synced() for _ in range(3)]
    counts = night(world, reports).counts
    assert (counts["invoices_compared"], counts["invoices_not_compared"]) == (1, 0)
    assert coverage(reports, world.clock.now().date()) == {
        "scope": "part", "of_invoices": 3, "adrift_before": 0, "changed": 0, "changed_put_off": 0,
        "round_began": world.clock.now().isoformat(), "all_compared_since": None,
    }  # fmt: skip
    # The refund changes the record of the payment only, and reached QuickBooks; then somebody deletes it there.
    payment = world.people.pay(first)
    world.look(payment)
    world.clock.advance(86400)
    night(world, reports)
    world.clock.advance(3600)
    world.people.refund(payment, "60.00")
    world.look(payment)
    world.bookkeeper.delete("RefundReceipt", world.one("RefundReceipt"))
    world.clock.advance(3600)
    assert night(world, reports).counts["invoices_adrift"] == 1
    assert coverage(reports, world.clock.now().date())["changed"] == 1
    assert coverage(reports, world.clock.now().date())["all_compared_since"] is not None
    # Nothing changes any more, and it is still adrift.
    for _ in range(3):
        world.clock.advance(86400)
        assert night(world, reports).counts["invoices_adrift"] == 1
    assert world.far_id(second) != world.far_id(third)


def test_a_part_whose_report_is_not_kept_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "LEAST_A_NIGHT", 1)
    world, reports = MoneyWorld(), MemoryReports()
    payment = world.people.pay(world.synced())
    world.synced()
    assert night(world, Away()).failure is not None
    assert night(world, reports).counts["invoices_adrift"] == 1
    [finding] = json.loads(reports.kept["c1", world.clock.now().date(), "drift.json"])["findings"]
    assert payment in finding["reason"]


def test_what_was_compared_before_a_vendor_stopped_the_night_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "GROUP", 1)
    monkeypatch.setattr(reconciling, "GROUP", 1)
    world, reports = MoneyWorld(), MemoryReports()
    first, second = world.synced(), world.synced()
    calls = world.crm.invoices
    asked: list[object] = []

    def away(self: object, ids: Collection[str], extra: Collection[str] = ()) -> object:
        asked.append(ids)
        if len(asked) > 1:
            raise Transient("HubSpot does not answer")
        return calls(ids, extra)

    monkeypatch.setattr(type(world.crm), "invoices", away)
    run = night(world, reports)
    assert (run.counts["invoices_compared"], run.counts["invoices_not_compared"]) == (1, 1)
    assert [type(one.error) for one in run.troubles] == [Transient]
    assert run.failure is None
    assert json.loads(world.round_cursors.mark("c1", "round") or "")["after"] == min(first, second, key=int)


def test_a_round_that_takes_too_long_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "LEAST_A_NIGHT", 1)
    world = MoneyWorld()
    for _ in range(3):
        world.synced()
    night(world, MemoryReports())
    world.clock.advance(43 * 86400)
    assert night(world, MemoryReports()).counts["tie_out_round_days"] == 43


@pytest.mark.parametrize("mark", ["", "7", "[]", '{"after":"1"}', '{"after":1,"adrift":3}'])
def test_a_mark_that_makes_no_sense_begins_the_round_anew(mark: str) -> None:
    world = MoneyWorld()
    world.synced()
    world.round_cursors.set_mark("c1", "round", mark)
    assert night(world, MemoryReports()).counts["invoices_compared"] == 1


def test_the_marks_of_the_tie_out_are_kept_apart_from_those_of_the_sweep() -> None:
    with aws.table() as client:
        sweeping, own = DynamoCursors(client, aws.TABLE), DynamoCursors(client, aws.TABLE, TIE_OUT)
        own.set_mark("c1", "round", "x")
        assert (sweeping.mark("c1", "round"), own.mark("c1", "round")) == (None, "x")
