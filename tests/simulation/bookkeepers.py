"""The people in QuickBooks: they enter lists, edit, void and delete invoices, receive payments, and close the books."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from infra.sandbox.quickbooks import operations
from infra.sandbox.quickbooks.company import Company
from infra.sandbox.quickbooks.entities import DEFINITIONS
from infra.sandbox.quickbooks.visitor import RefusedError, Visitor
from tests.simulation import books, forms, grounds
from tests.simulation.scene import Acts, Scene

_INVOICE, _CUSTOMER = DEFINITIONS["Invoice"], DEFINITIONS["Customer"]
_SERVICE = {"Type": "Service", "IncomeAccountRef": {"value": "1"}}
_ON_LIABILITY = {"Type": "Service", "IncomeAccountRef": {"value": "89"}}
_STOCK = {
    "Type": "Inventory",
    "TrackQtyOnHand": True,
    "QtyOnHand": 1000,
    "InvStartDate": "2026-01-01",
    "IncomeAccountRef": {"value": "79"},
    "ExpenseAccountRef": {"value": "80"},
    "AssetAccountRef": {"value": "81"},
}
_ITEMS: dict[str, dict[str, Any]] = {
    "Consulting by the hour": {"Sku": "CONS-1", **_SERVICE},
    "support HOURS": _SERVICE,
    "Pump, blue": {"Sku": "PUMP-1", **_STOCK},
    "Twin, left": {"Sku": "TWIN-2", **_SERVICE},
    "Twin, right": {"Sku": "TWIN-2", **_SERVICE},
    grounds.FEES: _SERVICE,
    grounds.FREIGHT: _SERVICE,
    grounds.SALES_TAX: _ON_LIABILITY,
    grounds.CITY_TAX: _ON_LIABILITY,
}
# Names that QuickBooks knows already, of the right kind or of the wrong one; the last two are several entries.
_CLASHES: tuple[tuple[tuple[str, dict[str, Any]], ...], ...] = (
    (("Vendor", {"DisplayName": "Ann Lee"}),),
    (("Vendor", {"DisplayName": "acme"}),),
    (("Employee", {"GivenName": "Ann", "FamilyName": "Lee"}),),
    (("Customer", {"DisplayName": "Acme"}),),
    (("Customer", {"DisplayName": "Björk & Søn", "Active": False}),),
    (("Customer", {"DisplayName": "A. Lee", "PrimaryEmailAddr": {"Address": "ann@acme.test"}}),),
    (
        ("Customer", {"DisplayName": "A. Lee", "PrimaryEmailAddr": {"Address": "ann@acme.test"}}),
        ("Customer", {"DisplayName": "Lee, A.", "PrimaryEmailAddr": {"Address": "ann@acme.test"}}),
    ),
)


def enter_items(company: Company) -> dict[str, str]:
    """The company's items; gives their ids by name."""
    made = (operations.create(company, DEFINITIONS["Item"], {"Name": name, **one}) for name, one in _ITEMS.items())
    return {item["Name"]: item["Id"] for item in made}


