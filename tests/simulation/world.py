"""The people on both sides: what they do in HubSpot and in QuickBooks, chosen by chance among what is possible."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from infra.sandbox.hubspot import HubSpotSandbox
from infra.sandbox.hubspot.object_types import COMPANY, CONTACT, LINE_ITEM, find_type
from infra.sandbox.hubspot.record import Record
from infra.sandbox.hubspot.records import Records
from infra.sandbox.quickbooks import QuickBooksSandbox, operations
from infra.sandbox.quickbooks.entities import DEFINITIONS
from tests.simulation import books
from tests.simulation.stage import Clock
from tests.simulation.watch import Watch

_INVOICE, _CUSTOMER = DEFINITIONS["Invoice"], DEFINITIONS["Customer"]
_TO_INVOICE_PARTS = {CONTACT: 177, COMPANY: 179, LINE_ITEM: 409}
_PRICES = ("10", "19.99", "33.335", "0.125", "1250", "7.4")
_QUANTITIES = ("1", "2", "3", "0.5", "7")
_COMMENTS = ("Thank you", "Net 30, please", "Größe: ½ m²", "two\nlines")
# Name, SKU, whether QuickBooks has the SKU or the name.
_PRODUCTS = (("Consulting", "CONS-1"), ("Support hours", None), ("Mystery box", "MYST-9"))


class World:
    """Both companies and everybody in them.

    `changed` is called after each change of a system by a person ("hubspot" or "quickbooks").
    """

    def __init__(
        self,
        hubspot: HubSpotSandbox,
        quickbooks: QuickBooksSandbox,
        watch: Watch,
        clock: Clock,
        chance: random.Random,
        tell: Callable[[str], None],
        changed: Callable[[str], None],
    ) -> None:
        self.hubspot, self.quickbooks, self.watch = hubspot, quickbooks, watch
        self._clock, self._chance, self._tell, self._changed = clock, chance, tell, changed
        self._parties: list[tuple[str, str | None]] = []
        self._products: list[Record] = []
        self.deletions: dict[str, datetime] = {}
        self.most_invoices = chance.randint(3, 8)
        self._settle_in()

    # -- the beginning

    def _settle_in(self) -> None:
        item = {"Type": "Service", "IncomeAccountRef": {"value": "1"}}
        self._write("Item", {"Name": "Consulting by the hour", "Sku": "CONS-1", **item})
        self._write("Item", {"Name": "support HOURS", **item})
        with self._in_hubspot() as crm:
            companies = [self._create(crm, "companies", name=name) for name in ("Acme", "Björk & Søn", "Acme")]
            people = [
                self._create(crm, "contacts", **texts)
                for texts in (
                    {"firstname": "Ann", "lastname": "Lee", "email": "ann@acme.test"},
                    {"firstname": "Ann", "lastname": "Lee", "email": "other.ann@example.test"},
                    {"email": "nameless@example.test"},
                )
            ]
            for name, sku in _PRODUCTS:
                texts = {"name": name, "price": "10"} | ({"hs_sku": sku} if sku else {})
                self._products.append(self._create(crm, "products", **texts))
        with_company = self._chance.sample(companies, self._chance.randint(1, 2))
        self._parties = [(self._chance.choice(people).id, one.id) for one in with_company]
        self._parties += [(one.id, None) for one in self._chance.sample(people, self._chance.randint(1, 2))]
        self._clash()

    def _clash(self) -> None:
        """Names that QuickBooks knows already, of the right kind or of the wrong one."""
        match self._chance.randrange(8):
            case 0:
                self._write("Vendor", {"DisplayName": "Ann Lee"})
            case 1:
                self._write("Vendor", {"DisplayName": "acme"})
            case 2:
                self._write("Employee", {"GivenName": "Ann", "FamilyName": "Lee"})
            case 3:
                self._write("Customer", {"DisplayName": "Acme"})
            case 4:
                made = self._write("Customer", {"DisplayName": "Björk & Søn"})
                self._write("Customer", _version(made) | {"Active": False})
            case 5:
                self._write("Customer", {"DisplayName": "A. Lee", "PrimaryEmailAddr": {"Address": "ann@acme.test"}})

    # -- what people do

    def act(self) -> None:
        """Somebody does one thing."""
        acts: dict[Callable[[], bool], int] = {
            self._bill: 6,
            self._finalise: 4,
            self._edit_line: 4,
            self._edit_texts: 3,
            self._void: 1,
            self._pay: 1,
            self._archive: 1,
            self._edit_owned: 3,
            self._edit_unowned: 1,
            self._delete_book: 2,
            self._void_book: 1,
            self._deposit: 1,
            self._take_number: 1,
            self._take_name: 1,
        }
        while acts:
            act = self._chance.choices(list(acts), list(acts.values()))[0]
            if act():
                return
            del acts[act]

    def kill_token(self) -> None:
        """Intuit no longer takes the access token."""
        self._tell("the access token dies")
        for grant in self.quickbooks.grants._grants:
            grant.access.update(dict.fromkeys(grant.access, self._clock.time))
        self._changed("quickbooks")

    # -- HubSpot

    def _bill(self) -> bool:
        there = books.invoices(self.hubspot)
        if len(there) >= self.most_invoices:
            return False
        number = self._chance.choice((1, 1, 2))
        for _ in range(min(number, self.most_invoices - len(there))):
            self._new_invoice()
        return True

    def _new_invoice(self) -> None:
        contact, company = self._chance.choice(self._parties)
        with self._in_hubspot() as crm:
            lines = []
            for _ in range(self._chance.randint(1, 2)):
                product = self._chance.choices(self._products, (5, 4, 1))[0]
                texts = {"quantity": self._chance.choice(_QUANTITIES), "price": self._chance.choice(_PRICES)}
                if self._chance.random() < 0.3:
                    texts["description"] = "as agreed"
                lines.append(self._create(crm, "line_items", hs_product_id=product.id, **texts))
            ends = [(one.id, LINE_ITEM) for one in lines] + [(contact, CONTACT)]
            ends += [(company, COMPANY)] if company else []
            texts = {
                "hs_currency": "USD",
                "hs_invoice_date": self._day(0, 3),
                "hs_due_date": self._day(10, 40),
            }
            if self._chance.random() < 0.3:
                texts["hs_comments"] = self._chance.choice(_COMMENTS)
            invoice = crm.create(find_type("invoices"), texts, [_end(*one) for one in ends])
            if self._chance.random() < 0.75:
                crm.update(invoice, {"hs_invoice_status": "open"})
        self._tell(f"HubSpot: invoice {invoice.id} is written, {invoice.get('hs_invoice_status')}")

    def _finalise(self) -> bool:
        return self._update("draft", lambda _: {"hs_invoice_status": "open"})

    def _void(self) -> bool:
        return self._update("open", lambda _: {"hs_invoice_status": "voided"})

    def _pay(self) -> bool:
        return self._update("open", lambda _: {"hs_invoice_status": "paid"})

    def _edit_texts(self) -> bool:
        def texts(_: Record) -> dict[str, str]:
            if self._chance.random() < 0.5:
                return {"hs_comments": self._chance.choice(("", *_COMMENTS))}
            return {"hs_due_date": self._day(10, 40)}

        return self._update("open", texts)

    def _edit_line(self) -> bool:
        invoice = self._one_in("open")
        if invoice is None:
            return False
        line = self._chance.choice(books.linked(self.hubspot, invoice, LINE_ITEM))
        texts = {"quantity": self._chance.choice(_QUANTITIES), "price": self._chance.choice(_PRICES)}
        with self._in_hubspot() as crm:
            crm.update(line, texts)
        self._tell(f"HubSpot: a line of {invoice.id} becomes {texts['quantity']} x {texts['price']}")
        return True

    def _archive(self) -> bool:
        invoice = self._one_in("open", "voided", "draft")
        if invoice is None:
            return False
        with self._in_hubspot() as crm:
            crm.archive(invoice)
        self._tell(f"HubSpot: {invoice.id} is deleted")
        return True

    def _update(self, status: str, texts: Callable[[Record], dict[str, str]]) -> bool:
        invoice = self._one_in(status)
        if invoice is None:
            return False
        values = texts(invoice)
        with self._in_hubspot() as crm:
            crm.update(invoice, values)
        self._tell(f"HubSpot: {invoice.id} gets {values}")
        return True

    def _one_in(self, *statuses: str) -> Record | None:
        fitting = [
            one
            for one in books.invoices(self.hubspot).values()
            if one.archived is None and one.get("hs_invoice_status") in statuses
        ]
        return self._chance.choice(fitting) if fitting else None

    def _day(self, first: int, last: int) -> str:
        day = self._clock.time + timedelta(days=self._chance.randint(first, last))
        return f"{day:%Y-%m-%d}T00:00:00Z"

    @staticmethod
    def _create(crm: Records, kind: str, **texts: str) -> Record:
        return crm.create(find_type(kind), texts)

    @contextmanager
    def _in_hubspot(self) -> Iterator[Records]:
        with self.hubspot.acting() as crm:
            yield crm
        self._changed("hubspot")
        self.watch.compare()

    # -- QuickBooks

    def _edit_owned(self) -> bool:
        id_ = self._one_book()
        if id_ is None:
            return False
        row = self._row(id_)
        match self._chance.randrange(4):
            case 0:
                fields: dict[str, Any] = {"DueDate": self._day(10, 40)[:10]}
            case 1:
                fields = {"CustomerMemo": {"value": self._chance.choice(_COMMENTS)}}
            case 2:
                fields = {"BillEmail": {"Address": "boss@example.test"}}
            case _:
                fields = {"Line": [self._repriced(line) for line in row["Line"] if "SalesItemLineDetail" in line]}
        self._change_book(id_, fields)
        return True

    def _repriced(self, line: dict[str, Any]) -> dict[str, Any]:
        quantity = Decimal(self._chance.randint(1, 4))
        detail = {**line["SalesItemLineDetail"], "Qty": quantity, "UnitPrice": Decimal(11)}
        return {**line, "Amount": quantity * 11, "SalesItemLineDetail": detail}

    def _edit_unowned(self) -> bool:
        id_ = self._one_book()
        if id_ is None:
            return False
        self._change_book(id_, {"PrivateNote": f"call first\n{self._row(id_)['PrivateNote']}"})
        return True

    def _deposit(self) -> bool:
        """Money received, in the only form that this sandbox has for it."""
        id_ = self._one_book()
        if id_ is None:
            return False
        self._change_book(id_, {"Deposit": Decimal(1)})
        return True

    def _change_book(self, id_: str, fields: dict[str, Any]) -> None:
        before = self._row(id_)
        self._write("Invoice", _version(before) | fields)
        self.watch.edited(id_, before, self._row(id_))
        self._tell(f"QuickBooks: somebody changes {', '.join(fields)} of {id_}")

    def _delete_book(self) -> bool:
        id_ = self._one_book()
        if id_ is None:
            return False
        operations.delete(self.quickbooks.company, _INVOICE, _version(self._row(id_)))
        self._changed("quickbooks")
        self.watch.books[id_].deleted = True
        self.deletions[id_] = self._clock.time
        self._tell(f"QuickBooks: somebody deletes {id_}")
        return True

    def _void_book(self) -> bool:
        id_ = self._one_book()
        if id_ is None:
            return False
        operations.void(self.quickbooks.company, _INVOICE, _version(self._row(id_)))
        self._changed("quickbooks")
        self.watch.books[id_].voided = True
        self._tell(f"QuickBooks: somebody voids {id_}")
        return True

    def _take_number(self) -> bool:
        """A person's own invoice, under a number that HubSpot may use next."""
        if not self.quickbooks.config.custom_txn_numbers:
            return False
        number = f"INV-{self.hubspot.store.invoice_number + 1}"
        if self.quickbooks.company.number_holders(_INVOICE, number):
            return False
        customer = self._write("Customer", {"DisplayName": f"Walk-in for {number}"})
        line = {
            "Amount": Decimal(5),
            "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": {"ItemRef": {"value": "1"}},
        }
        self._write("Invoice", {"CustomerRef": {"value": customer["Id"]}, "DocNumber": number, "Line": [line]})
        self._tell(f"QuickBooks: somebody writes an invoice {number} of their own")
        return True

    def _take_name(self) -> bool:
        """A person enters one of HubSpot's companies as a customer, perhaps at the same time as we do."""
        name = self._chance.choice(("Acme", "Björk & Søn"))
        if self.quickbooks.company.name_holder(_CUSTOMER, name) is not None:
            return False
        self._write("Customer", {"DisplayName": name})
        self._tell(f"QuickBooks: somebody enters the customer {name}")
        return True

    def _one_book(self) -> str | None:
        rows = self.quickbooks.company.rows["Invoice"]
        ours = [id_ for id_ in self.watch.books if id_ in rows and not books.dead(rows[id_])]
        return self._chance.choice(ours) if ours else None

    def _row(self, id_: str) -> dict[str, Any]:
        return self.quickbooks.company.rows["Invoice"][id_]

    def _write(self, entity: str, body: dict[str, Any]) -> dict[str, Any]:
        made = operations.save(self.quickbooks.company, DEFINITIONS[entity], body, frozenset())
        self._changed("quickbooks")
        return made


def _version(row: dict[str, Any]) -> dict[str, Any]:
    return {"Id": row["Id"], "SyncToken": row["SyncToken"], "sparse": True}


def _end(id_: str, type_id: str) -> dict[str, Any]:
    kind = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": _TO_INVOICE_PARTS[type_id]}
    return {"to": {"id": id_}, "types": [kind]}
