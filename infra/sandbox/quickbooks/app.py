"""The QuickBooks sandbox as an application: the gateway in front of the API, and what the kernel asks of a vendor."""

import itertools
import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qs

from werkzeug import Request, Response

from infra.sandbox.kernel import SandboxApp, SandboxClock
from infra.sandbox.kernel.faults import FaultRule, VendorKinds
from infra.sandbox.kernel.wire import dumps
from infra.sandbox.quickbooks import api, batch, requestids, seed
from infra.sandbox.quickbooks.company import Company
from infra.sandbox.quickbooks.config import QuickBooksConfig
from infra.sandbox.quickbooks.faults import (
    NOT_AUTHORIZED,
    SYSTEM_FAULT,
    THROTTLED,
    WRONG_REALM,
    GatewayFault,
    QuickBooksFaultError,
    fault,
    unauthenticated,
)
from infra.sandbox.quickbooks.grants import Grants
from infra.sandbox.quickbooks.limits import Throttle
from infra.sandbox.quickbooks.oauth import OAuth
from infra.sandbox.quickbooks.webhooks import QuickBooksWebhooks

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PREFIX = "/v3/company/"
JSON = "application/json;charset=UTF-8"
XML = "application/xml"
BATCH = "batch"
_IN_FLIGHT = "sandbox.requestid_in_flight"


