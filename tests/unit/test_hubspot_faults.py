"""What HubSpot's refusals become: the table, row by row, and what no table can foresee."""

import httpx
import pytest

from tests.support.scripted_hubspot import OBJECTS, ScriptedHubSpot, error, json_answer
from tieout.adapters.hubspot.faults import FAULTS, UNKNOWN, Fault, Refused
from tieout.adapters.hubspot.wire import RecordBatch
from tieout.domain.attention import AttentionCode
from tieout.domain.errors import (
    ConnectionLost,
    NeedsAttention,
    OutcomeUnknown,
    RateLimited,
    SyncError,
    Transient,
)

PATH = f"{OBJECTS}/invoices/batch/read"


def failure(
    answer: httpx.Response | httpx.RequestError, *, write: bool, hubspot: ScriptedHubSpot | None = None
) -> SyncError:
    hubspot = hubspot or ScriptedHubSpot()
    hubspot.on(PATH, answer)
    call = hubspot.client.write if write else hubspot.client.read
    with pytest.raises(SyncError) as raised:
        call(PATH, {}, RecordBatch)
    return raised.value


def answer_for(row: Fault) -> httpx.Response:
    body = error("OTHER", policyName=row.code) if row.first == 429 else error(row.code or "OTHER")
    return json_answer(body, row.first)


# Written out once more by hand, so that a change of the table is a decision.
EXPECTED = {
    (400, "VALIDATION_ERROR"): (NeedsAttention, NeedsAttention),
    (400, "PROPERTY_DOESNT_EXIST"): (NeedsAttention, NeedsAttention),
    (401, ""): (ConnectionLost, ConnectionLost),
    (403, ""): (ConnectionLost, ConnectionLost),
    (404, ""): (Transient, NeedsAttention),
    (408, ""): (Transient, OutcomeUnknown),
    (409, ""): (Transient, NeedsAttention),
    (423, ""): (RateLimited, RateLimited),
    (429, "DAILY"): (RateLimited, RateLimited),
    (429, "TEN_SECONDLY_ROLLING"): (RateLimited, RateLimited),
    (429, "SECONDLY"): (RateLimited, RateLimited),
    (429, ""): (RateLimited, RateLimited),
    (477, ""): (RateLimited, RateLimited),
    (500, ""): (Transient, OutcomeUnknown),
}


def test_every_row_of_the_table_has_an_expectation() -> None:
    assert [(row.first, row.code) for row in FAULTS] == list(EXPECTED)


@pytest.mark.parametrize("row", FAULTS, ids=lambda row: f"{row.first}-{row.code}")
@pytest.mark.parametrize("write", [False, True])
def test_a_refusal_becomes_the_error_of_its_row(row: Fault, write: bool) -> None:
    raised = failure(answer_for(row), write=write)
    assert isinstance(raised, EXPECTED[row.first, row.code][write])
    assert raised.context["status"] == str(row.first)
    assert raised.context["correlationId"] == "c0-ffee"
    if isinstance(raised, RateLimited):
        assert raised.retry_after == row.wait > 0


@pytest.mark.parametrize("status", [500, 502, 503, 504, 521, 522, 523, 524, 599])
def test_every_server_error_leaves_the_outcome_of_a_write_open(status: int) -> None:
    assert isinstance(failure(httpx.Response(status, text="<html>gateway</html>"), write=True), OutcomeUnknown)
    assert type(failure(httpx.Response(status, text="<html>gateway</html>"), write=False)) is Transient


@pytest.mark.parametrize("status", [302, 400, 405, 410, 415, 418, 422])
def test_an_unknown_refusal_is_transient_on_a_read_and_attention_on_a_write(status: int) -> None:
    assert type(failure(json_answer(error("WHATEVER_NEXT"), status), write=False)) is UNKNOWN.on_read is Transient
    raised = failure(json_answer(error("WHATEVER_NEXT"), status), write=True)
    assert isinstance(raised, NeedsAttention)
    assert raised.code is AttentionCode.REFUSED_BY_HUBSPOT


