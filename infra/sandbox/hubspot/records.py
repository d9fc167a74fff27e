"""Records as HubSpot keeps them: create, read, update and archive with every rule that applies to their type."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from infra.sandbox.hubspot import deals, invoices, payments
from infra.sandbox.hubspot.association_types import DIRECTED, Pair, default_pair, named_pairs
from infra.sandbox.hubspot.config import HubSpotConfig
from infra.sandbox.hubspot.errors import HubSpotError, bad_values, invalid, malformed, missing_required, not_found
from infra.sandbox.hubspot.object_types import (
    ADJUSTMENTS,
    BY_ID,
    DEAL,
    INVOICE,
    LINE_ITEM,
    PAYMENT,
    PRODUCT,
    ObjectType,
)
from infra.sandbox.hubspot.property_model import iso
from infra.sandbox.hubspot.record import Record
from infra.sandbox.hubspot.store import Store
from infra.sandbox.hubspot.values import check_values

# What belongs to an invoice's document.
PARTS = (LINE_ITEM, *ADJUSTMENTS)
_FROM_PRODUCT = ("name", "description", "price", "hs_sku")


@dataclass(frozen=True)
class Records:
    """The operations on records, for one store and configuration. None of them is atomic on its own."""

    store: Store
    config: HubSpotConfig

    # -- reading

    def get(
        self, object_type: ObjectType, text: str, id_property: str | None = None, *, archived: bool = False
    ) -> Record:
        """The record with this id, or with this value of a unique property. Raises 404, or 400 for the property."""
        if id_property in (None, "hs_object_id"):
            record = self.store.find(object_type.type_id, text, archived=archived)
        else:
            self.check_id_property(object_type, id_property or "")
            record = self.store.holder(object_type.type_id, id_property or "", text)
        if record is None:
            raise not_found()
        return record

    def check_id_property(self, object_type: ObjectType, name: str) -> None:
        """Raises 400 unless the values of the property are unique."""
        definition = self.store.properties[object_type.type_id].get(name)
        if name != object_type.natural_key and not (definition and definition.unique and not definition.archived):
            raise invalid(f"{name} is not a unique property of {object_type.singular}", code="INVALID_ID_PROPERTY")

    def value(self, record: Record, name: str) -> str | None:
        """A property's present value."""
        if name == "hs_days_overdue" and record.type.type_id == INVOICE:
            return invoices.days_overdue(record, self.store.now())
        return record.properties.get(name)

    def answer(
        self, record: Record, wanted: Sequence[str] | None = None, history: Sequence[str] = ()
    ) -> dict[str, Any]:
        """The record as JSON. `wanted` None: the type's default properties; unknown names are ignored or refused."""
        known = self.store.properties[record.type.type_id]
        names = record.type.defaults if wanted is None and not history else (wanted or ())
        if self.config.refuse_unknown_in_read:
            for name in names:
                if name not in known:
                    raise invalid(f'Property "{name}" does not exist', code="PROPERTY_DOESNT_EXIST")
        shown = {name: self.value(record, name) for name in names if name in known and not known[name].archived}
        shown |= {name: self.value(record, name) for name in record.type.system_properties}
        answer: dict[str, Any] = {
            "id": record.id,
            "properties": dict(sorted(shown.items())),
            "createdAt": iso(record.created),
            "updatedAt": iso(record.updated),
            "archived": record.archived is not None,
            "url": f"https://app.hubspot.com/contacts/{self.config.portal_id}/record/{record.type.type_id}/{record.id}",
        }
        if record.archived is not None:
            answer["archivedAt"] = iso(record.archived)
        if history:
            answer["propertiesWithHistory"] = {
                name: [
                    {"value": version.value, "timestamp": iso(version.at), "sourceType": version.source}
                    for version in reversed(record.history.get(name, ()))
                ]
                for name in history
                if name in known
            }
        return answer

    # -- writing

    def create(self, object_type: ObjectType, raw: Any, associations: Any = None) -> Record:
        """Creates a record with its associations. Raises 400, or 409 for a contact's e-mail address."""
        values = check_values(self.store.properties[object_type.type_id], raw)
        missing = [name for name in object_type.required if values.get(name) is None]
        if missing:
            raise missing_required(object_type.singular, missing)
        values = self._completed(object_type, values)
        record = self.store.insert(object_type)
        if object_type.type_id == INVOICE:
            invoices.check_write(self.store, self.config, record, values, new=True)
            self._note_written(record, values)
            values = {**invoices.defaults(self.store, self.config, values), **values}
        elif object_type.type_id == PAYMENT:
            payments.check_write(self.store, self.config, record, values, new=True)
            values = {**payments.defaults(self.store, values), **values}
        self._check(record, values)
        for name, value in values.items():
            self.store.put(record, name, value)
        for other, pairs in self._association_inputs(object_type, associations):
            self.link(record, other, pairs)
        self._after(record, before=None)
        if object_type.type_id == PAYMENT:
            payments.check_applied(self.store, self.config, record)
        return record

    def update(self, record: Record, raw: Any) -> Record:
        """Changes properties of a record. Raises 400 or 409."""
        values = check_values(self.store.properties[record.type.type_id], raw)
        before = record.get("hs_invoice_status")
        if record.type.type_id == INVOICE:
            invoices.check_write(self.store, self.config, record, values, new=False)
            self._note_written(record, values)
        elif record.type.type_id == PAYMENT:
            payments.check_write(self.store, self.config, record, values, new=False)
        elif record.type.type_id in PARTS:
            self._check_parents_editable(record, values)
        self._check(record, values)
        for name, value in values.items():
            self.store.put(record, name, value)
        self.store.touch(record)
        self._after(record, before)
        if "hs_initial_amount" in values:
            payments.check_applied(self.store, self.config, record)
        return record

    def archive(self, record: Record) -> None:
        """Puts a record into the recycle bin. Raises 400 for an invoice or a payment that may not be deleted."""
        parents = self.store.linked(record, INVOICE) if record.type.type_id in (*PARTS, PAYMENT) else []
        lost = self.store.linked(record, PAYMENT) if record.type.type_id == INVOICE else []
        if record.type.type_id == INVOICE:
            invoices.check_delete(self.store, self.config, record)
        elif record.type.type_id == PAYMENT:
            payments.check_delete(self.store, record)
        else:
            for parent in parents:
                invoices.check_editable(self.store, self.config, parent)
        self.store.archive(record)
        for other in (*lost, *parents):
            self.recalculate(other)

    def restore(self, record: Record) -> None:
        """Takes a record out of the recycle bin."""
        self.store.restore(record)
        if self.config.restore_touches:
            self.store.touch(record)
        for one in (record, *self.store.linked(record, PAYMENT), *self.store.linked(record, INVOICE)):
            self.recalculate(one)

    def _note_written(self, invoice: Record, values: Mapping[str, str | None]) -> None:
        status = values.get("hs_invoice_status")
        if status is not None and ("hs_invoice_status" in invoice.written) != (status == "paid"):
            before = set(invoice.written)
            invoice.written ^= {"hs_invoice_status"}
            self.store.did(lambda: setattr(invoice, "written", before))
        by_hand = {
            name for name in (invoices.MIRROR_ONLY | invoices.BALANCES) & set(values) if values[name] is not None
        } - invoice.written
        if by_hand and values.get("hs_invoice_billable", invoice.get("hs_invoice_billable")) == "false":
            invoice.written |= by_hand
            self.store.did(lambda: invoice.written.difference_update(by_hand))

    def _completed(self, object_type: ObjectType, values: dict[str, str | None]) -> dict[str, str | None]:
        """A line item inherits from its product what it does not say itself."""
        product_id = values.get("hs_product_id")
        if object_type.type_id != LINE_ITEM or product_id is None:
            return values
        product = self.store.find(PRODUCT, product_id)
        if product is None:
            raise invalid(f"Product {product_id} does not exist", code="INVALID_PRODUCT_ID")
        inherited = {name: product.get(name) for name in _FROM_PRODUCT if name not in values and product.get(name)}
        return {**inherited, **values}

    def _check(self, record: Record, values: Mapping[str, str | None]) -> None:
        """Uniqueness, and what one value of an adjustment demands of another."""
        definitions = self.store.properties[record.type.type_id]
        for name, value in values.items():
            if value is None or not (definitions[name].unique or name == record.type.natural_key):
                continue
            holder = self.store.holder(record.type.type_id, name, value)
            if holder is None or holder is record:
                continue
            if name == record.type.natural_key:
                raise HubSpotError(
                    409, "CONFLICT", f"{record.type.singular.title()} already exists. Existing ID: {holder.id}"
                )
            message = (
                f"{value} is already the unique value of another {record.type.singular}; "
                f"conflicting object id: {holder.id}"
            )
            raise bad_values([{"message": message, "error": "CONFLICTING_UNIQUE_VALUE", "name": name}])
        if record.type.type_id in ADJUSTMENTS:
            merged = {**record.properties, **values}
            if merged.get("hs_type") == "PERCENT" and not 0 <= Decimal(merged.get("hs_value") or 0) <= 100:
                message = "hs_value is between 0 and 100 when hs_type is PERCENT"
                raise bad_values([{"message": message, "error": "NUMBER_OUT_OF_RANGE", "name": "hs_value"}])

    def _check_parents_editable(self, part: Record, values: Mapping[str, str | None]) -> None:
        definitions = self.store.properties[part.type.type_id]
        if any(definitions[name].hubspot_defined and name != "hubspot_owner_id" for name in values):
            for parent in self.store.linked(part, INVOICE):
                invoices.check_editable(self.store, self.config, parent)

    def _after(self, record: Record, before: str | None) -> None:
        """Calculates what a write changes."""
        if record.type.type_id == INVOICE:
            for payment in self.store.linked(record, PAYMENT):
                payments.apply(self.store, self.config, payment)
            invoices.settle(self.store, self.config, record, before)
            return
        if record.type.type_id == PAYMENT:
            self.recalculate(record)
            return
        if record.type.type_id == DEAL:
            deals.settle(self.store, record)
            return
        parents = self.store.linked(record, INVOICE)
        if record.type.type_id == LINE_ITEM and not parents:
            currency = record.get("hs_line_item_currency_code") or self.config.currency
            invoices.calculate_line(self.store, self.config, record, currency)
        for parent in parents:
            if record.type.type_id in PARTS:
                invoices.refresh(self.store, self.config, parent)

    def recalculate(self, record: Record) -> None:
        """Calculates anew what HubSpot calculates on an invoice, or on a payment and its invoices."""
        if record.type.type_id == INVOICE:
            invoices.refresh(self.store, self.config, record)
        elif record.type.type_id == PAYMENT:
            for invoice in payments.apply(self.store, self.config, record):
                invoices.refresh(self.store, self.config, invoice)

    # -- associations

    def _association_inputs(self, object_type: ObjectType, raw: Any) -> list[tuple[Record, list[Pair]]]:
        if raw is None:
            return []
        if not isinstance(raw, list):
            raise malformed("associations must be a list")
        found = []
        for one in raw:
            if not isinstance(one, Mapping) or not isinstance(one.get("to"), Mapping):
                raise malformed("an association has to.id and types")
            found.append(self._association_input(object_type, str(one["to"].get("id")), one.get("types")))
        return found

    def _association_input(self, object_type: ObjectType, other_id: str, specs: Any) -> tuple[Record, list[Pair]]:
        for type_id in sorted({two for one, two in DIRECTED if one == object_type.type_id}):
            ids = {pair.there for pair in DIRECTED[object_type.type_id, type_id]}
            wanted = {one.get("associationTypeId") for one in specs or () if isinstance(one, Mapping)}
            if wanted & ids:
                pairs = named_pairs(object_type, BY_ID[type_id], specs)
                return self.get_association_end(BY_ID[type_id], other_id), pairs
        raise invalid(
            f"No valid association type from {object_type.singular} in {specs}", code="INVALID_ASSOCIATION_TYPE"
        )

    def get_association_end(self, object_type: ObjectType, record_id: str) -> Record:
        """The record at one end of an association to be made. Raises 404."""
        record = self.store.find(object_type.type_id, record_id)
        if record is None:
            raise not_found(f"{object_type.singular} {record_id} does not exist")
        return record

    def link(self, record: Record, other: Record, pairs: Sequence[Pair]) -> None:
        """Associates two records. Raises 400 for a second parent and for a frozen invoice."""
        for child, parent in ((record, other), (other, record)):
            if parent.type.type_id in child.type.single_parents:
                self._check_single_parent(child, parent)
        self._check_document(record, other)
        # A labelled association holds the unlabelled one as well.
        default = default_pair(record.type, other.type)
        for pair in {default: None, **dict.fromkeys(pairs)}:
            self.store.link(record, other, pair.there, pair.back)
        self._linked(record, other)

    def unlink(self, record: Record, other: Record, pair: Pair | None = None) -> None:
        """Removes an association, or one label of it. Raises 400 for a frozen invoice."""
        self._check_document(record, other)
        if self.store.unlink(record, other, None if pair is None else (pair.there, pair.back)):
            self._linked(record, other)

    def _check_single_parent(self, child: Record, parent: Record) -> None:
        for type_id in child.type.single_parents:
            for present in self.store.linked(child, type_id):
                if present is not parent:
                    raise invalid(
                        f"{child.type.singular} {child.id} already belongs to {present.type.singular} {present.id}",
                        code="ASSOCIATION_LIMIT_EXCEEDED",
                    )

    def _check_document(self, record: Record, other: Record) -> None:
        for invoice, part in ((record, other), (other, record)):
            if invoice.type.type_id == INVOICE and part.type.type_id in PARTS:
                invoices.check_editable(self.store, self.config, invoice)

    def _linked(self, record: Record, other: Record) -> None:
        for one in (record, other):
            if self.config.associations_touch:
                self.store.touch(one)
        for one in sorted((record, other), key=lambda one: one.type.type_id == INVOICE):
            self.recalculate(one)
