"""Edits of pairs of fields on both sides, of invoices of both origins: every way to look comes to the same."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.builders_fields import (
    BOOKS,
    METHOD,
    ORDER,
    SHIPPED,
    TRACKING,
    custom,
    filled,
    there,
    with_properties,
)
from tests.support.builders_mirror_world import MirrorWorld
from tests.unit.test_services_payments_traffic import judged
from tests.unit.test_services_pull_invoices_forms import _writes
from tieout.domain.hint import Cause, Hint, HintObject
from tieout.domain.record import State

PAIRS = [
    {"hubspot": ORDER, "quickbooks": "1", "winner": "quickbooks"},
    {"hubspot": TRACKING, "quickbooks": "TrackingNum", "winner": "hubspot"},
    {"hubspot": METHOD, "quickbooks": "ShipMethodRef", "winner": "quickbooks"},
    {"hubspot": SHIPPED, "quickbooks": "ShipDate", "winner": "hubspot"},
]
NAMES = (ORDER, TRACKING, METHOD, SHIPPED)
TEXTS = {**dict.fromkeys((ORDER, TRACKING, METHOD), ("", "a", "b")), SHIPPED: ("", "2026-03-05", "2026-03-06")}
_EDIT = st.sampled_from(NAMES).flatmap(lambda name: st.tuples(st.just(name), st.sampled_from(TEXTS[name])))
_STEP = st.tuples(st.sampled_from(["hubspot", "quickbooks", "look"]), st.sampled_from([0, 1]), _EDIT)


class _Both:
    """An invoice of HubSpot and one of QuickBooks, with the same pairs."""

    def __init__(self) -> None:
        self.world = MirrorWorld(**BOOKS)
        with_properties(self.world)
        self.world.settings(field_pairs=PAIRS)
        self.pushed = self.world.synced(order_number="a")
        self.born = self.world.billed(TrackingNum="b")
        self.world.show(self.born)
        self.world.run()
        self.sides = [
            (self.pushed, {"Id": self.world.far_id(self.pushed)}),
            (self.world.shown_id(self.born), self.born),
        ]

    def do(self, kind: str, which: int, name: str, text: str) -> None:
        id_, row = self.sides[which]
        if kind == "hubspot":
            self.world.edit(id_, **{name: text})
        elif kind == "quickbooks":
            self.world.clock.advance(60)
            self.world.bookkeeper.change("Invoice", self.world.row(row), **self._change(row, name, text))
        else:
            self.world.push(self.hints(which)[len(text) % 2])
            self.world.run()

    def _change(self, row: dict[str, Any], name: str, text: str) -> dict[str, Any]:
        match name:
            case "order_number":
                return {"CustomField": filled(self.world.row(row), text)}
            case "shipping_method":
                # In QuickBooks' screens a person empties what has no empty value in its API.
                return {"ShipMethodRef": {"value": text or "c"}}
            case "tracking_number":
                return {"TrackingNum": text}
        return {"ShipDate": text or "2026-03-07"}

    def hints(self, which: int, cause: Cause = Cause.WEBHOOK) -> list[Hint]:
        """Of HubSpot's side and of QuickBooks'."""
        id_, row = self.sides[which]
        if which == 0:
            return [self.world.hint(id_, cause), self.world.ledger_hint(row)]
        mirrored = self.world.hint(id_, cause, object=HintObject.MIRRORED_INVOICE)
        return [mirrored, self.world.own_hint(row, cause)]

    def values(self, which: int) -> tuple[list[str], list[str]]:
        """HubSpot's and QuickBooks'."""
        id_, key = self.sides[which]
        row = self.world.row(key)
        ledger = [custom(row), row.get("TrackingNum"), row.get("ShipMethodRef", {}).get("value"), row.get("ShipDate")]
        return [there(self.world, id_, name) for name in NAMES], [text or "" for text in ledger]

    def settle(self) -> None:
        for which in (0, 1):
            self.world.push(*self.hints(which, Cause.RETRY))
        self.world.run()


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_STEP, max_size=6))
def test_push_after_pull_and_pull_after_push_change_nothing(steps: list[tuple[str, int, tuple[str, str]]]) -> None:
    both = _Both()
    for kind, which, (name, text) in steps:
        both.do(kind, which, name, text)
    both.settle()
    world = both.world
    for which in (0, 1):
        hubspot, quickbooks = both.values(which)
        assert hubspot == quickbooks
    before = len(world.hubspot.traffic.exchanges), len(world.quickbooks.traffic.exchanges)
    stood = [both.values(which) for which in (0, 1)]
    both.settle()
    world.sweep()
    world.run()
    exchanges = world.hubspot.traffic.exchanges[before[0] :] + world.quickbooks.traffic.exchanges[before[1] :]
    assert [one for one in exchanges if _writes(one)] == []
    assert [both.values(which) for which in (0, 1)] == stood
    assert {one.state for one in world.records if one.key.kind.value == "invoice"} == {State.SYNCED}


def test_the_traffic_of_pairs_of_fields_is_what_the_vendors_document(tmp_path: Path) -> None:
    both = _Both()
    world = both.world
    for which in (0, 1):
        for kind in ("hubspot", "quickbooks"):
            for name in NAMES:
                both.do(kind, which, name, TEXTS[name][1 if kind == "hubspot" else 2])
            both.do("look", which, ORDER, "a")
        for name in NAMES:
            both.do("hubspot", which, name, "")
        world.fault("timeout_after")
        both.do("look", which, ORDER, "")
        assert both.values(which) == ([""] * 4, [""] * 4)
    for app in (world.quickbooks, world.hubspot):
        recorded = tmp_path / "traffic.jsonl"
        recorded.write_text("".join(app.traffic.lines()))
        judged(recorded)


def test_the_page_about_fields_names_every_field_that_was_written() -> None:
    both = _Both()
    for which in (0, 1):
        for kind in ("hubspot", "quickbooks"):
            for name in NAMES:
                both.do(kind, which, name, TEXTS[name][1 if kind == "hubspot" else 2])
            both.do("look", which, ORDER, "a")
    page = (Path(__file__).parents[2] / "docs/fields.md").read_text(encoding="utf-8")
    named = {word for span in re.findall(r"`([^`\n]+)`", page) for word in re.split(r"\W+", span)}
    told = named | set(NAMES) | {"Id", "SyncToken", "sparse"}
    assert _ours(both.world.quickbooks, "/invoice")
    assert _ours(both.world.hubspot, "/invoices/batch/update")
    for exchange in _ours(both.world.quickbooks, "/invoice"):
        body = json.loads(exchange.request_body or "{}")
        lines = {key for line in body.get("Line", []) for key in line}
        assert {*body, *lines} - told <= {"Id", "DetailType", "LineNum"}
    for exchange in _ours(both.world.hubspot, ""):
        body = json.loads(exchange.request_body or "{}")
        for one in [body, *body.get("inputs", [])] if isinstance(body, dict) else []:
            if isinstance(one.get("properties"), dict):
                assert set(one["properties"]) <= told, exchange.url


def test_what_quickbooks_never_kept_and_hubspot_gave_up_no_longer_counts_as_sent() -> None:
    world = MirrorWorld(**{**BOOKS, "allow_shipping": False})
    with_properties(world)
    world.settings(field_pairs=[{"hubspot": TRACKING, "quickbooks": "TrackingNum", "direction": "to_quickbooks"}])
    id_ = world.synced(tracking_number="1Z 999")
    assert world.record(id_).detail.startswith("QuickBooks did not keep tracking number")
    world.edit(id_, tracking_number="")
    record = world.sync(id_)
    assert (record.state, record.detail, record.fields) == (State.SYNCED, "", ())
    assert record.link is not None
    assert record.link.sent is not None
    assert record.link.sent.custom_fields == ()
    # So a look at QuickBooks finds nothing to remember otherwise.
    world.sync(id_, Cause.RETRY)
    assert world.record(id_).link == record.link
    # The same value, in a company that takes it by now, is carried like any other.
    world.quickbooks.company.prefer("SalesFormsPrefs", "AllowShipping", True)
    world.clock.advance(600)
    world.edit(id_, tracking_number="1Z 999")
    world.sync(id_)
    assert world.quickbooks.company.rows["Invoice"][world.far_id(id_)]["TrackingNum"] == "1Z 999"


def _ours(app: Any, path: str) -> list[Any]:
    """What our workers sent to addresses with this path; people's requests bear an actor, or a person's token."""
    written = [one for one in app.traffic.exchanges if one.method != "GET" and urlsplit(one.url).path.endswith(path)]
    return [one for one in written if "x-sandbox-actor" not in {name.lower() for name in one.request_headers}]