@pytest.mark.parametrize("failed", [httpx.ConnectError("x"), httpx.ConnectTimeout("x"), httpx.PoolTimeout("x")])
@pytest.mark.parametrize("write", [False, True])
def test_nothing_was_written_when_the_connection_was_never_made(failed: httpx.RequestError, write: bool) -> None:
    assert type(failure(failed, write=write)) is Transient


@pytest.mark.parametrize("failed", [httpx.ReadTimeout("x"), httpx.RemoteProtocolError("x"), httpx.WriteError("x")])
def test_a_lost_answer_leaves_the_outcome_of_a_write_open(failed: httpx.RequestError) -> None:
    assert isinstance(failure(failed, write=True), OutcomeUnknown)
    assert type(failure(failed, write=False)) is Transient


@pytest.mark.parametrize(
    "answer", [httpx.Response(200, text="<html>"), json_answer([]), json_answer({"results": [{"id": "abc"}]})]
)
def test_an_answer_that_cannot_be_understood_is_a_lost_answer(answer: httpx.Response) -> None:
    assert isinstance(failure(answer, write=True), OutcomeUnknown)
    assert type(failure(answer, write=False)) is Transient


def test_missing_scopes_are_named_for_the_person_who_grants_them() -> None:
    raised = failure(
        json_answer(
            error(
                "MISSING_SCOPES",
                "This app hasn't been granted all required scopes.",
                links={"scopes": "https://developers.hubspot.com/scopes"},
                errors=[{"message": "x", "context": {"requiredGranularScopes": ["crm.objects.invoices.read"]}}],
            ),
            403,
        ),
        write=False,
    )
    assert isinstance(raised, ConnectionLost)
    assert "crm.objects.invoices.read" in raised.detail


def test_the_answer_may_say_itself_how_long_to_wait() -> None:
    body = {"status": "error", "message": "You have reached your limit.", "policyName": "TEN_SECONDLY_ROLLING"}
    for header, seconds in (("7", 7.0), ("0", 1.0), ("999999", 86_400.0), ("soon", 10.0)):
        raised = failure(json_answer(body, 429, {"Retry-After": header}), write=False)
        assert isinstance(raised, RateLimited)
        assert raised.retry_after == seconds


def test_a_429_slows_the_whole_connection_down() -> None:
    hubspot = ScriptedHubSpot()
    failure(json_answer({"status": "error", "policyName": "TEN_SECONDLY_ROLLING"}, 429), write=False, hubspot=hubspot)
    with pytest.raises(RateLimited):
        hubspot.client.read(PATH, {}, RecordBatch)
    assert len(hubspot.calls) == 1, "the paused limiter let a call through"


def test_a_locked_record_does_not_slow_the_others_down() -> None:
    hubspot = ScriptedHubSpot()
    failure(json_answer(error("LOCKED"), 423), write=True, hubspot=hubspot)
    failure(json_answer(error("LOCKED"), 423), write=True, hubspot=hubspot)
    assert len(hubspot.calls) == 2


def test_customer_data_stays_out_of_what_is_logged() -> None:
    secret = "Anna Muster, anna@example.test"
    raised = failure(json_answer({"category": secret, "correlationId": secret, "message": secret}, 400), write=True)
    assert secret in raised.detail
    assert secret not in str(raised)
    assert not any(secret in value for value in raised.context.values())


def test_an_error_of_a_strange_shape_keeps_its_category() -> None:
    raised = failure(json_answer({"category": "VALIDATION_ERROR", "errors": "?", "context": 3}, 400), write=False)
    assert isinstance(raised, Refused)


def test_the_code_is_found_where_hubspot_hides_it_in_the_message() -> None:
    text = 'Property values were not valid: [{"isValid":false,"message":"x","error":"PROPERTY_DOESNT_EXIST"}]'
    raised = failure(json_answer(error("VALIDATION_ERROR", text), 400), write=True)
    assert isinstance(raised, Refused)
    assert "PROPERTY_DOESNT_EXIST" in raised.codes


def test_the_token_travels_in_the_header_and_nowhere_else() -> None:
    hubspot = ScriptedHubSpot()
    raised = failure(json_answer(error("AUTH"), 401), write=False, hubspot=hubspot)
    assert hubspot.requests[0].headers["Authorization"] == "Bearer pat-test"
    assert "pat-test" not in f"{raised} {raised.detail} {raised.context}"