class QuickBooksSandbox(SandboxApp):
    """QuickBooks Online's accounting API and Intuit's OAuth on one port. `store` holds the companies by realm id."""

    vendor_kinds: ClassVar[VendorKinds] = {
        "status_401": frozenset({"form"}),
        "status_403": frozenset(),
        "fault_200": frozenset({"code", "detail"}),
        "fault_400": frozenset({"code", "detail"}),
    }

    def __init__(
        self, config: QuickBooksConfig | None = None, clock: SandboxClock | None = None, seed: int = 0
    ) -> None:
        self.config = config or QuickBooksConfig()
        super().__init__("quickbooks", clock, seed)
        self._flights: set[tuple[str, str]] = set()
        self._flights_lock = threading.Lock()
        self._begin()

    def _begin(self) -> None:
        config = self.config
        self.store: dict[str, Company] = {}
        self.visits = itertools.count(1)  # numbers the request ids of visitors
        self._requestids = {realm: requestids.RequestIds(config) for realm in config.realms}
        self._throttles = {
            realm: Throttle((config.requests_per_second, 1), (config.requests_per_minute, 60))
            for realm in config.realms
        }
        self._batches = {realm: Throttle((config.batches_per_minute, 60)) for realm in config.realms}
        self.grants = Grants(config, self.chance, self.clock.now)
        self._oauth = OAuth(config, self.grants)
        for realm in config.realms:
            company = Company(realm, config, self.clock)
            seed.seed(company)
            company.listener = self._listener(realm)
            self.store[realm] = company

    @property
    def company(self) -> Company:
        """The company of the configured realm."""
        return self.store[self.config.realm_id]

    def _listener(self, realm: str) -> Any:
        group = "" if self.config.webhook_realms_together else realm

        def changed(entity: str, id_: str, verb: str, merged: str) -> None:
            event = {"id": self.new_uuid(), "realm": realm, "entity": entity, "entity_id": id_, "verb": verb}
            event |= {"merged": merged} if merged else {}
            self.outbox.add({**event, "at": self.clock.now()}, group)

        return changed

    def configure(self, config: Mapping[str, Any]) -> None:
        """Takes the settings of `QuickBooksConfig` and begins anew with fresh companies."""
        self.config = self.config.with_settings(config)
        self.chance.seed(self.seed)
        self._begin()

    def act(self, name: str, options: Mapping[str, Any]) -> Any:
        """`sign_in`: somebody signs in to the company's own screens; gives a token that is not the app's."""
        if name != "sign_in" or options:
            return super().act(name, options)
        return self.grants.person_token(self.config.realm_id)

    def webhook_policy(self) -> QuickBooksWebhooks:
        """Intuit's way with webhooks."""
        return QuickBooksWebhooks(self.config)

    def state(self) -> dict[str, Any]:
        """Companies with their entities and metered reads, grants and request ids."""
        return {
            "config": {
                key: str(value) if not isinstance(value, str | int | bool | list | tuple | None) else value
                for key, value in asdict(self.config).items()
                if not key.endswith(("_secret", "_token"))
            },
            "realms": {
                realm: {
                    "reads": company.reads,
                    "writes": company.writes,
                    "request_ids": self._requestids[realm].ids(),
                    "entities": {name: list(rows.values()) for name, rows in company.rows.items()},
                    "deleted": [f"{holder.entity}/{holder.id}" for holder in sorted(company.gone)],
                }
                for realm, company in self.store.items()
            },
            "grants": self.grants.describe(),
        }

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Notes which request ids are under way, since the lock lets requests in one at a time."""
        id_ = parse_qs(environ.get("QUERY_STRING", "")).get("requestid", [""])[0]
        realm = environ.get("PATH_INFO", "").removeprefix(PREFIX).partition("/")[0]
        if not id_:
            return super().__call__(environ, start_response)
        with self._flights_lock:
            environ[_IN_FLIGHT] = (realm, id_) in self._flights
            self._flights.add((realm, id_))
        try:
            return super().__call__(environ, start_response)
        finally:
            if not environ[_IN_FLIGHT]:
                with self._flights_lock:
                    self._flights.discard((realm, id_))

    def handle(self, request: Request) -> Response:
        """The gateway: token, realm and throttle, then the API."""
        response = self._oauth.answer(request) or self._gateway(request)
        return self._traced(response)

    def _gateway(self, request: Request) -> Response:
        realm, _, rest = request.path.removeprefix(PREFIX).partition("/")
        parts = [part for part in rest.split("/") if part]
        if not request.path.startswith(PREFIX) or not parts:
            return self._refused(fault("500", f"Operation {request.path} is not supported."))
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        opens = self.grants.realm_of(token)
        if scheme.lower() != "bearer" or opens is None:
            known = "Token expired" if self.grants.knows(token) else "Malformed bearer token: too short or too long"
            return self._gate(unauthenticated(known), self.config.unauthorized_form)
        if opens != realm:
            json_form = self.config.wrong_realm == "json_3100"
            return self._gate(NOT_AUTHORIZED, "json") if json_form else self._gate(WRONG_REALM, "xml")
        company, person = self.store[realm], self.grants.is_person(token)
        if not person and not self._throttles[realm].admits(self.clock.now()):
            return self._gate(THROTTLED, "xml")
        if parts == [BATCH] and not person and not self._batches[realm].admits(self.clock.now()):
            return self._gate(THROTTLED, "xml")
        response = self._api(request, company, parts, person=person)
        if not person and response.status_code == 200:
            _meter(company, request, parts)
        return response

    def _api(self, request: Request, company: Company, parts: list[str], *, person: bool) -> Response:
        options = {key: values[-1] for key, values in parse_qs(request.query_string.decode("latin-1")).items()}
        try:
            if request.method == "GET":
                return self._answered(company, api.read(company, parts, options))
            if request.method != "POST":
                return self._refused(fault("500", f"Operation {request.method} is not supported."))
            body = request.get_data()
            if parts == ["query"]:
                return self._answered(company, api.run_query(company, body.decode("utf-8", "replace")))
            if "requestid" in options:
                return self._once(request, company, parts, options, person=person)
            return self._answered(company, _write(company, parts, options, body, person=person))
        except QuickBooksFaultError as error:
            return self._refused(error, company)

    def _once(
        self, request: Request, company: Company, parts: list[str], options: Mapping[str, str], *, person: bool
    ) -> Response:
        """A write under a request id: carried out, or answered as it was the first time."""
        known, id_, now = self._requestids[company.realm], options["requestid"], self.clock.now()
        rest = "&".join(f"{key}={options[key]}" for key in sorted(options) if key not in ("requestid", "minorversion"))
        mark = requestids.fingerprint("/".join(parts), rest, request.get_data())
        longest = requestids.LONGEST_OF_BATCH if parts == [BATCH] else requestids.LONGEST
        earlier = known.earlier(id_, mark, now, in_flight=bool(request.environ.get(_IN_FLIGHT)), longest=longest)
        if earlier is not None:
            return Response(earlier.body, earlier.status, content_type=JSON)
        try:
            response = self._answered(company, _write(company, parts, options, request.get_data(), person=person))
        except QuickBooksFaultError as error:
            response = self._refused(error, company)
        known.keep(id_, requestids.Answer(response.status_code, response.get_data(as_text=True), now, mark))
        return response

    @staticmethod
    def _answered(company: Company, answer: api.Answer) -> Response:
        if isinstance(answer, bytes):
            return Response(answer, content_type="application/pdf")
        return Response(dumps({**answer, "time": company.envelope_time()}), content_type=JSON)

    def _refused(
        self, error: QuickBooksFaultError, company: Company | None = None, status: int | None = None
    ) -> Response:
        time = (company or self.company).envelope_time()
        return Response(dumps({"Fault": error.body(), "time": time}), status or error.status, content_type=JSON)

    def _gate(self, refusal: GatewayFault, form: str) -> Response:
        if form == "json":
            return Response(refusal.json(self.clock.epoch_ms()), refusal.status, content_type=JSON)
        return Response(refusal.xml(self.company.envelope_time()), refusal.status, content_type=XML)

    def _traced(self, response: Response) -> Response:
        now = int(self.clock.now().timestamp())
        response.headers["intuit_tid"] = f"1-{now:08x}-{self.chance.getrandbits(96):024x}"
        return response

    def fault_response(self, kind: str, request: Request) -> Response:
        """The vendor's answer for a kind without options."""
        return self.answer_fault(FaultRule(kind), request)

    def answer_fault(self, rule: FaultRule, request: Request) -> Response:
        """429 is XML, 401 in the form asked for, 500 a SystemFault; `fault_200` and `fault_400` carry a code."""
        del request
        return self._traced(self._injected(rule))

    def _injected(self, rule: FaultRule) -> Response:
        if rule.kind == "status_429":
            return self._gate(THROTTLED, "xml")
        if rule.kind == "status_401":
            form = rule.options.get("form", self.config.unauthorized_form)
            return self._gate(unauthenticated("Token expired"), str(form))
        if rule.kind == "status_403":
            return self._gate(NOT_AUTHORIZED, "json")
        if rule.kind == "status_500":
            return self._refused(SYSTEM_FAULT)
        code = str(rule.options.get("code", "6000"))
        return self._refused(fault(code, str(rule.options.get("detail", ""))), status=int(rule.kind[-3:]))


def _write(
    company: Company, parts: list[str], options: Mapping[str, str], body: bytes, *, person: bool
) -> dict[str, Any]:
    if parts == [BATCH]:
        return batch.answer(company, api.read_object(body), named="requestid" in options, person=person)
    return api.write(company, parts, options, body, person=person)


def _meter(company: Company, request: Request, parts: list[str]) -> None:
    """Counts a successful call of the app: as data out, which Intuit meters, or as data in."""
    if parts == [BATCH]:
        queries, writes = batch.counted(api.read_object(request.get_data()))
        ways = {"each_query": queries, "one": min(queries, 1), "none": 0}
        company.reads += ways[company.config.batch_reads]
        company.writes += writes
    elif request.method == "GET" or parts == ["query"]:
        company.reads += 1
    else:
        company.writes += 1
