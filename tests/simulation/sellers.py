"""The people in HubSpot: they write invoices of every form, finalise, change, pay, void and delete them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from infra.sandbox.hubspot.association_types import default_pair
from infra.sandbox.hubspot.object_types import ADJUSTMENTS, COMPANY, CONTACT, LINE_ITEM, find_type
from infra.sandbox.hubspot.record import Record
from infra.sandbox.hubspot.records import Records
from tests.simulation import books, forms
from tests.simulation.scene import Acts, Scene

_KINDS = ("discounts", "fees", "taxes")


@dataclass(slots=True)
class Sellers:
    """`most` invoices are written in this world, for one of the `parties`: (contact, company or None)."""

    scene: Scene
    most: int
    parties: list[tuple[str, str | None]] = field(default_factory=list)

    @property
    def acts(self) -> Acts:
        """What they do."""
        return {
            self._bill: 7,
            self._finalise: 4,
            self._edit_line: 4,
            self._change_lines: 1,
            self._adjust: 3,
            self._edit_texts: 3,
            self._void: 1,
            self._pay: 1,
            self._archive: 1,
        }

    def settle_in(self) -> None:
        """Companies, contacts and products."""
        chance = self.scene.chance
        with self._at_work() as crm:
            companies = [_create(crm, "companies", name=name) for name in ("Acme", "Björk & Søn", "Acme")]
            people = [
                _create(crm, "contacts", **texts)
                for texts in (
                    {"firstname": "Ann", "lastname": "Lee", "email": "ann@acme.test"},
                    {"firstname": "Ann", "lastname": "Lee", "email": "other.ann@example.test"},
                    {"email": "nameless@example.test"},
                )
            ]
            for product in forms.PRODUCTS:
                texts = {"name": product.name, "price": "10"} | ({"hs_sku": product.sku} if product.sku else {})
                self.scene.products[product.name] = _create(crm, "products", **texts).id
        with_company = chance.sample(companies, chance.randint(1, 2))
        self.parties = [(chance.choice(people).id, one.id) for one in with_company]
        self.parties += [(one.id, None) for one in chance.sample(people, chance.randint(1, 2))]

    # -- acts

    def _bill(self) -> bool:
        room = self.most - len(books.invoices(self.scene.hubspot))
        for _ in range(min(self.scene.chance.choice((1, 1, 2)), room)):
            self._new_invoice()
        return room > 0

    def _new_invoice(self) -> None:
        scene = self.scene
        form = forms.draw_form(scene.chance, scene.ground, scene.products, scene.today)
        contact, company = scene.chance.choice(self.parties)
        parties = [(CONTACT, contact)] + ([(COMPANY, company)] if company else [])
        with self._at_work() as crm:
            invoice = forms.write_form(crm, form, parties, finalise=scene.chance.random() < 0.75)
        features = form.features(scene.ground.home)
        scene.reached.update(features)
        told = ", ".join(features)
        scene.tell(f"HubSpot: invoice {invoice.id} is written, {invoice.get('hs_invoice_status')}: {told}")

    def _finalise(self) -> bool:
        return self._update("draft", lambda: {"hs_invoice_status": "open"})

    def _void(self) -> bool:
        return self._update("open", lambda: {"hs_invoice_status": "voided"})

    def _pay(self) -> bool:
        return self._update("open", lambda: {"hs_invoice_status": "paid"})

    def _edit_texts(self) -> bool:
        chance, today = self.scene.chance, self.scene.today

        def texts() -> dict[str, str]:
            match chance.randrange(5):
                case 0:
                    return {"hs_comments": chance.choice(("", *forms.COMMENTS))}
                case 1:
                    return {"hs_due_date": forms.midnight(today + timedelta(days=chance.randint(10, 40)))}
                case 2:
                    return {"hs_invoice_date": forms.midnight(today + timedelta(days=chance.randint(-4, 2)))}
                case 3:
                    return {"hs_purchase_order_number": chance.choice(("", "PO-18"))}
            return {"hs_title": chance.choice(("", "South wing"))}

        return self._update("open", texts)

    def _edit_line(self) -> bool:
        chance = self.scene.chance
        invoice = self._one_in("open")
        if invoice is None:
            return False
        line = chance.choice(books.linked(self.scene.hubspot, invoice, LINE_ITEM))
        texts = {"quantity": chance.choice(forms.QUANTITIES), "price": chance.choice(forms.PRICES)}
        if chance.random() < 0.3:
            texts |= {"discount": "", "hs_discount_percentage": ""} | forms.draw_line_discount(chance)
        with self._editing(invoice) as crm:
            crm.update(line, texts)
        self.scene.tell(f"HubSpot: a line of {invoice.id} gets {texts}")
        return True

    def _change_lines(self) -> bool:
        """One line more, or one less."""
        invoice, chance = self._one_in("open"), self.scene.chance
        if invoice is None:
            return False
        lines = books.linked(self.scene.hubspot, invoice, LINE_ITEM)
        with self._editing(invoice) as crm:
            if len(lines) > 1 and chance.random() < 0.5:
                crm.archive(chance.choice(lines))
            else:
                texts = forms.draw_line(chance, self.scene.products, plain=chance.random() < 0.5)
                add_part(crm, invoice, "line_items", texts)
        self.scene.tell(f"HubSpot: invoice {invoice.id} gets other lines")
        return True

    def _adjust(self) -> bool:
        """An order discount, fee or tax is put on, changed or taken off."""
        invoice, chance = self._one_in("open"), self.scene.chance
        if invoice is None:
            return False
        kind = chance.randrange(len(_KINDS))
        texts = forms.draw_adjustment(chance, _KINDS[kind])
        present = books.linked(self.scene.hubspot, invoice, ADJUSTMENTS[kind])
        with self._editing(invoice) as crm:
            match chance.randrange(3) if present else 0:
                case 0:
                    add_part(crm, invoice, _KINDS[kind], texts)
                case 1:
                    crm.update(chance.choice(present), texts)
                case _:
                    crm.archive(chance.choice(present))
        self.scene.tell(f"HubSpot: invoice {invoice.id} gets other {_KINDS[kind]}")
        return True

    def _archive(self) -> bool:
        invoice = self._one_in("open", "voided", "draft")
        if invoice is None:
            return False
        with self._at_work() as crm:
            crm.archive(invoice)
        self.scene.tell(f"HubSpot: {invoice.id} is deleted")
        return True

    def _update(self, status: str, texts: Callable[[], dict[str, str]]) -> bool:
        invoice = self._one_in(status)
        if invoice is None:
            return False
        values = texts()
        with self._at_work() as crm:
            crm.update(invoice, values)
        self.scene.tell(f"HubSpot: {invoice.id} gets {values}")
        return True

    def _one_in(self, *statuses: str) -> Record | None:
        fitting = [
            one
            for one in books.invoices(self.scene.hubspot).values()
            if one.archived is None and one.get("hs_invoice_status") in statuses
        ]
        return self.scene.chance.choice(fitting) if fitting else None

    @contextmanager
    def _editing(self, invoice: Record) -> Iterator[Records]:
        """A person saves an invoice together with its parts, so that its own date of change moves in any case."""
        with self._at_work() as crm:
            yield crm
            crm.store.touch(invoice)

    @contextmanager
    def _at_work(self) -> Iterator[Records]:
        with self.scene.hubspot.acting() as crm:
            yield crm
        self.scene.changed("hubspot")
        self.scene.watch.compare()


def _create(crm: Records, kind: str, **texts: str) -> Record:
    return crm.create(find_type(kind), texts)


def add_part(crm: Records, invoice: Record, kind: str, texts: dict[str, str]) -> None:
    """A part that belongs to the invoice from the beginning, as a person enters it."""
    part = crm.create(find_type(kind), texts)
    crm.link(invoice, part, [default_pair(invoice.type, part.type)])
