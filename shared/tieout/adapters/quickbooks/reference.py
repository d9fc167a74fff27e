"""The company behind a connection: what is read of it once in ten minutes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from urllib.parse import urlencode

from tieout.adapters.quickbooks import company as companies
from tieout.adapters.quickbooks import query
from tieout.adapters.quickbooks.client import QuickBooksClient
from tieout.adapters.quickbooks.kept import Kept
from tieout.adapters.quickbooks.wire import Node
from tieout.domain.company import Connection, LedgerCompany, TaxCode, Term
from tieout.domain.errors import NotInLedger
from tieout.ports import Clock


class CompanyReader:
    """What all parts of `QuickBooksLedger` share: the client, and the company as it is set up."""

    def __init__(self, connection: Connection, client: QuickBooksClient, clock: Clock, app_url: str) -> None:
        self._connection = connection
        self._client = client
        self._clock = clock
        self._app_url = app_url.rstrip("/")
        self._company = Kept(clock, self._read_company)
        self._tax_codes = Kept(
            clock, lambda: client.query("TaxCode", query.EVEN_INACTIVE, convert=companies.read_tax_code)
        )
        self._terms = Kept(clock, lambda: client.query("Term", query.EVEN_INACTIVE, convert=companies.read_term))
        self._rates: dict[tuple[str, date], Kept[Decimal | None]] = {}

    def company(self) -> LedgerCompany:
        """Company and preferences, kept for ten minutes."""
        return self._company.get()

    def tax_codes(self) -> Sequence[TaxCode]:
        """All of them, kept for ten minutes."""
        return self._tax_codes.get()

    def terms(self) -> Sequence[Term]:
        """All of them, kept for ten minutes."""
        return self._terms.get()

    def exchange_rate(self, currency: str, day: date) -> Decimal | None:
        """QuickBooks' own rate, kept for ten minutes; there is none in a company of one currency."""
        company = self.company()
        if currency == company.home_currency:
            return Decimal(1)
        if not company.multicurrency:
            return None
        key = (currency, day)
        if key not in self._rates:
            self._rates[key] = Kept(self._clock, partial(self._read_rate, currency, day))
        return self._rates[key].get()

    def _read_company(self) -> LedgerCompany:
        # Read by query, the way that Intuit documents; there is one row.
        rows = self._client.query("Preferences", convert=_as_it_is)
        preferences = rows[0] if rows else Node({})
        info = self._client.get("companyinfo", self._connection.realm_id)
        return info.entity("CompanyInfo", lambda node: companies.read_company(node, preferences))

    def _read_rate(self, currency: str, day: date) -> Decimal | None:
        convert = partial(companies.read_exchange_rate, home_currency=self.company().home_currency)
        try:
            answer = self._client.get("exchangerate", sourcecurrencycode=currency, asofdate=day.isoformat())
        except NotInLedger:
            return None
        return answer.entity("ExchangeRate", convert)

    def _page(self, name: str, id_: str) -> str:
        """Where people see a document; the company is named because QuickBooks opens the link in the one last used."""
        return f"{self._app_url}/app/{name}?" + urlencode({"txnId": id_, "companyId": self._connection.realm_id})


def _as_it_is(node: Node) -> Node:
    return node
