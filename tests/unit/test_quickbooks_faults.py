"""Every fault of QuickBooks, in every shape, on reads and on writes, means what the table says."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from xml.sax.saxutils import escape

import httpx
import pytest

from tests.support.memory import MemoryLimiter, VirtualClock
from tieout.adapters.http import make_client
from tieout.adapters.quickbooks.client import QuickBooksClient
from tieout.adapters.quickbooks.faults import ROWS, Fault, FaultError, error_of
from tieout.domain.attention import AttentionCode as Code
from tieout.domain.company import Connection
from tieout.domain.errors import (
    ConnectionLost,
    NameTaken,
    NeedsAttention,
    NotInLedger,
    NumberTaken,
    OutcomeUnknown,
    RateLimited,
    StaleVersion,
    SyncError,
    Transient,
)

CONNECTION = Connection("c1", "1", "123")
DELETED = "Object Not Found : Another user has deleted this transaction."
INACTIVE = "Object Not Found : Something you're trying to use has been made inactive. Check the fields with accounts."

# fmt: off
REFUSED = (
    "500", "800", "1040", "2010", "2020", "2030", "2090", "2130", "2170", "2210", "2300", "4000",
    "4001", "4002", "5020", "5030", "6000", "6010", "6070", "6080", "6090", "6220", "6270", "6280",
)
# fmt: on
# What a reviewer expects, written down apart from the table in the code: code, detail, on a read, on a write.
EXPECTED: list[tuple[str, str, type[SyncError], type[SyncError] | Code]] = [
    ("3001", "", RateLimited, RateLimited),
    ("003001", "", RateLimited, RateLimited),
    *[(c, "", ConnectionLost, ConnectionLost) for c in ("100", "110", "3200", "3202", "120", "130", "3100", "6190")],
    ("140", "", Transient, Transient),
    ("150", "", Transient, Transient),
    ("10000", "", Transient, OutcomeUnknown),
    ("600", "", Transient, OutcomeUnknown),
    ("5010", "", Transient, StaleVersion),
    ("610", DELETED, NotInLedger, NotInLedger),
    ("610", INACTIVE, NotInLedger, Code.REFERENCE_INACTIVE),
    ("2500", "", Transient, Code.REFERENCE_INACTIVE),
    ("6140", "", Transient, NumberTaken),
    ("6240", "", Transient, NameTaken),
    ("6200", "", Transient, Code.PERIOD_CLOSED),
    ("6210", "", Transient, Code.PERIOD_CLOSED),
    ("2050", "", Transient, Code.TEXT_TOO_LONG),
    ("2290", "", Transient, Code.NEGATIVE_LINE),
    ("6100", "", Transient, Code.TAX_UNSUPPORTED),
    ("6170", "", Transient, Code.TAX_UNSUPPORTED),
    ("620", "", Transient, Code.CANNOT_BE_APPLIED),
    ("6540", "", Transient, Code.DEPOSITED_IN_QUICKBOOKS),
    *[(code, "", Transient, Code.REFUSED_BY_QUICKBOOKS) for code in REFUSED],
]


@dataclass
class Tokens:
    refreshed: int = 0

    def access_token(self) -> str:
        return f"token-{self.refreshed}"

    def refresh_after_401(self, stale_access_token: str) -> str:
        assert stale_access_token == self.access_token()
        self.refreshed += 1
        return self.access_token()


def client_for(
    answer: Callable[[httpx.Request], httpx.Response],
    tokens: Tokens | None = None,
    limiter: MemoryLimiter | None = None,
) -> QuickBooksClient:
    http = make_client("https://quickbooks.test", transport=httpx.MockTransport(answer))
    return QuickBooksClient(CONNECTION, http, tokens or Tokens(), limiter or MemoryLimiter(VirtualClock()))


def as_json(code: str, detail: str) -> httpx.Response:
    error = {"Message": "Some Error", "Detail": detail or "Some detail.", "code": code, "element": ""}
    return httpx.Response(400, json={"Fault": {"Error": [error], "type": "ValidationFault"}, "time": "x"})


def as_gateway_json(code: str, detail: str) -> httpx.Response:
    error = {"message": "Some Error", "detail": detail or None, "code": code, "element": None}
    return httpx.Response(400, json={"warnings": None, "fault": {"error": [error], "type": "SERVICE"}, "time": 1})


def as_xml(code: str, detail: str) -> httpx.Response:
    text = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        '<IntuitResponse xmlns="http://schema.intuit.com/finance/v3" time="2018-08-20T02:23:36.095-07:00">'
        f'<Fault type="ValidationFault"><Error code="{code}"><Message>Some Error</Message>'
        f"<Detail>{escape(detail)}</Detail></Error></Fault></IntuitResponse>"
    )
    return httpx.Response(400, text=text, headers={"Content-Type": "application/xml"})


def with_success(code: str, detail: str) -> httpx.Response:
    return httpx.Response(200, content=as_json(code, detail).content, headers={"Content-Type": "application/json"})


def read_error(client: QuickBooksClient) -> SyncError:
    with pytest.raises(SyncError) as caught:
        client.get("invoice", "1")
    return caught.value


def write_error(client: QuickBooksClient) -> SyncError:
    with pytest.raises(SyncError) as caught:
        client.post("invoice", "{}", "request-1")
    return caught.value


@pytest.mark.parametrize("shape", [as_json, as_gateway_json, as_xml, with_success])
@pytest.mark.parametrize(("code", "detail", "on_read", "on_write"), EXPECTED)
def test_each_code_means_what_the_reviewer_expects_in_every_shape(
    shape: Callable[[str, str], httpx.Response],
    code: str,
    detail: str,
    on_read: type[SyncError],
    on_write: type[SyncError] | Code,
) -> None:
    assert type(read_error(client_for(lambda _: shape(code, detail)))) is on_read
    error = write_error(client_for(lambda _: shape(code, detail)))
    if isinstance(on_write, Code):
        assert isinstance(error, NeedsAttention)
        assert error.code is on_write
    else:
        assert type(error) is on_write
    assert error.context["code"] == code


def test_the_table_has_no_row_that_the_reviewer_did_not_see() -> None:
    assert [row.code for row in ROWS] == [code for code, *_ in EXPECTED]


def test_an_unknown_fault_is_attention_with_quickbooks_own_words_on_a_write_and_transient_on_a_read() -> None:
    client = client_for(lambda _: as_json("9999", "The moon is in the wrong phase."))
    assert type(read_error(client)) is Transient
    error = write_error(client)
    assert isinstance(error, NeedsAttention)
    assert error.code is Code.REFUSED_BY_QUICKBOOKS
    assert "The moon is in the wrong phase." in error.detail
    assert "moon" not in str(error)


def test_a_duplicate_number_names_its_holder() -> None:
    detail = (
        "Duplicate Document Number Error : You must specify a different number. This number has already been used. "
        "DocNumber=18696 is assigned to TxnType=Invoice with TxnId=6575"
    )
    error = write_error(client_for(lambda _: as_json("6140", detail)))
    assert isinstance(error, NumberTaken)
    assert (error.holder_type, error.holder_id) == ("Invoice", "6575")


def test_of_several_errors_the_gravest_known_one_counts() -> None:
    fault = Fault("ValidationFault", (FaultError("9999"), FaultError("6000"), FaultError("5010")))
    assert isinstance(error_of(fault, 400, write=True, context={}), StaleVersion)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("body", ["", "<html>Bad gateway</html>", '{"Fault":{"Error":[{"code":"6000"}]}}'])
def test_a_server_error_leaves_the_outcome_of_a_write_open_whatever_it_says(status: int, body: str) -> None:
    client = client_for(lambda _: httpx.Response(status, text=body))
    assert type(write_error(client)) is OutcomeUnknown
    assert type(read_error(client)) is Transient


@pytest.mark.parametrize("body", ["", "{", "[]", "null", "<html></html>", "NaN", '{"Invoice":' + "[" * 100_000])
def test_a_success_that_cannot_be_read_leaves_a_write_open(body: str) -> None:
    client = client_for(lambda _: httpx.Response(200, text=body))
    assert type(write_error(client)) is OutcomeUnknown
    assert type(read_error(client)) is Transient


ENTITY = (
    '<!DOCTYPE a [<!ENTITY b "6140">]>'
    '<IntuitResponse><Fault type="x"><Error code="6000"><Detail>&b;</Detail></Error></Fault></IntuitResponse>'
)


@pytest.mark.parametrize("body", ["<a", "<html/>", ENTITY])
def test_xml_with_a_document_type_or_without_sense_is_not_read(body: str) -> None:
    client = client_for(lambda _: httpx.Response(400, text=body, headers={"Content-Type": "text/xml"}))
    error = write_error(client)
    assert isinstance(error, NeedsAttention)
    assert error.detail == "QuickBooks answered with status 400 and no explanation."


def test_a_redirect_is_not_followed_and_proves_nothing() -> None:
    calls: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(request)
        return httpx.Response(302, headers={"Location": "https://elsewhere.test/"})

    assert type(write_error(client_for(answer))) is OutcomeUnknown
    assert [call.url.host for call in calls] == ["quickbooks.test"]


@pytest.mark.parametrize(
    ("failure", "on_write"),
    [
        (httpx.ConnectError("x"), Transient),
        (httpx.ConnectTimeout("x"), Transient),
        (httpx.ReadTimeout("x"), OutcomeUnknown),
        (httpx.WriteTimeout("x"), OutcomeUnknown),
        (httpx.ReadError("x"), OutcomeUnknown),
        (httpx.RemoteProtocolError("x"), OutcomeUnknown),
    ],
)
def test_a_lost_write_is_open_unless_nothing_was_sent(failure: Exception, on_write: type[SyncError]) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        raise failure

    assert type(write_error(client_for(answer))) is on_write
    assert type(read_error(client_for(answer))) is Transient


@pytest.mark.parametrize(("headers", "seconds"), [({}, 60), ({"Retry-After": "7"}, 7), ({"Retry-After": "soon"}, 60)])
def test_a_throttle_pauses_the_whole_connection(headers: dict[str, str], seconds: int) -> None:
    limiter = MemoryLimiter(VirtualClock())
    client = client_for(lambda _: httpx.Response(429, headers=headers), limiter=limiter)
    error = read_error(client)
    assert isinstance(error, RateLimited)
    assert error.retry_after == seconds
    with pytest.raises(RateLimited):
        limiter.permit("c1", "quickbooks")


def test_a_401_is_answered_by_one_refresh_and_the_same_request() -> None:
    seen: list[tuple[str, str, bytes]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((request.headers["Authorization"], str(request.url), request.content))
        return httpx.Response(401) if len(seen) == 1 else httpx.Response(200, json={"Invoice": {"Id": "1"}})

    limiter = MemoryLimiter(VirtualClock())
    client_for(answer, limiter=limiter).post("invoice", '{"a":1}', "request-1")
    assert [token for token, *_ in seen] == ["Bearer token-0", "Bearer token-1"]
    assert seen[0][1:] == seen[1][1:]
    assert "requestid=request-1" in seen[0][1]
    assert limiter.permits["c1", "quickbooks"] == 2


def test_a_second_401_loses_the_connection() -> None:
    tokens = Tokens()
    client = client_for(lambda _: httpx.Response(401, json=json.loads(as_gateway_json("3200", "").content)), tokens)
    assert isinstance(write_error(client), ConnectionLost)
    assert tokens.refreshed == 1


@pytest.mark.parametrize("code", ["120", "130"])
def test_a_401_that_no_token_can_mend_is_not_answered_by_a_refresh(code: str) -> None:
    tokens = Tokens()
    client = client_for(lambda _: httpx.Response(401, content=as_xml(code, "").content), tokens)
    assert isinstance(read_error(client), ConnectionLost)
    assert tokens.refreshed == 0


def test_every_error_carries_intuits_id_of_the_call_and_ours() -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        response = as_json("6000", "secret customer")
        response.headers["intuit_tid"] = "1-abc"
        return response

    error = write_error(client_for(answer))
    assert error.context == {
        "system": "quickbooks",
        "connection": "c1",
        "operation": "POST invoice",
        "requestid": "request-1",
        "status": "400",
        "code": "6000",
        "says": "business validation",
        "intuit_tid": "1-abc",
    }
    assert "secret customer" not in str(error)
    assert "secret customer" in error.detail


def test_a_call_names_realm_minor_version_and_request_id() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"Invoice": {"Id": "1"}}, headers={"intuit_tid": "1-ok"})

    given = client_for(answer).post("invoice", '{"Id":"1"}', "r-1", operation="void")
    assert given.intuit_tid == "1-ok"
    assert str(seen[0].url) == (
        "https://quickbooks.test/v3/company/123/invoice?requestid=r-1&operation=void&minorversion=75"
    )
    assert seen[0].headers["Content-Type"] == "application/json"
    assert seen[0].content == b'{"Id":"1"}'


def test_a_query_reads_every_page() -> None:
    starts: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        statement = request.url.params["query"]
        starts.append(statement.partition("STARTPOSITION ")[2].split()[0])
        rows = [{"Id": str(number)} for number in range(1000 if len(starts) < 3 else 5)]
        return httpx.Response(200, json={"QueryResponse": {"Item": rows}})

    found = client_for(answer).query("Item", convert=lambda node: node.text("Id"))
    assert len(found) == 2005
    assert starts == ["1", "1001", "2001"]


def test_an_answer_without_a_query_response_is_not_an_empty_result() -> None:
    client = client_for(lambda _: httpx.Response(200, json={"time": "x"}))
    with pytest.raises(Transient):
        client.query("Item", convert=lambda node: node)


def test_an_empty_query_response_is_an_empty_result() -> None:
    client = client_for(lambda _: httpx.Response(200, json={"QueryResponse": {}, "time": "x"}))
    assert client.query("Item", convert=lambda node: node) == []


def test_a_pdf_that_is_none_is_a_failed_read() -> None:
    assert client_for(lambda _: httpx.Response(200, content=b"%PDF-1.4 x")).pdf("invoice", "1") == b"%PDF-1.4 x"
    with pytest.raises(Transient):
        client_for(lambda _: httpx.Response(200, text="<html></html>")).pdf("invoice", "1")
    with pytest.raises(NotInLedger):
        client_for(lambda _: as_json("610", DELETED)).pdf("invoice", "1")
