"""Showing the sync status on HubSpot invoices: in batches, with properties made on the way, whoever is refused."""

from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.scripted_hubspot import OBJECTS, PROPERTIES, ScriptedHubSpot, batch, error, json_answer, record
from tieout.adapters.hubspot.statuses import shorten
from tieout.domain.errors import ConnectionLost, NeedsAttention, Transient
from tieout.domain.money import Money
from tieout.domain.payment import PaymentFacts
from tieout.domain.status import ShownState, ShownStatus

UPDATE = f"{OBJECTS}/invoices/batch/update"
LIST = f"{PROPERTIES}/invoices"
GROUPS = f"{PROPERTIES}/invoices/groups"
STATUS = ShownStatus(ShownState.IN_SYNC, "In QuickBooks.", "1001", "https://app.qbo.test/invoice?txnId=7")
OPTIONS: list[dict[str, object]] = [
    {"label": one.value, "value": one.value, "displayOrder": 0, "hidden": False} for one in ShownState
]
NAMES = [
    "tieout_status",
    "tieout_message",
    "tieout_quickbooks_number",
    "tieout_quickbooks_link",
    "tieout_paid_amount",
    "tieout_credited_amount",
    "tieout_balance",
    "tieout_refunded_amount",
    "tieout_last_payment_date",
    "tieout_last_payment_link",
    "tieout_quickbooks_key",
]
MISSING = error("VALIDATION_ERROR", errors=[{"message": "no", "code": "PROPERTY_DOESNT_EXIST"}])


def statuses(*ids: str) -> dict[str, ShownStatus]:
    return dict.fromkeys(ids, STATUS)


def sent_ids(body: Any) -> list[str]:
    return [one["id"] for one in body["inputs"]]


def accept(body: Any) -> httpx.Response:
    return batch(*(record(id_) for id_ in sent_ids(body)))


def refuse_with(refused: set[str], answer: object, status: int = 400) -> Any:
    def respond(body: Any) -> httpx.Response:
        return json_answer(answer, status) if refused & set(sent_ids(body)) else accept(body)

    return respond


def properties(*present: str, options: list[dict[str, object]] | None = None) -> httpx.Response:
    found: list[dict[str, object]] = [{"name": "hs_number", "label": "x", "type": "string"}]
    for name in present:
        found.append({"name": name, "options": (OPTIONS if options is None else options) if name == NAMES[0] else []})
    return json_answer({"results": found})


def test_a_status_is_written_as_four_properties() -> None:
    hubspot = ScriptedHubSpot()
    hubspot.on(UPDATE, accept)
    assert hubspot.crm.show_statuses({"44446244097": STATUS}) == {}
    assert hubspot.bodies[UPDATE][0]["inputs"] == [
        {
            "id": "44446244097",
            "objectWriteTraceId": "44446244097",
            "properties": {
                "tieout_status": "in_sync",
                "tieout_message": "In QuickBooks.",
                "tieout_quickbooks_number": "1001",
                "tieout_quickbooks_link": "https://app.qbo.test/invoice?txnId=7",
            },
        }
    ]


def test_what_is_not_there_any_more_is_cleared() -> None:
    hubspot = ScriptedHubSpot()
    hubspot.on(UPDATE, accept)
    hubspot.crm.show_statuses({"1": ShownStatus(ShownState.WORKING, "")})
    written = hubspot.bodies[UPDATE][0]["inputs"][0]["properties"]
    assert (written["tieout_quickbooks_number"], written["tieout_quickbooks_link"]) == ("", "")


def test_statuses_go_out_a_hundred_at_a_time() -> None:
    hubspot = ScriptedHubSpot()
    hubspot.on(UPDATE, accept)
    assert hubspot.crm.show_statuses(statuses(*(str(n) for n in range(1, 202)))) == {}
    assert [len(body["inputs"]) for body in hubspot.bodies[UPDATE]] == [100, 100, 1]


def test_nothing_to_show_makes_no_call() -> None:
    assert ScriptedHubSpot().crm.show_statuses({}) == {}


def test_missing_properties_are_created_and_the_statuses_sent_once_more() -> None:
    hubspot = ScriptedHubSpot()
    hubspot.on(UPDATE, json_answer(MISSING, 400), accept)
    hubspot.on(LIST, properties("tieout_message"), json_answer({"name": "x"}, 201))
    hubspot.on(GROUPS, json_answer(error("OBJECT_ALREADY_EXISTS"), 409))
    assert hubspot.crm.show_statuses(statuses("1", "2")) == {}
    created = [body for body in hubspot.bodies[LIST] if body]
    assert [body["name"] for body in created] == [name for name in NAMES if name != "tieout_message"]
    assert {body["groupName"] for body in created} == {hubspot.bodies[GROUPS][0]["name"]} == {"tieout"}
    assert [option["value"] for option in created[0]["options"]] == [one.value for one in ShownState]
    assert len({option["label"] for option in created[0]["options"]}) == len(ShownState)


