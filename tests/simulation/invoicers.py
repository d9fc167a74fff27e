"""The people in QuickBooks who bill there: they make invoices of every form, change, void and delete them, are paid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import count
from typing import Any

from infra.sandbox.quickbooks.bookkeeper import Bookkeeper
from infra.sandbox.quickbooks.visitor import RefusedError
from tests.simulation import books, forms
from tests.simulation.bookkeepers import enter_items
from tests.simulation.books import Entity
from tests.simulation.mirror_watch import MirrorWatch
from tests.simulation.scene import Acts, Scene

_CENT = Decimal("0.01")
_PRICES = ("10", "19.99", "33.335", "0.125", "1250", "7.4", "0")
_QUANTITIES = ("1", "2", "3", "0.5", "7", "1.333", "-1")
_MEMOS = ("Thank you", "Größe: ½ m²", "two\nlines", "")
# One that HubSpot has once, one that it has twice, one that it does not have; with known, unknown and no addresses.
_CUSTOMERS: tuple[tuple[str, str | None], ...] = (
    ("Björk & Søn", "office@bjork.test"),
    ("Acme", "ann@acme.test"),
    ("Walk-in", None),
    ("Nordlys AS", "bills@nordlys.test, boss@nordlys.test"),
)
FORMS = frozenset(
    {
        *("several lines", "negative line", "free line", "text line", "amount alone"),
        *(
            "discount in percent",
            "discount fixed",
            "foreign currency",
            "taxed",
            "numbered",
            "memo",
            "address",
            "names its deal",
        ),
    }
)
"""What can be special about an invoice of theirs."""


@dataclass(slots=True)
class Invoicers:
    """`most` invoices are made in this world. `customers` are QuickBooks' ids, the last one's currency is EUR where
    there are several."""

    scene: Scene
    watch: MirrorWatch
    most: int
    customers: list[str] = field(default_factory=list)
    items: dict[str, str] = field(default_factory=dict)
    foreign: str = ""
    _books: Bookkeeper = field(init=False)
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self._books = Bookkeeper(self.scene.quickbooks)

    @property
    def acts(self) -> Acts:
        """What they do."""
        return {
            self._bill_in_quickbooks: 8,
            self._change_lines: 3,
            self._change_head: 4,
            self._change_customer: 1,
            self._note: 1,
            self._void_own: 1,
            self._delete_own: 1,
            self._receive: 4,
            self._undo_payment: 1,
        }

    def settle_in(self) -> None:
        """Items and customers."""
        self.items.update(enter_items(self.scene.quickbooks.company))
        for name, email in _CUSTOMERS:
            address = {"PrimaryEmailAddr": {"Address": email.split(",")[0]}} if email else {}
            self.customers.append(str(self._books.create("Customer", DisplayName=name, **address)["Id"]))
        if self.scene.quickbooks.company.multicurrency:
            made = self._books.create("Customer", DisplayName="Société", CurrencyRef={"value": "EUR"})
            self.foreign = str(made["Id"])
        self.scene.changed("quickbooks")

    def begin(self) -> None:
        """Something to show."""
        self._bill_in_quickbooks()

    # -- acts

    def _bill_in_quickbooks(self) -> bool:
        if len(self.watch.born) >= self.most:
            return False
        chance, today = self.scene.chance, self.scene.today
        day = today + timedelta(days=chance.choice((0, 0, 0, 1, -1, -3)))
        lines, features = self._lines()
        fields: dict[str, Any] = {"TxnDate": day.isoformat(), "Line": lines}
        if chance.random() < 0.8:
            fields["DueDate"] = (day + timedelta(days=chance.choice((0, 15, 30)))).isoformat()
        if self.scene.quickbooks.config.custom_txn_numbers and chance.random() < 0.8:
            fields["DocNumber"] = f"QB-{next(self._numbers)}"
            features.add("numbered")
        if chance.random() < 0.3:
            fields["CustomerMemo"] = {"value": chance.choice(_MEMOS)}
            features.add("memo")
        if chance.random() < 0.5:
            fields["BillEmail"] = {"Address": chance.choice(("ann@acme.test", "new@example.test"))}
            features.add("address")
        if self.foreign and chance.random() < 0.2:
            fields |= {"CurrencyRef": {"value": "EUR"}, "ExchangeRate": Decimal("1.1")}
            customer = self.foreign
            features.add("foreign currency")
        else:
            customer = chance.choice(self.customers)
            if self.foreign:
                fields["CurrencyRef"] = {"value": self.scene.ground.home}

        deal = chance.choice(self.watch.deals) if chance.random() < 0.5 else ""
        if deal and self.scene.quickbooks.config.custom_fields:
            fields["CustomField"] = [{"DefinitionId": "1", "Type": "StringType", "StringValue": deal}]
            features.add("names its deal")

        def made() -> None:
            row = self._books.create("Invoice", CustomerRef={"value": customer}, **fields)
            self.watch.born.add(str(row["Id"]))
            if "names its deal" in features:
                self.watch.named[str(row["Id"])] = deal
            self.scene.reached.update(features)
            self.scene.tell(f"QuickBooks: invoice {row['Id']} is written over {row['TotalAmt']}")

        return self._do("writes an invoice", made)

    def _lines(self) -> tuple[list[Any], set[str]]:
        chance = self.scene.chance
        features: set[str] = set()
        lines = [self._sale(features) for _ in range(chance.choice((1, 1, 2, 3)))]
        if sum((line["Amount"] for line in lines), Decimal(0)) < 0:
            lines.append(self._sold(Decimal(2), Decimal(1250)))
        if len(lines) > 1:
            features.add("several lines")
        if chance.random() < 0.2:
            words = chance.choice(("As agreed", "for the north wing"))
            lines.append({"DetailType": "DescriptionOnly", "Description": words, "DescriptionLineDetail": {}})
            features.add("text line")
        if self.scene.quickbooks.company.preference("SalesFormsPrefs", "AllowDiscount") and chance.random() < 0.3:
            percent = chance.random() < 0.5
            detail: dict[str, Any] = {"PercentBased": percent}
            less: dict[str, Any] = {"DetailType": "DiscountLineDetail", "DiscountLineDetail": detail}
            if percent:
                detail["DiscountPercent"] = Decimal(chance.choice(("5", "12.5", "100")))
            else:
                less["Amount"] = Decimal(chance.choice(("0.01", "0.05", "1")))
            lines.append(less)
            features.add(f"discount {'in percent' if percent else 'fixed'}")
        return lines, features

    def _sale(self, features: set[str]) -> dict[str, Any]:
        chance = self.scene.chance
        quantity, price = Decimal(chance.choice(_QUANTITIES)), Decimal(chance.choice(_PRICES))
        if quantity < 0 and chance.random() < 0.7:
            quantity = -quantity
        line = self._sold(quantity, price)
        if line["Amount"] < 0:
            features.add("negative line")
        if line["Amount"] == 0:
            features.add("free line")
        if chance.random() < 0.15:
            del line["SalesItemLineDetail"]["Qty"], line["SalesItemLineDetail"]["UnitPrice"]
            features.add("amount alone")
        if chance.random() < 0.4:
            line["Description"] = chance.choice(("as agreed", "Größe: ½ m²", "two\nlines"))
        if self.scene.ground.taxing and chance.random() < 0.5:
            line["SalesItemLineDetail"]["TaxCodeRef"] = {"value": "TAX"}
            features.add("taxed")
        return line

    def _sold(self, quantity: Decimal, price: Decimal) -> dict[str, Any]:
        item = self.scene.chance.choice(("1", self.items["Consulting by the hour"], self.items["support HOURS"]))
        detail = {"ItemRef": {"value": item}, "Qty": quantity, "UnitPrice": price}
        amount = (quantity * price).quantize(_CENT, ROUND_HALF_UP)
        return {"Amount": amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}

    def _change_lines(self) -> bool:
        def fields(_row: Entity) -> dict[str, Any]:
            lines, features = self._lines()
            self.scene.reached.update(features)
            return {"Line": lines}

        return self._change(fields)

    def _change_head(self) -> bool:
        chance = self.scene.chance

        def fields(row: Entity) -> dict[str, Any]:
            match chance.randrange(4):
                case 0:
                    return {"DueDate": (self.scene.today + timedelta(days=chance.randint(40, 90))).isoformat()}
                case 1:
                    return {"TxnDate": (self.scene.today - timedelta(days=chance.randint(0, 3))).isoformat()}
                case 2 if self.scene.quickbooks.config.custom_txn_numbers:
                    return {"DocNumber": f"QB-{next(self._numbers)}"}
            return {"CustomerMemo": {"value": chance.choice((*_MEMOS, *forms.COMMENTS, row["Id"]))}}

        return self._change(fields)

    def _change_customer(self) -> bool:
        return self._change(lambda _: {"CustomerRef": {"value": self.scene.chance.choice(self.customers)}})

    def _note(self) -> bool:
        """Something that HubSpot does not show."""
        return self._change(lambda _: {"PrivateNote": "call first"})

    def change_one(self, fields: dict[str, Any]) -> str:
        """One of their invoices gets these; its id, "" where nothing was changed."""
        row = self._one()
        if row is None:
            return ""
        done = self._do(f"enters {fields} on {row['Id']}", lambda: self._books.change("Invoice", row, **fields))
        return str(row["Id"]) if done else ""

    def _change(self, fields: Callable[[Entity], dict[str, Any]]) -> bool:
        row = self._one()
        if row is None or (row.get("CurrencyRef", {}).get("value", "USD") != "USD"):
            return False
        changed = fields(row)
        return self._do(
            f"changes {', '.join(changed)} of {row['Id']}", lambda: self._books.change("Invoice", row, **changed)
        )

    def _void_own(self) -> bool:
        row = self._one()
        return row is not None and self._do(f"voids {row['Id']}", lambda: self._books.void("Invoice", row))

    def _delete_own(self) -> bool:
        row = self._one(void=True)
        return row is not None and self._do(f"deletes {row['Id']}", lambda: self._books.delete("Invoice", row))

    def _receive(self) -> bool:
        row, chance = self._one(), self.scene.chance
        if row is None or row["Balance"] <= 0:
            return False
        amount = row["Balance"] if chance.random() < 0.6 else max((row["Balance"] / 3).quantize(_CENT), _CENT)
        rate = {"ExchangeRate": row["ExchangeRate"]} if "ExchangeRate" in row else {}
        return self._do(
            f"receives {amount} for {row['Id']}",
            lambda: self._books.receive(row["CustomerRef"]["value"], amount, {row["Id"]: amount}, **rate),
        )

    def _undo_payment(self) -> bool:
        rows = [one for one in self.scene.quickbooks.company.rows["Payment"].values() if one["TotalAmt"]]
        if not rows:
            return False
        id_ = self.scene.chance.choice(rows)["Id"]
        undo = self.scene.chance.choice((self._books.unapply, self._books.void_payment, self._books.delete_payment))
        return self._do(f"undoes payment {id_}", lambda: undo(id_))

    # -- small things

    def _do(self, what: str, act: Callable[[], object]) -> bool:
        """What QuickBooks refuses a person did not happen."""
        try:
            act()
        except RefusedError as refused:
            self.scene.tell(f"QuickBooks: somebody is refused with {refused.code}: {what}")
            return False
        finally:
            self.scene.changed("quickbooks")
            self.watch.agree()
        self.scene.tell(f"QuickBooks: somebody {what}")
        return True

    def _one(self, *, void: bool = False) -> Entity | None:
        rows = self.scene.quickbooks.company.rows["Invoice"]
        own = [rows[id_] for id_ in sorted(self.watch.born) if id_ in rows and (void or not books.dead(rows[id_]))]
        return self.scene.chance.choice(own) if own else None
