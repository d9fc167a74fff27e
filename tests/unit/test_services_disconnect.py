"""Ending a connection: revoked at Intuit, tokens gone, and its records wait until it is connected again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from infra.sandbox.quickbooks.config import ACCESS_TOKEN, CLIENT_ID, CLIENT_SECRET
from tests.support.builders_connecting import Connecting
from tests.support.builders_world import VENDOR_TIMEOUT, World
from tests.support.memory_reports import MemoryReports
from tieout.adapters.quickbooks.auth import TokenSource
from tieout.domain.connecting import ConnectCode, ConnectProblem
from tieout.domain.errors import ConnectionLost, Transient
from tieout.domain.hint import Cause
from tieout.domain.record import Operation, State
from tieout.domain.status import explain
from tieout.ports import TokenSet, Workspace
from tieout.services.book_fees import BookFees
from tieout.services.fee_reports import FeeReports
from tieout.services.nightly_reconcile import NightlyReconcile
from tieout.services.reconcile import Reconcile
from tieout.services.tie_out_rounds import TieOutRounds

TOKEN = "pat-na1-sandbox"


def connected() -> Connecting:
    """A world whose connection c1 works."""
    found = Connecting(World())
    found.portal_tokens.keep("62515001", TOKEN)
    return found


def reload(world: World) -> None:
    """Workers open the connection anew, as each of their batches does."""
    found = world.connections.get("c1")
    assert found is not None
    world.connection = found


def ended(world: Connecting) -> bool:
    """Whether Intuit lets nobody in with the first tokens any more."""
    return world.world.quickbooks.grants.realm_of(ACCESS_TOKEN) is None


def test_disconnecting_ends_the_sign_in_and_forgets_the_tokens() -> None:
    world = connected()
    found = world.service.disconnect("c1", "Ada", "trace")
    assert (found.revoked, found.token_removed) == (True, False)
    assert ended(world)
    assert world.world.tokens.load("c1") is None
    stored = world.world.connections.get("c1")
    assert stored is not None
    assert stored.paused
    assert world.portal_tokens.stored == {"62515001": TOKEN}
    assert [(line.actor, line.action) for line in world.trail.own] == [
        ("Ada", "paused connection"),
        ("Ada", "disconnected QuickBooks"),
    ]
    assert world.trail.own[1].facts["revoked"] == "yes"


def test_hubspots_token_goes_only_when_that_is_asked_for() -> None:
    world = connected()
    assert world.service.disconnect("c1", "Ada", "trace", forget_hubspot=True).token_removed
    assert world.portal_tokens.stored == {}


def test_a_connection_that_is_not_there_is_a_clear_message() -> None:
    with pytest.raises(ConnectProblem) as raised:
        connected().service.disconnect("c9", "Ada", "trace")
    assert raised.value.code is ConnectCode.UNKNOWN_CONNECTION


def test_twice_is_as_good_as_once() -> None:
    world = connected()
    world.service.disconnect("c1", "Ada", "trace")
    found = world.service.disconnect("c1", "Ada", "trace")
    assert found.revoked is None
    assert [line.action for line in world.trail.own].count("paused connection") == 1


def test_a_sign_in_that_was_ended_in_quickbooks_itself_is_forgotten_all_the_same() -> None:
    world = connected()
    assert world.world.quickbooks.grants.revoke(ACCESS_TOKEN)
    assert world.service.disconnect("c1", "Ada", "trace").revoked is False
    assert world.world.tokens.load("c1") is None


@pytest.mark.parametrize("kind", ["timeout_before", "status_500", "status_429"])
def test_an_intuit_that_cannot_be_asked_leaves_a_paused_connection_that_can_be_tried_again(kind: str) -> None:
    world = connected()
    world.world.fault(kind, path="/v2/oauth2/tokens/revoke$")
    with pytest.raises(Transient):
        world.service.disconnect("c1", "Ada", "trace")
    paused = world.world.connections.get("c1")
    assert paused is not None
    assert paused.paused
    assert world.world.tokens.load("c1") is not None
    assert world.service.disconnect("c1", "Ada", "trace").revoked is True


def test_a_revocation_whose_answer_was_lost_is_finished_by_the_next_try() -> None:
    world = connected()
    world.world.fault("timeout_after", path="/v2/oauth2/tokens/revoke$")
    with pytest.raises(Transient):
        world.service.disconnect("c1", "Ada", "trace")
    assert ended(world)
    assert world.service.disconnect("c1", "Ada", "trace").revoked is False
    assert world.world.tokens.load("c1") is None


def test_wrong_keys_of_the_app_forget_nothing() -> None:
    world = connected()
    world.credentials = (CLIENT_ID, "old")
    with pytest.raises(ConnectionLost):
        world.service.disconnect("c1", "Ada", "trace")
    assert world.world.tokens.load("c1") is not None


def test_a_worker_that_just_renews_the_tokens_is_waited_for() -> None:
    world = connected()
    clock = world.world.clock
    assert world.world.tokens.acquire_refresh("c1", "worker", clock.now() + timedelta(seconds=4))
    assert world.service.disconnect("c1", "Ada", "trace").revoked is True
    other = connected()
    assert other.world.tokens.acquire_refresh("c1", "worker", clock.now() + timedelta(hours=9))
    with pytest.raises(Transient, match="Transient"):
        other.service.disconnect("c1", "Ada", "trace")
    assert other.world.tokens.load("c1") is not None


def test_what_a_worker_got_for_the_old_tokens_does_not_bring_the_connection_back() -> None:
    world = connected()
    tokens = world.world.tokens
    old = tokens.load("c1")
    assert old is not None
    world.service.disconnect("c1", "Ada", "trace")
    late = TokenSet("late", "late", world.world.clock.now() + timedelta(hours=1), version=old.version + 1)
    assert not tokens.save("c1", late)
    assert tokens.load("c1") is None


def test_a_worker_with_a_dead_version_in_mind_takes_the_tokens_of_the_new_sign_in() -> None:
    world = connected()
    box = world.world
    source = TokenSource(
        "c1",
        box.tokens,
        world.service.authorisation.tokens,  # type: ignore[attr-defined]
        lambda: (CLIENT_ID, CLIENT_SECRET),
        box.clock,
        lambda: "worker",
    )
    box.quickbooks.grants.revoke(ACCESS_TOKEN)
    box.clock.advance(3600)
    with pytest.raises(ConnectionLost):
        source.access_token()
    world.service.disconnect("c1", "Ada", "trace")
    with pytest.raises(ConnectionLost):
        source.access_token()
    world.service.complete(world.consent(world.begin()), "browser", "trace")
    stored = box.tokens.load("c1")
    assert stored is not None
    assert source.access_token() == stored.access_token


# -- what becomes of its records


def test_the_records_of_a_disconnected_company_wait_and_go_on_once_it_is_connected_again() -> None:
    world = connected()
    box = world.world
    id_, done = box.invoice(), box.invoice()
    box.sync(done)
    world.service.disconnect("c1", "Ada", "trace")
    reload(box)
    asked = len(box.quickbooks.traffic.exchanges)
    waiting = box.sync(id_)
    box.edit(done, hs_comments="Changed")
    changed = box.sync(done)
    for record in (waiting, changed):
        assert (record.state, record.reason) == (State.WAITING, "disconnected")
        assert "connected again" in explain(record)
    assert len(box.quickbooks.traffic.exchanges) == asked
    assert box.shown(id_) == "working"
    world.service.complete(world.consent(world.begin()), "browser", "trace")
    reload(box)
    box.run(until=lambda: box.record(id_).settled and box.record(done).settled)
    assert {box.record(one).state for one in (id_, done)} == {State.SYNCED}
    assert len(box.booked()) == 2


def test_a_write_whose_answer_was_lost_before_is_found_out_about_afterwards() -> None:
    world = connected()
    box = world.world
    id_ = box.invoice()
    box.fault("timeout_after")
    assert box.sync(id_).state is State.VERIFYING
    world.service.disconnect("c1", "Ada", "trace")
    reload(box)
    box.clock.advance(3600)
    waiting = box.sync(id_, Cause.DUE)
    assert (waiting.state, waiting.reason) == (State.VERIFYING, "disconnected")
    assert waiting.intent is not None
    assert waiting.intent.operation is Operation.CREATE
    world.service.complete(world.consent(world.begin()), "browser", "trace")
    reload(box)
    box.run(until=lambda: box.record(id_).settled)
    assert len(box.booked()) == 1


def test_what_a_person_told_to_leave_alone_stays_so() -> None:
    world = connected()
    box = world.world
    id_ = box.invoice()
    record = box.sync(id_)
    box.records.put(record.to(State.IGNORED, reason="by_hand"))
    world.service.disconnect("c1", "Ada", "trace")
    reload(box)
    assert box.sync(id_).state is State.IGNORED


def test_the_schedules_leave_a_disconnected_company_in_peace() -> None:
    world = connected()
    box = world.world
    world.service.disconnect("c1", "Ada", "trace")
    reload(box)
    calls = box.calls
    run = box.sweep()
    assert (run.troubles, run.failure) == ((), None)
    assert box.calls == calls


class _Closed:
    """Workspaces that nobody may open."""

    def open(self, connection: str) -> Workspace | None:
        raise AssertionError(f"{connection} was opened")


def test_neither_tie_out_nor_fee_report_opens_a_disconnected_company() -> None:
    world = connected()
    box = world.world
    world.service.disconnect("c1", "Ada", "trace")
    deadline = box.clock.now() + timedelta(minutes=5)
    reports = MemoryReports()
    rounds = TieOutRounds(Reconcile(box.records, box.clock), box.records, box.round_cursors)
    night = NightlyReconcile(box.connections, _Closed(), rounds, reports, box.clock).run("trace", deadline)
    booking = BookFees(box.claims, VENDOR_TIMEOUT)
    fees = FeeReports(box.connections, _Closed(), booking, reports, box.cursors, box.clock).run("trace", deadline)
    for run in (night, fees):
        assert (run.troubles, run.failure) == ((), None)
    assert night.counts["connections_not_compared"] == 0