@dataclass(slots=True)
class Bookkeepers:
    """`items` are the ids of QuickBooks' items by name."""

    scene: Scene
    items: dict[str, str] = field(default_factory=dict)
    _visitor: Visitor = field(init=False)

    def __post_init__(self) -> None:
        self._visitor = Visitor(self.scene.quickbooks)

    @property
    def acts(self) -> Acts:
        """What they do."""
        return {
            self._edit_owned: 3,
            self._edit_unowned: 1,
            self._delete: 2,
            self._void: 1,
            self._receive_payment: 2,
            self._take_number: 1,
            self._take_name: 1,
            self._change_the_company: 1,
        }

    def settle_in(self) -> None:
        """Items, and perhaps names that clash with HubSpot's."""
        self.items.update(enter_items(self.scene.quickbooks.company))
        if self.scene.chance.random() < 0.8:
            for entity, fields in self.scene.chance.choice(_CLASHES):
                made = self._visitor.create(entity, **{key: value for key, value in fields.items() if key != "Active"})
                if fields.get("Active") is False:
                    self._visitor.change(entity, made, Active=False)
        self.scene.changed("quickbooks")

    # -- invoices of ours

    def _edit_owned(self) -> bool:
        chance = self.scene.chance

        def fields(row: books.Entity) -> dict[str, Any]:
            match chance.randrange(7):
                case 0:
                    due = self.scene.today + timedelta(days=chance.randint(10, 40))
                    return {"DueDate": due.isoformat()}
                case 1:
                    return {"CustomerMemo": {"value": chance.choice(forms.COMMENTS)}}
                case 2:
                    return {"BillEmail": {"Address": "boss@example.test"}}
                case 3:
                    return {"SalesTermRef": {"value": chance.choice("1234")}}
                case 4:
                    shown = [dict(one) for one in row["CustomField"]]
                    return {"CustomField": [{**one, "StringValue": "by hand"} for one in shown]}
                case 5 if self.scene.quickbooks.company.preference("SalesFormsPrefs", "AllowDiscount"):
                    less = {"Amount": 1, "DetailType": "DiscountLineDetail", "DiscountLineDetail": {}}
                    return {"Line": [*books.sold(row), less]}
            lines = [self._repriced(line) for line in books.sold(row)]
            return {"Line": lines + [one for one in row["Line"] if one["DetailType"] == "DiscountLineDetail"]}

        return self._change(fields)

    def _repriced(self, line: books.Entity) -> dict[str, Any]:
        quantity = Decimal(self.scene.chance.randint(1, 4))
        detail = {**line["SalesItemLineDetail"], "Qty": quantity, "UnitPrice": Decimal(11)}
        return {**line, "Amount": quantity * 11, "SalesItemLineDetail": detail}

    def _edit_unowned(self) -> bool:
        chance = self.scene.chance

        def fields(row: books.Entity) -> dict[str, Any]:
            if chance.random() < 0.5:
                return {"PrivateNote": f"call first\n{row['PrivateNote']}"}
            return {"ShipDate": self.scene.today.isoformat()}

        return self._change(fields)

    def _change(self, fields: Callable[[books.Entity], dict[str, Any]]) -> bool:
        id_ = self._one()
        if id_ is None:
            return False
        before = self._row(id_)
        changed = fields(before)
        return self._do(
            f"changes {', '.join(changed)} of {id_}",
            lambda: self._visitor.change("Invoice", before, **changed),
            lambda: self.scene.watch.edited(id_, before, self._row(id_)),
        )

    def _delete(self) -> bool:
        def seen() -> None:
            self.scene.watch.books[str(id_)].deleted = True
            self.scene.deletions[str(id_)] = self.scene.clock.time

        id_ = self._one()
        return id_ is not None and self._do(
            f"deletes {id_}", lambda: self._visitor.delete("Invoice", self._row(id_)), seen
        )

    def _void(self) -> bool:
        def seen() -> None:
            self.scene.watch.books[str(id_)].voided = True

        id_ = self._one()
        return id_ is not None and self._do(f"voids {id_}", lambda: self._visitor.void("Invoice", self._row(id_)), seen)

    def _receive_payment(self) -> bool:
        """All of an invoice or a part of it, for once more than one payment."""
        id_ = self._one()
        row = self._row(id_) if id_ else None
        if row is None or row["Balance"] <= 0:
            return False
        amount = row["Balance"] if self.scene.chance.random() < 0.4 else min(row["Balance"], Decimal(1))
        line = {"Amount": amount, "LinkedTxn": [{"TxnId": id_, "TxnType": "Invoice"}]}
        currency = {key: row[key] for key in ("CurrencyRef", "ExchangeRate") if key in row}
        customer = {"value": row["CustomerRef"]["value"]}
        return self._do(
            f"receives {amount} for {id_}",
            lambda: self._visitor.create("Payment", CustomerRef=customer, TotalAmt=amount, Line=[line], **currency),
        )

    # -- their own

    def _take_number(self) -> bool:
        """A person's own invoice, under a number that HubSpot may use next."""
        number = f"INV-{self.scene.hubspot.store.invoice_number + 1}"
        company = self.scene.quickbooks.company
        if not company.config.custom_txn_numbers or company.number_holders(_INVOICE, number):
            return False
        detail: dict[str, Any] = {"ItemRef": {"value": "1"}}
        head: dict[str, Any] = {"CurrencyRef": {"value": company.home_currency}} if company.multicurrency else {}
        if not company.us:
            head["GlobalTaxCalculation"] = "NotApplicable"
        line = {"Amount": Decimal(5), "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}

        def enter() -> None:
            customer = self._visitor.create("Customer", DisplayName=f"Walk-in for {number}")
            reference = {"value": customer["Id"]}
            self._visitor.create("Invoice", CustomerRef=reference, DocNumber=number, Line=[line], **head)

        return self._do(f"writes an invoice {number} of their own", enter)

    def _take_name(self) -> bool:
        """A person enters one of HubSpot's companies as a customer, perhaps at the same time as we do."""
        name = self.scene.chance.choice(("Acme", "Björk & Søn"))
        if self.scene.quickbooks.company.name_holder(_CUSTOMER, name) is not None:
            return False
        self.scene.turned.add("Customer")
        return self._do(f"enters the customer {name}", lambda: self._visitor.create("Customer", DisplayName=name))

    def _change_the_company(self) -> bool:
        """Something that concerns more than one invoice."""
        acts = (self._close_books, self._turn_preference, self._retire_item, self._retire_customer)
        return self.scene.chance.choice(acts)()

    def _close_books(self) -> bool:
        """The books are closed a little further."""
        day = self.scene.today - timedelta(days=self.scene.chance.randint(-1, 3))
        closed = self.scene.quickbooks.company.preference("AccountingInfoPrefs", "BookCloseDate")
        if closed is not None and closed >= day.isoformat():
            return False
        return self._prefer("AccountingInfoPrefs", "BookCloseDate", day.isoformat())

    def _turn_preference(self) -> bool:
        """Discounts are switched on or off."""
        allowed = self.scene.quickbooks.company.preference("SalesFormsPrefs", "AllowDiscount")
        return self._prefer("SalesFormsPrefs", "AllowDiscount", not allowed)

    def _prefer(self, group: str, name: str, value: object) -> bool:
        self.scene.turned.add(name)
        company = self.scene.quickbooks.company
        return self._do(f"sets {name} to {value}", lambda: company.prefer(group, name, value))

    def _retire_item(self) -> bool:
        item = self.items[self.scene.chance.choice(("support HOURS", grounds.FEES, "Pump, blue"))]
        return self._retire("Item", item)

    def _retire_customer(self) -> bool:
        customers = self.scene.quickbooks.company.rows["Customer"]
        return bool(customers) and self._retire("Customer", self.scene.chance.choice(list(customers)))

    def _retire(self, entity: str, id_: str) -> bool:
        """Makes it inactive, or active again."""
        row = self.scene.quickbooks.company.rows[entity][id_]
        active = not row["Active"]
        self.scene.turned.add(entity)
        return self._do(
            f"makes {entity} {id_} {'active' if active else 'inactive'}",
            lambda: self._visitor.change(entity, row, Active=active),
        )

    # -- small things

    def _do(self, what: str, act: Callable[[], object], seen: Callable[[], None] = lambda: None) -> bool:
        """One act; what QuickBooks refuses a person did not happen."""
        try:
            act()
        except RefusedError as refused:
            self.scene.tell(f"QuickBooks: somebody is refused with {refused.code}: {what}")
            return False
        finally:
            self.scene.changed("quickbooks")
        seen()
        self.scene.tell(f"QuickBooks: somebody {what}")
        return True

    def _one(self) -> str | None:
        rows = self.scene.quickbooks.company.rows["Invoice"]
        ours = [id_ for id_ in self.scene.watch.books if id_ in rows and not books.dead(rows[id_])]
        return self.scene.chance.choice(ours) if ours else None

    def _row(self, id_: str) -> dict[str, Any]:
        return self.scene.quickbooks.company.rows["Invoice"][id_]