FACTS = PaymentFacts(
    paid=Money(Decimal("1040.50"), "USD"),
    credited=Money(Decimal(0), "USD"),
    balance=Money(Decimal("9.5"), "USD"),
    last_payment_day=date(2026, 3, 2),
    url="https://app.qbo.test/recvpayment?txnId=8",
)
PAID = ShownStatus(ShownState.IN_SYNC, "", facts=FACTS)


def test_the_facts_of_payments_are_written_as_six_properties_of_which_those_without_a_value_are_cleared() -> None:
    hubspot = ScriptedHubSpot()
    hubspot.on(UPDATE, accept)
    assert hubspot.crm.show_statuses({"44446244097": PAID}) == {}
    [sent] = hubspot.bodies[UPDATE][0]["inputs"]
    facts = {name: text for name, text in sent["properties"].items() if name not in NAMES[:4]}
    assert facts == {
        "tieout_paid_amount": "1040.50",
        "tieout_credited_amount": "0.00",
        "tieout_balance": "9.50",
        "tieout_refunded_amount": "",
        "tieout_last_payment_date": "2026-03-02",
        "tieout_last_payment_link": "https://app.qbo.test/recvpayment?txnId=8",
    }


def test_facts_create_the_properties_that_are_absent_and_tell_whom_hubspot_refused() -> None:
    hubspot = ScriptedHubSpot()
    hubspot.on(UPDATE, json_answer(MISSING, 400), batch(record("1"), errors=(error("OBJECT_NOT_FOUND", "gone"),)))
    hubspot.on(LIST, properties(), json_answer({"name": "x"}, 201))
    hubspot.on(GROUPS, json_answer({"name": "tieout"}, 201))
    assert hubspot.crm.show_statuses({"1": PAID, "2": PAID}) == {"2": "gone"}
    made = [body for body in hubspot.bodies[LIST] if body]
    assert {one["name"]: (one["type"], one["fieldType"]) for one in made[4:10]} == {
        "tieout_paid_amount": ("number", "number"),
        "tieout_credited_amount": ("number", "number"),
        "tieout_balance": ("number", "number"),
        "tieout_refunded_amount": ("number", "number"),
        "tieout_last_payment_date": ("date", "date"),
        "tieout_last_payment_link": ("string", "text"),
    }
    assert made[10]["name"] == "tieout_quickbooks_key"
    assert made[10]["hasUniqueValue"] is True


def test_two_that_create_the_properties_at_a_time_do_not_disturb_each_other() -> None:
    hubspot = ScriptedHubSpot()
    taken = json_answer(error("OBJECT_ALREADY_EXISTS", subCategory="Properties.PROPERTY_WITH_NAME_EXISTS"), 409)
    hubspot.on(UPDATE, json_answer(MISSING, 400), accept)
    hubspot.on(LIST, properties(), taken)
    hubspot.on(GROUPS, taken)
    assert hubspot.crm.show_statuses(statuses("1")) == {}


def test_properties_that_stay_missing_are_for_a_person_and_no_endless_loop() -> None:
    hubspot = ScriptedHubSpot()
    hubspot.on(UPDATE, json_answer(MISSING, 400))
    hubspot.on(LIST, properties(*NAMES))
    with pytest.raises(NeedsAttention):
        hubspot.crm.show_statuses(statuses("1"))
    assert len(hubspot.bodies[UPDATE]) == 2


def test_a_status_value_that_the_portal_lacks_is_added_to_those_it_has() -> None:
    hubspot = ScriptedHubSpot()
    invalid = error("VALIDATION_ERROR", errors=[{"message": "no", "code": "INVALID_OPTION"}])
    own: list[dict[str, object]] = [{"label": "Ours", "value": "ours", "displayOrder": 3, "hidden": True}, OPTIONS[0]]
    hubspot.on(UPDATE, json_answer(invalid, 400), accept)
    hubspot.on(LIST, properties(*NAMES, options=own))
    hubspot.on(f"{LIST}/tieout_status", json_answer({"name": "tieout_status"}))
    assert hubspot.crm.show_statuses(statuses("1")) == {}
    assert ("PATCH", f"{LIST}/tieout_status") in hubspot.calls
    patched = hubspot.bodies[f"{LIST}/tieout_status"][0]["options"]
    assert patched[:2] == own
    assert {one["value"] for one in patched} == {"ours", *ShownState}


def test_refusing_to_create_the_properties_is_told() -> None:
    hubspot = ScriptedHubSpot()
    hubspot.on(UPDATE, json_answer(MISSING, 400))
    hubspot.on(LIST, properties())
    hubspot.on(GROUPS, json_answer(error("MISSING_SCOPES"), 403))
    with pytest.raises(ConnectionLost):
        hubspot.crm.show_statuses(statuses("1"))


