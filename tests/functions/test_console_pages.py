"""Pages over records through the console's function: the adapters and variables of the deployment over moto."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.functions.cloud import Cloud
from tests.support.console_client import ConsoleClient
from tests.support.lambda_runtime import Function
from tests.support.signing import PUBLIC_URL
from tieout.domain.about import About
from tieout.domain.hint import Cause
from tieout.domain.record import Kind, RecordKey, State, SyncRecord


def signed_in(console: Function, cloud: Cloud) -> ConsoleClient:
    """A browser of an operator."""

    def handler(given: Any, _context: Any) -> dict[str, Any]:
        answer = console.invoke(given)
        assert answer.error is None, answer.error
        assert isinstance(answer.payload, dict)
        return answer.payload

    client = ConsoleClient(handler, {"origin": PUBLIC_URL})
    client.get(cloud.link()).submit()
    return client


def test_a_person_signs_in_finds_an_invoice_and_asks_for_a_retry(console: Function, cloud: Cloud) -> None:
    key = RecordKey("acme", Kind.INVOICE, "hubspot", "4711")
    about = About("Zenith & Söhne", day=date(2026, 3, 1))
    cloud.records.put(SyncRecord(key=key, state=State.ATTENTION, reason="item_missing", label="INV-7", about=about))
    client = signed_in(console, cloud)
    overview = client.get("/console/c/acme/overview")
    assert "1 record needs a decision." in overview.text
    assert "Oldest work waiting" in overview.text
    found = client.get("/console/c/acme/invoices").submit(text="zenith & sohne")
    [link] = [one for one in found.links if "/record/" in one]
    page = client.get(link).form("/retry").submit()
    assert "It will be looked at again" in page.text
    [hint] = cloud.hints()
    assert (hint.id, hint.cause) == ("4711", Cause.RETRY)
    assert cloud.records.trail(key)[0].actor == "Olga Operator"
    log = console.logged()
    assert "enith" not in log
    assert "GET /c/{connection}/record/{kind}/{system}/{id}" in log


def test_both_sides_are_compared_with_the_vendors_at_the_other_end(console: Function, cloud: Cloud) -> None:
    id_, before = cloud.invoice("Comparing Ltd"), len(cloud.booked())
    cloud.records.put(
        SyncRecord(key=RecordKey("acme", Kind.INVOICE, "hubspot", id_), state=State.WAITING, reason="rate_limited")
    )
    page = signed_in(console, cloud).get(f"/console/c/acme/record/invoice/hubspot/{id_}", compare="now")
    assert page.status == 200
    assert "It would be created in QuickBooks." in page.text
    assert len(cloud.booked()) == before
