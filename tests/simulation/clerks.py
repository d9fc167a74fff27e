"""The people in HubSpot who see what QuickBooks billed: they change it, put it right, delete it; they bill, too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count

from infra.sandbox.hubspot.errors import HubSpotError
from infra.sandbox.hubspot.object_types import LINE_ITEM, find_type
from infra.sandbox.hubspot.record import Record
from infra.sandbox.hubspot.records import Records
from tests.simulation import books, forms
from tests.simulation.mirror_watch import MirrorWatch, meant
from tests.simulation.payers import Billers
from tests.simulation.scene import Acts
from tests.simulation.sellers import add_part

_TEXTS = {"number": "hs_number", "memo": "hs_comments", "date": "hs_invoice_date", "due": "hs_due_date"}
KEPT = "hs_title"
"""A property of which Tieout knows nothing."""


@dataclass(slots=True)
class Clerks(Billers):
    """They also write invoices of their own, which are HubSpot's. `titles` are what they wrote where it is theirs."""

    watch: MirrorWatch = field(kw_only=True)
    titles: dict[str, str] = field(default_factory=dict)
    _marks: count[int] = field(default_factory=lambda: count(1))

    @property
    def acts(self) -> Acts:
        """What they do."""
        mirrored = {
            self._edit_mirror: 3,
            self._edit_mirrored_line: 2,
            self._add_to_mirror: 1,
            self._put_right: 4,
            self._title_mirror: 1,
            self._settle_mirror: 1,
            self._delete_mirror: 1,
        }
        # Of two bases only one may have slots, so this is no super().
        return {**dict.fromkeys(Billers.acts.__get__(self), 1), **mirrored}

    def settle_in(self) -> None:
        """Their customers, and deals."""
        Billers.settle_in(self)
        with self._at_work() as crm:
            made = [crm.create(find_type("deals"), {"dealname": name}) for name in ("Roof", "Cellar")]
        self.watch.deals += [one.id for one in made]

    def _bill(self) -> bool:
        own = sum(id_ not in self.watch.mirrors(deleted=True) for id_ in books.invoices(self.scene.hubspot))
        if own >= self.most:
            return False
        self._new_invoice()
        return True

    def _edit_mirror(self) -> bool:
        """A value that nobody else would write."""
        mark = next(self._marks)
        name = self.scene.chance.choice(list(_TEXTS))
        later = self.scene.today + timedelta(days=200 + mark)
        return self._change(_TEXTS[name], forms.midnight(later) if name in ("date", "due") else f"HS-{mark}")

    def _settle_mirror(self) -> bool:
        """Says that it is paid, or void."""
        return self._change("hs_invoice_status", self.scene.chance.choice(("paid", "voided")))

    def change_mirror(self, name: str, text: str) -> str:
        """One of them gets this value; its id, "" where there is none."""
        mirror = self._one_mirror()
        if mirror is None:
            return ""
        with self._editing_mirror(mirror) as crm:
            crm.update(mirror, {name: text})
        self.scene.tell(f"HubSpot: mirror {mirror.id} gets {name} {text!r}")
        return mirror.id

    def _change(self, name: str, text: str) -> bool:
        return bool(self.change_mirror(name, text))

    def _edit_mirrored_line(self) -> bool:
        mirror = self._one_mirror()
        lines = books.linked(self.scene.hubspot, mirror, LINE_ITEM) if mirror is not None else []
        if mirror is None or not lines:
            return False
        line, mark = self.scene.chance.choice(lines), next(self._marks)
        with self._editing_mirror(mirror) as crm:
            if len(lines) > 1 and self.scene.chance.random() < 0.3:
                crm.archive(line)
            else:
                crm.update(line, {"price": f"{mark}.77"} if mark % 2 else {"description": f"by hand {mark}"})
            crm.store.touch(mirror)
        self.scene.tell(f"HubSpot: a line of mirror {mirror.id} is changed")
        return True

    def _add_to_mirror(self) -> bool:
        mirror = self._one_mirror()
        if mirror is None:
            return False
        mark = next(self._marks)
        off = {"hs_label": "By hand", "hs_type": "FIXED", "hs_value": f"{mark}.33", "hs_duration": "ONCE"}
        with self._editing_mirror(mirror) as crm:
            add_part(crm, mirror, "discounts", off)
            crm.store.touch(mirror)
        self.scene.tell(f"HubSpot: mirror {mirror.id} gets a discount")
        return True

    def _put_right(self) -> bool:
        """What somebody changed says again what QuickBooks says: one value, or all of them but the parts."""
        edited = [id_ for id_, values in self.watch.theirs.items() if values and id_ in self.watch.mirrors()]
        if not edited:
            return False
        id_ = self.scene.chance.choice(edited)
        mirror, row = books.invoices(self.scene.hubspot)[id_], self.watch.row(id_)
        if row is None or books.dead(row):
            return False
        right, texts = meant(row), {}
        for name in self.watch.theirs[id_]:
            if name in _TEXTS:
                texts[_TEXTS[name]] = f"{right[name]}T00:00:00Z" if name in ("date", "due") else right[name]
            elif name == "status":
                texts["hs_invoice_status"] = right[name]
        if not texts:
            return False
        with self._editing_mirror(mirror) as crm:
            crm.update(mirror, texts)
        self.scene.tell(f"HubSpot: mirror {id_} is put right: {texts}")
        return True

    def _title_mirror(self) -> bool:
        """Something that is nobody's but theirs."""
        mirror = self._one_mirror()
        if mirror is None:
            return False
        title = f"Wing {next(self._marks)}"
        with self._at_work() as crm:
            crm.update(mirror, {KEPT: title})
        self.titles[mirror.id] = title
        self.scene.tell(f"HubSpot: mirror {mirror.id} gets a title")
        return True

    def _delete_mirror(self) -> bool:
        mirror = self._one_mirror()
        if mirror is None:
            return False
        self.watch.touched.add(mirror.id)
        with self._at_work() as crm:
            crm.archive(mirror)
        self.scene.tell(f"HubSpot: mirror {mirror.id} is deleted")
        return True

    def _one_mirror(self) -> Record | None:
        ids = sorted(self.watch.mirrors())
        return books.invoices(self.scene.hubspot)[self.scene.chance.choice(ids)] if ids else None

    def _one_in(self, *statuses: str) -> Record | None:
        """Of their own."""
        mirrors = self.watch.mirrors()
        own = [
            one
            for id_, one in books.invoices(self.scene.hubspot).items()
            if id_ not in mirrors and one.archived is None and one.get("hs_invoice_status") in statuses
        ]
        return self.scene.chance.choice(own) if own else None

    @contextmanager
    def _editing_mirror(self, mirror: Record) -> Iterator[Records]:
        try:
            with self.watch.editing(mirror.id), self.scene.hubspot.acting() as crm:
                yield crm
        except HubSpotError as refused:
            self.scene.tell(f"HubSpot: somebody is refused: {refused}")
        self.scene.changed("hubspot")
