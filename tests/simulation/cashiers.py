"""The people in QuickBooks who deal with money: they receive, split, apply, credit, give back, void and delete."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from infra.sandbox.quickbooks.bookkeeper import Bookkeeper
from infra.sandbox.quickbooks.visitor import RefusedError
from tests.simulation import books
from tests.simulation.bookkeepers import enter_items
from tests.simulation.books import Entity
from tests.simulation.money_watch import MoneyWatch
from tests.simulation.scene import Acts, Scene

CLEARING, STRIPE, RECEIVABLE = "35", "36", "84"
PROCESSING, PLATFORM = "13", "7"
_CENT = Decimal("0.01")


@dataclass(slots=True)
class Cashiers:
    """`items` are the ids of QuickBooks' items by name, `vendors` those of the processors."""

    scene: Scene
    watch: MoneyWatch
    items: dict[str, str] = field(default_factory=dict)
    vendors: dict[str, str] = field(default_factory=dict)
    _books: Bookkeeper = field(init=False)

    def __post_init__(self) -> None:
        self._books = Bookkeeper(self.scene.quickbooks)

    @property
    def acts(self) -> Acts:
        """What they do."""
        return {
            self._receive: 7,
            self._receive_for_two: 3,
            self._apply_otherwise: 3,
            self._unapply: 2,
            self._void_payment: 2,
            self._delete_payment: 3,
            self._credit: 2,
            self._give_back: 2,
            self._touch_ours: 3,
            self._void_ours: 1,
            self._delete_ours: 1,
            self._delete_refund: 1,
            self._close_books: 1,
        }

    def settle_in(self) -> None:
        """Items, and the vendors of the fees."""
        for processor in ("hs_payments", "byo_stripe"):
            self.vendors[processor] = str(self._books.create("Vendor", DisplayName=f"Fees of {processor}")["Id"])
        self.items.update(enter_items(self.scene.quickbooks.company))
        self.scene.changed("quickbooks")

    # -- money that they take themselves

    def _receive(self) -> bool:
        """All of an invoice, a part of it, or more than that."""
        row, chance = self._open_invoice(), self.scene.chance
        if row is None:
            return False
        applied = row["Balance"] if chance.random() < 0.5 else self._part(row["Balance"])
        amount = applied + (Decimal(5) if chance.random() < 0.1 else 0)
        customer = row["CustomerRef"]["value"]
        rate = {"ExchangeRate": row["ExchangeRate"]} if "ExchangeRate" in row else {}
        return self._do(
            f"receives {amount}, {applied} for invoice {row['Id']}",
            lambda: self._books.receive(customer, amount, {row["Id"]: applied}, **rate),
        )

    def _receive_for_two(self) -> bool:
        """One payment split over two invoices of a customer."""
        row = self._open_invoice()
        if row is None:
            return False
        customer = row["CustomerRef"]["value"]
        same = [one for one in self._open() if one["CustomerRef"]["value"] == customer and one is not row]
        if not same:
            return False
        on = {one["Id"]: self._part(one["Balance"]) for one in (row, self.scene.chance.choice(same))}
        amount = sum(on.values(), Decimal(0))
        return self._do(f"receives {amount} for {on}", lambda: self._books.receive(customer, amount, on))

    def _apply_otherwise(self) -> bool:
        """A payment of theirs goes to another invoice, or less of it to the same."""
        payment, row = self._own_payment(), self._open_invoice()
        if payment is None or row is None or row["CustomerRef"] != payment["CustomerRef"]:
            return False
        part = min(self._part(row["Balance"]), payment["TotalAmt"])
        return self._do(
            f"applies {part} of payment {payment['Id']} to invoice {row['Id']}",
            lambda: self._books.allocate(payment["Id"], {row["Id"]: part}, payment["TotalAmt"]),
        )

    def _unapply(self) -> bool:
        one = self._own_payment()
        return one is not None and self._do(f"unapplies payment {one['Id']}", lambda: self._books.unapply(one["Id"]))

    def _void_payment(self) -> bool:
        one = self._own_payment()
        return one is not None and self._do(f"voids payment {one['Id']}", lambda: self._books.void_payment(one["Id"]))

    def _delete_payment(self) -> bool:
        one = self._own_payment()
        return one is not None and self._do(
            f"deletes payment {one['Id']}", lambda: self._books.delete_payment(one["Id"])
        )

    def _credit(self) -> bool:
        """A credit memo that pays a part of an invoice."""
        row = self._open_invoice()
        if row is None:
            return False
        part, customer = self._part(row["Balance"]), row["CustomerRef"]["value"]

        def credit() -> None:
            memo = self._books.credit(customer, part)
            self._books.apply_credit(memo["Id"], {row["Id"]: min(part, memo["TotalAmt"])})

        return self._do(f"credits {part} on invoice {row['Id']}", credit)

    def _give_back(self) -> bool:
        """A refund that QuickBooks links to nothing."""
        rows = list(self.scene.quickbooks.company.rows["Invoice"].values())
        if not rows:
            return False
        customer = self.scene.chance.choice(rows)["CustomerRef"]["value"]
        return self._do("gives 3 back", lambda: self._books.refund(customer, Decimal(3), CLEARING))

    # -- what Tieout posted

    def _touch_ours(self) -> bool:
        """The memo, which is theirs, or the reference or what it is applied to, which is ours."""
        found, chance = self._ours("Payment"), self.scene.chance
        if found is None:
            return False
        id_, row = found
        match chance.randrange(3):
            case 0:
                return self._do(
                    f"writes a memo on our payment {id_}",
                    lambda: self._books.change("Payment", row, PrivateNote=f"seen\n{row['PrivateNote']}"),
                )
            case 1:
                return self._do(f"unapplies our payment {id_}", lambda: self._books.unapply(id_), ("Payment", id_))
        return self._do(
            f"writes another reference on our payment {id_}",
            lambda: self._books.change("Payment", row, PaymentRefNum="by hand"),
            ("Payment", id_),
        )

    def _void_ours(self) -> bool:
        found = self._ours("Payment")
        return found is not None and self._do(
            f"voids our payment {found[0]}", lambda: self._books.void_payment(found[0]), ("Payment", found[0])
        )

    def _delete_ours(self) -> bool:
        found = self._ours("Payment")
        return found is not None and self._do(
            f"deletes our payment {found[0]}", lambda: self._books.delete_payment(found[0]), ("Payment", found[0])
        )

    def _delete_refund(self) -> bool:
        entity = self.scene.chance.choice(("RefundReceipt", "CreditMemo", "Purchase"))
        found = self._ours(entity)
        return found is not None and self._do(
            f"deletes our {entity} {found[0]}", lambda: self._books.delete(entity, found[1]), (entity, found[0])
        )

    def _close_books(self) -> bool:
        """A little further."""
        day = self.scene.today - timedelta(days=self.scene.chance.randint(0, 2))
        closed = self.scene.quickbooks.company.preference("AccountingInfoPrefs", "BookCloseDate")
        if closed is not None and closed >= day.isoformat():
            return False
        self.scene.turned.add("BookCloseDate")
        return self._do(f"closes the books through {day}", lambda: self._books.close_books(day))

    # -- small things

    def _do(self, what: str, act: Callable[[], object], touched: tuple[str, str] | None = None) -> bool:
        """What QuickBooks refuses a person did not happen."""
        before = self._row(touched)
        try:
            act()
        except RefusedError as refused:
            self.scene.tell(f"QuickBooks: somebody is refused with {refused.code}: {what}")
            return False
        finally:
            self.scene.changed("quickbooks")
            self.watch.look_around()
        if touched:
            self.watch.touched.add(touched)
            written = datetime.fromisoformat(before["MetaData"]["LastUpdatedTime"])
            if written >= self.scene.clock.time.replace(microsecond=0):
                self.watch.unseen.add(touched)
        self.scene.tell(f"QuickBooks: somebody {what}")
        return True

    def _row(self, touched: tuple[str, str] | None) -> Entity:
        return self.scene.quickbooks.company.rows[touched[0]][touched[1]] if touched else {}

    def _open(self) -> list[Entity]:
        rows = self.scene.quickbooks.company.rows["Invoice"]
        return [rows[id_] for id_ in self.watch.books if id_ in rows and rows[id_]["Balance"] > 0]

    def _open_invoice(self) -> Entity | None:
        some = self._open()
        return self.scene.chance.choice(some) if some else None

    def _own_payment(self) -> Entity | None:
        rows = self.scene.quickbooks.company.rows["Payment"].items()
        own = [row for id_, row in rows if ("Payment", id_) not in self.watch.made and row["TotalAmt"]]
        return self.scene.chance.choice(own) if own else None

    def _ours(self, entity: str) -> tuple[str, Entity] | None:
        rows = self.scene.quickbooks.company.rows[entity]
        ids = [id_ for kind, id_ in self.watch.made if kind == entity and id_ in rows and not books.dead(rows[id_])]
        if not ids:
            return None
        id_ = self.scene.chance.choice(ids)
        return id_, rows[id_]

    def _part(self, whole: Decimal) -> Decimal:
        return max((whole * self.scene.chance.choice((Decimal("0.5"), Decimal("0.3")))).quantize(_CENT), _CENT)
