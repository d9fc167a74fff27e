"""The people in HubSpot who deal with money: they bill, pay, record, are refunded, dispute, delete and restore."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from infra.sandbox.hubspot.errors import HubSpotError
from infra.sandbox.hubspot.object_types import COMPANY, CONTACT, PAYMENT
from infra.sandbox.hubspot.people import People
from infra.sandbox.hubspot.record import Record
from infra.sandbox.kernel import BadSettingError
from tests.simulation import books, forms
from tests.simulation.money_watch import MoneyWatch
from tests.simulation.scene import Act, Acts
from tests.simulation.sellers import Sellers

_PRICES = ("10", "19.99", "120", "7.4", "250")
_REFERENCES = ("ch_1", "4711", "a reference that is longer than QuickBooks takes")
_DISPUTES = ("disputed_action_required", "disputed_awaiting_decision", "disputed_won", "disputed_lost")


class Billers(Sellers):
    """They write plain invoices, whose forms are played elsewhere: here they are there to be paid."""

    __slots__ = ()

    @property
    def acts(self) -> Acts:
        """What they do."""
        return {
            self._bill: 5,
            tolerant(self._finalise): 3,
            tolerant(self._edit_line): 1,
            tolerant(self._edit_texts): 1,
            tolerant(self._void): 1,
            tolerant(self._archive): 1,
        }

    def begin(self) -> None:
        """Something to pay."""
        self._bill()

    def _new_invoice(self) -> None:
        scene, chance = self.scene, self.scene.chance
        foreign = scene.quickbooks.company.multicurrency and chance.random() < 0.15
        lines = tuple(
            {
                "hs_product_id": scene.products["Consulting"],
                "quantity": chance.choice(("1", "2", "3")),
                "price": chance.choice(_PRICES),
            }
            for _ in range(chance.choice((1, 1, 2)))
        )
        day = scene.today + timedelta(days=chance.choice((0, 0, 1, -1)))
        invoice = {
            "hs_currency": "EUR" if foreign else scene.ground.home,
            "hs_invoice_date": forms.midnight(day),
            "hs_due_date": forms.midnight(day + timedelta(days=30)),
        }
        taxes = {"hs_label": "VAT", "hs_type": "PERCENT", "hs_value": "6.5", "hs_sort_order": "0"}
        taxed = scene.ground.taxing and chance.random() < 0.4
        form = forms.Form(invoice, lines, (("taxes", taxes),) if taxed else ())
        contact, company = chance.choice(self.parties)
        parties = [(CONTACT, contact)] + ([(COMPANY, company)] if company else [])
        with self._at_work() as crm:
            made = forms.write_form(crm, form, parties, finalise=chance.random() < 0.85)
        scene.tell(f"HubSpot: invoice {made.id} is written over {made.get('hs_amount_billed')}")


@dataclass(slots=True)
class Payers(Billers):
    """They pay, and what follows from it. `restored`: payments that a person took out of the recycle bin."""

    watch: MoneyWatch = field(kw_only=True)
    restored: set[str] = field(default_factory=set)

    @property
    def acts(self) -> Acts:
        """What they do. A draft is paid too: that is the payment that comes before its invoice."""
        paying: dict[Act, int] = {
            self._pay: 9,
            self._pay_several: 2,
            self._pay_link: 2,
            self._record_by_hand: 3,
            self._succeed: 3,
            self._fail: 2,
            self._refund: 6,
            self._finish_refund: 2,
            self._fail_refund: 2,
            self._dispute: 2,
            self._charge: 1,
            self._delete_payment: 2,
            self._restore_payment: 2,
            self._delete_recorded: 1,
            tolerant(self._edit_recorded): 1,
        }
        # Of two bases only one may have slots, so this is no super().
        return {**Billers.acts.__get__(self), **paying}

    # -- buyers

    def _pay(self) -> bool:
        """All of an invoice or a part of it."""
        invoice, chance = self._one_in("open", "open", "draft"), self.scene.chance
        if invoice is None:
            return False
        due = Decimal(invoice.get("hs_balance_due") or 0)
        if due <= 0 and chance.random() < 0.95:
            return False
        amount = None if chance.random() < 0.55 else self._part(due)
        if amount is None and invoice.get("hs_invoice_status") == "draft":
            # HubSpot says what is due of an invoice once it is finalised.
            return False
        slow = chance.random() < 0.25
        return self._act(
            f"somebody pays {amount or due} of invoice {invoice.id}{', slowly' if slow else ''}",
            lambda people: people.pay(
                invoice.id,
                amount,
                processor=chance.choice(("hs_payments", "hs_payments", "byo_stripe")),
                method="ach" if slow else "card",
                status="processing" if slow else "succeeded",
            ),
        )

    def _pay_several(self) -> bool:
        """One payment of two invoices in the same currency: all that is due, or less."""
        open_ = [one for one in self._invoices("open") if Decimal(one.get("hs_balance_due") or 0) > 0]
        if len(open_) < 2:
            return False
        some = self.scene.chance.sample(open_, 2)
        if some[0].get("hs_currency") != some[1].get("hs_currency"):
            return False
        due = sum((Decimal(one.get("hs_balance_due") or 0) for one in some), Decimal(0))
        amount = None if self.scene.chance.random() < 0.7 else self._part(due)
        ids = [one.id for one in some]
        return self._act(f"somebody pays {amount or due} of {ids}", lambda people: people.pay(ids, amount))

    def _pay_link(self) -> bool:
        """Without an invoice."""
        amount = self.scene.chance.choice(("15", "80.50"))
        return self._act(
            f"somebody pays {amount} by a link", lambda people: people.pay_link(amount, "buyer@example.test")
        )

    def _record_by_hand(self) -> bool:
        """A user notes that money came by another way."""
        invoice, chance = self._one_in("open"), self.scene.chance
        due = Decimal(invoice.get("hs_balance_due") or 0) if invoice else Decimal(0)
        if invoice is None or due <= 0:
            return False
        amount = None if chance.random() < 0.6 else self._part(due)
        reference = chance.choice((None, *_REFERENCES))
        return self._act(
            f"somebody records {amount or due} of invoice {invoice.id} by hand",
            lambda people: people.record(invoice.id, amount, reference=reference),
        )

    # -- processors

    def _succeed(self) -> bool:
        return self._on("processing", "succeeds", lambda people, one: people.succeed(one.id))

    def _fail(self) -> bool:
        return self._on("processing succeeded", "fails", lambda people, one: people.fail(one.id))

    def _refund(self) -> bool:
        chance = self.scene.chance

        def back(people: People, one: Record) -> None:
            left = Decimal(one.get("hs_initial_amount") or 0) - abs(Decimal(one.get("hs_refunds_amount") or 0))
            people.refund(one.id, None if chance.random() < 0.35 else self._part(left), slow=chance.random() < 0.3)

        return self._on("succeeded partially_refunded", "is refunded", back)

    def _finish_refund(self) -> bool:
        return self._on("processing_refund", "has been refunded", lambda people, one: people.finish_refund(one.id))

    def _fail_refund(self) -> bool:
        states = "processing_refund partially_refunded refunded"
        return self._on(states, "has a refund that failed", lambda people, one: people.fail_refund(one.id))

    def _dispute(self) -> bool:
        status = self.scene.chance.choice(_DISPUTES)
        states = f"succeeded {' '.join(_DISPUTES[:2])}"
        return self._on(states, f"is {status}", lambda people, one: people.dispute(one.id, status))

    def _charge(self) -> bool:
        """Fees are told late, or corrected."""
        return self._on("succeeded", "has another fee", lambda people, one: people.charge(one.id, fee="1.23"))

    # -- users

    def _delete_payment(self) -> bool:
        one = self._one_payment(lambda one: one.archived is None and not self._ours(one))
        return one is not None and self._act(
            f"somebody deletes payment {one.id}", lambda people: people.archive("commerce_payments", one.id)
        )

    def _restore_payment(self) -> bool:
        one = self._one_payment(lambda one: one.archived is not None and not self._ours(one))
        return one is not None and self._act(
            f"somebody restores payment {one.id}",
            lambda people: people.restore("commerce_payments", one.id),
            lambda: self.restored.add(one.id),
        )

    def _delete_recorded(self) -> bool:
        """Of what Tieout recorded from QuickBooks."""
        one = self._one_payment(lambda one: one.archived is None and self._ours(one))
        return one is not None and self._act(
            f"somebody deletes recorded payment {one.id}",
            lambda people: people.archive("commerce_payments", one.id),
            lambda: self.watch.touched.add(("HubSpot", one.id)),
        )

    def _edit_recorded(self) -> bool:
        """The reference, or the amount made less."""
        one = self._one_payment(lambda one: one.archived is None and self._ours(one))
        if one is None:
            return False
        smaller = f"{self._part(Decimal(one.get('hs_initial_amount') or 0))}"
        values = self.scene.chance.choice(({"hs_reference_number": "by hand"}, {"hs_initial_amount": smaller}))
        with self._at_work() as crm:
            crm.update(one, values)
        self.watch.touched.add(("HubSpot", one.id))
        self.scene.tell(f"HubSpot: somebody changes recorded payment {one.id}: {values}")
        return True

    # -- small things

    def _on(self, statuses: str, what: str, act: Callable[[People, Record], object]) -> bool:
        one = self._one_payment(
            lambda one: (
                one.archived is None
                and one.get("hs_latest_status") in statuses.split()
                and one.get("hs_processor_type") in ("hs_payments", "byo_stripe")
            )
        )
        return one is not None and self._act(f"payment {one.id} {what}", lambda people: act(people, one))

    def _act(self, what: str, act: Callable[[People], object], seen: Callable[[], object] = lambda: None) -> bool:
        """What HubSpot refuses a person did not happen."""
        try:
            made = act(self.scene.hubspot.people)
        except (HubSpotError, BadSettingError):
            return False
        finally:
            self.scene.changed("hubspot")
        seen()
        self.scene.watch.compare()
        self.scene.tell(f"HubSpot: {what}{f': payment {made}' if isinstance(made, str) else ''}")
        return True

    def _part(self, whole: Decimal) -> Decimal:
        part = (whole * self.scene.chance.choice((Decimal("0.5"), Decimal("0.25"), Decimal("0.9")))).quantize(
            Decimal("0.01")
        )
        return max(part, Decimal("0.01"))

    def _one_payment(self, fits: Callable[[Record], bool]) -> Record | None:
        fitting = [one for one in self.scene.hubspot.store.records[PAYMENT].values() if fits(one)]
        return self.scene.chance.choice(fitting) if fitting else None

    def _ours(self, payment: Record) -> bool:
        return payment.get("hs_processor_type") == "quickbooks"

    def _invoices(self, status: str) -> list[Record]:
        some = books.invoices(self.scene.hubspot).values()
        return [one for one in some if one.archived is None and one.get("hs_invoice_status") == status]


def tolerant(act: Act) -> Act:
    """An act that HubSpot may refuse, such as to change or void what was paid."""

    def tried() -> bool:
        try:
            return act()
        except (HubSpotError, BadSettingError):
            return False

    tried.__name__ = act.__name__
    return tried