def test_the_refused_of_a_partial_answer_are_told_with_their_own_messages() -> None:
    hubspot = ScriptedHubSpot()
    hubspot.on(
        UPDATE,
        batch(
            record("1"),
            errors=(
                error("VALIDATION_ERROR", "locked by a workflow", context={"objectWriteTraceId": ["2"]}),
                error("OBJECT_NOT_FOUND", "gone", context={"ids": ["3", "4"]}),
            ),
        ),
    )
    refused = hubspot.crm.show_statuses(statuses("1", "2", "3", "4"))
    assert refused == {"2": "locked by a workflow", "3": "gone", "4": "gone"}


def test_an_invoice_that_the_answer_does_not_mention_was_not_written() -> None:
    hubspot = ScriptedHubSpot()
    hubspot.on(UPDATE, batch(record("1")))
    assert list(hubspot.crm.show_statuses(statuses("1", "2"))) == ["2"]
    hubspot.instead(UPDATE, batch(record("1"), errors=(error("OBJECT_NOT_FOUND", "gone"),)))
    assert hubspot.crm.show_statuses(statuses("1", "2")) == {"2": "gone"}


def test_properties_missing_inside_a_partial_answer_are_created_too() -> None:
    hubspot = ScriptedHubSpot()
    hubspot.on(UPDATE, batch(record("1"), errors=(MISSING,)), accept)
    hubspot.on(LIST, properties(*NAMES))
    assert hubspot.crm.show_statuses(statuses("1", "2")) == {}
    assert sent_ids(hubspot.bodies[UPDATE][1]) == ["2"]


@pytest.mark.parametrize("status", [400, 404])
def test_one_deleted_invoice_does_not_keep_the_others_from_being_shown(status: int) -> None:
    ids = [str(n) for n in range(1, 101)]
    hubspot = ScriptedHubSpot()
    hubspot.on(UPDATE, refuse_with({"37"}, error("OBJECT_NOT_FOUND", "resource not found"), status))
    assert hubspot.crm.show_statuses(statuses(*ids)) == {"37": "resource not found"}
    assert len(hubspot.calls) <= 15


def test_the_deleted_invoices_that_hubspot_names_are_left_out_at_once() -> None:
    hubspot = ScriptedHubSpot()
    hubspot.on(UPDATE, refuse_with({"3", "4"}, error("OBJECT_NOT_FOUND", "gone", context={"ids": ["3", "4"]}), 404))
    assert hubspot.crm.show_statuses(statuses("1", "2", "3", "4")) == {"3": "gone", "4": "gone"}
    assert [sent_ids(body) for body in hubspot.bodies[UPDATE]] == [["1", "2", "3", "4"], ["1", "2"]]


def test_an_id_that_is_none_of_hubspots_is_never_sent() -> None:
    hubspot = ScriptedHubSpot()
    hubspot.on(UPDATE, accept)
    assert list(hubspot.crm.show_statuses(statuses("1", "abc"))) == ["abc"]
    assert sent_ids(hubspot.bodies[UPDATE][0]) == ["1"]


@pytest.mark.parametrize("failed", [httpx.ReadTimeout("x"), json_answer(error("INTERNAL_ERROR"), 502)])
def test_a_lost_answer_is_only_transient_because_showing_twice_does_no_harm(failed: Any) -> None:
    hubspot = ScriptedHubSpot()
    hubspot.on(UPDATE, failed)
    with pytest.raises(Transient):
        hubspot.crm.show_statuses(statuses("1"))


def test_missing_properties_are_listed_and_created_on_request() -> None:
    hubspot = ScriptedHubSpot()
    hubspot.on(LIST, properties("tieout_status", "tieout_message"))
    assert hubspot.crm.missing_properties() == tuple(NAMES[2:])
    hubspot.instead(LIST, properties(), json_answer({"name": "x"}, 201))
    hubspot.on(GROUPS, json_answer({"name": "tieout"}, 201))
    assert hubspot.crm.ensure_properties() == tuple(NAMES)
    hubspot.instead(LIST, properties(*NAMES))
    assert hubspot.crm.ensure_properties() == hubspot.crm.missing_properties() == ()


def test_a_lost_answer_while_creating_properties_is_only_transient() -> None:
    hubspot = ScriptedHubSpot()
    hubspot.on(LIST, properties())
    hubspot.on(GROUPS, httpx.ReadTimeout("x"))
    with pytest.raises(Transient):
        hubspot.crm.ensure_properties()


def test_a_long_message_is_cut_between_words() -> None:
    text = "word " * 300
    cut = shorten(text)
    assert len(cut) <= 1000
    assert cut.endswith("word…")
    assert shorten("x" * 1001) == "x" * 999 + "…"
    assert shorten("x" * 1000) == "x" * 1000


@given(st.text(), st.integers(2, 40))
def test_a_cut_message_is_never_longer_than_allowed_and_begins_as_the_whole(text: str, length: int) -> None:
    cut = shorten(text, length)
    assert len(cut) <= length
    assert cut == text or text.startswith(cut.removesuffix("…"))
