"""Create, update, delete, void and read of any entity, by its definition."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from infra.sandbox.quickbooks import references, schema
from infra.sandbox.quickbooks.company import Company, Entity
from infra.sandbox.quickbooks.definitions import Definition, Draft
from infra.sandbox.quickbooks.entities import DEFINITIONS
from infra.sandbox.quickbooks.faults import CLOSED, DEPOSITED, STALE, fault, missing
from infra.sandbox.quickbooks.ledger import ZERO
from infra.sandbox.quickbooks.rules import applying, forms, payments, sales

NO_OPTIONS: frozenset[str] = frozenset()
BALANCE_SHEET = frozenset({"Asset", "Liability", "Equity"})
# Links that QuickBooks keeps by itself; a transaction that has one is in use elsewhere.
DEPOSIT = "Deposit"
JOINED = "Created by QB Online to link credits to charges."
CARRIED_OVER = ("CustomerRef", "CurrencyRef", "ExchangeRate")
CREDITED = frozenset({"Invoice", "CreditMemo"})
BOOKED_LINKS = frozenset({"Payment", "CreditMemo", "JournalEntry", "ReimburseCharge"})


def save(company: Company, definition: Definition, body: Mapping[str, Any], include: frozenset[str]) -> Entity:
    """Create, or update when the body has an Id; gives the entity as answered."""
    if body.get("Id") or definition.kind == "singleton":
        return update(company, definition, body, include)
    return create(company, definition, body, include)


def create(
    company: Company, definition: Definition, body: Mapping[str, Any], include: frozenset[str] = NO_OPTIONS
) -> Entity:
    """A new entity with SyncToken "0". Raises the faults of its rules."""
    _allow(definition, "create")
    sent = _writable(definition, schema.clean(definition.name, body))
    _require(definition, sent)
    references.resolve(company, sent, definition.name)
    draft = Draft(
        company, definition, {key: value for key, value in sent.items() if _filled(value)}, sent, None, include
    )
    definition.rule(draft)
    _guard_period(draft)
    _refuse_taken_name(draft)
    now = company.stamp()
    entity = draft.entity
    entity |= {"domain": "QBO", "sparse": False, "SyncToken": "0", "Id": company.next_id(definition)}
    entity["MetaData"] = {"CreateTime": now, "LastUpdatedTime": now}
    company.put(definition, entity)
    company.tell(definition, entity["Id"], "created")
    _touch(draft)
    answer = view(company, definition, entity)
    if definition.name in CREDITED and company.preference("SalesFormsPrefs", "AutoApplyCredit"):
        _join_credits(company, entity)
    return answer


def _join_credits(company: Company, form: Entity) -> None:
    """QuickBooks pays open invoices of the customer from open credit memos, with a payment of 0 of its own."""
    lines = applying.from_credits(company, form["CustomerRef"]["value"])
    if lines:
        body: Entity = {key: form[key] for key in CARRIED_OVER if key in form}
        create(company, DEFINITIONS["Payment"], {**body, "TotalAmt": ZERO, "Line": lines, "PrivateNote": JOINED})


def update(
    company: Company, definition: Definition, body: Mapping[str, Any], include: frozenset[str] = NO_OPTIONS
) -> Entity:
    """A full update, or a sparse one when the body says so. Raises 610, 2020, 5010 and the faults of the rules."""
    _allow(definition, "update")
    cleaned = schema.clean(definition.name, body)
    before = _current(company, definition, cleaned)
    sent = _writable(definition, cleaned)
    _guard_deposited(before)
    if cleaned.get("sparse"):
        entity = _merged(company, definition, before, sent)
    else:
        kept = definition.ignored | {key for key in definition.sticky if key not in sent}
        entity = {key: value for key, value in before.items() if key in kept} | sent
    entity = {key: value for key, value in entity.items() if _filled(value)}
    _require(definition, entity)
    references.resolve(company, sent, definition.name)
    draft = Draft(company, definition, entity, sent, before, include)
    definition.rule(draft)
    _guard_period(draft)
    _refuse_taken_name(draft)
    _replace(draft)
    company.tell(definition, before["Id"], "updated")
    _touch(draft)
    return view(company, definition, draft.entity)


def void(company: Company, definition: Definition, body: Mapping[str, Any]) -> Entity:
    """Voids a transaction: it stays, with amounts 0. Raises 500 where the entity cannot be voided, 6540, 6210."""
    if definition.void is None:
        raise fault("500", f"Operation void is not supported on {definition.name}.")
    cleaned = schema.clean(definition.name, body)
    before = _current(company, definition, cleaned)
    _guard_deposited(before)
    draft = Draft(company, definition, dict(before), {}, before)
    _guard_period(draft)
    definition.release(draft)
    definition.void(draft)
    _replace(draft)
    company.tell(definition, before["Id"], "void")
    _touch(draft)
    return view(company, definition, draft.entity)


def send(company: Company, definition: Definition, id_: str, address: str) -> Entity:
    """Mails a form to `address`, which becomes its BillEmail, or to the BillEmail it has. Raises 610, 2210, 6000."""
    _allow(definition, "send")
    before = company.get(definition.name, id_)
    draft = Draft(company, definition, dict(before), {}, before)
    sales.mail(draft, address)
    _replace(draft)
    company.tell(definition, id_, "emailed")
    return view(company, definition, draft.entity)


def delete(company: Company, definition: Definition, body: Mapping[str, Any]) -> Entity:
    """Deletes a transaction; gives the stub that is answered. Raises 500 for list entities."""
    if "delete" not in definition.operations:
        raise fault("500", f"Operation delete is not supported on {definition.name}.")
    before = _current(company, definition, schema.clean(definition.name, body))
    _guard_deposited(before)
    draft = Draft(company, definition, dict(before), {}, before)
    _guard_period(draft)
    if any(link.get("TxnType") in BOOKED_LINKS for link in before.get("LinkedTxn", ())):
        raise fault(company.config.linked_delete_code, "Unlink the linked transactions before deleting this one.")
    definition.release(draft)
    company.remove(definition, before["Id"])
    company.tell(definition, before["Id"], "deleted")
    _touch(draft)
    return {"domain": "QBO", "status": "Deleted", "Id": before["Id"]}


def read(company: Company, definition: Definition, id_: str) -> Entity:
    """One entity as answered. Raises 610."""
    _allow(definition, "read")
    if not id_.isdigit() and company.find(definition.name, id_) is None:
        raise fault("2030", f"Id should be a valid number. Supplied value:{id_}", "Id")
    return view(company, definition, company.get(definition.name, id_))


def view(company: Company, definition: Definition, entity: Entity) -> Entity:
    """The entity as it is answered: with what depends on other entities as it is now."""
    if definition.name == "Customer":
        balance = company.open_balance(entity["Id"])
        return {**entity, "Balance": balance, "BalanceWithJobs": balance}
    if definition.name == "Account":
        return {**entity, **_balances(company, entity)}
    if definition.name == "Payment":
        entity = payments.explained(company, entity)
    if definition.name in forms.SALES_FORMS:
        entity = {**entity, "CustomField": forms.shown_fields(company, entity)}
    customer = entity.get("CustomerRef")
    if customer is not None:
        name = references.name_of(company.rows["Customer"][customer["value"]])
        if name != customer.get("name"):
            return {**entity, "CustomerRef": {**customer, "name": name}}
    return entity


def _balances(company: Company, account: Entity) -> Entity:
    """What is on an account and on those below it; those of profit and loss show 0 unless the setting says other."""
    shown = account["Classification"] in BALANCE_SHEET or company.config.profit_and_loss_balances == "posted"
    below = [one for one in company.all("Account") if one.get("ParentRef", {}).get("value") == account["Id"]]
    own = company.balance(account["Id"]) if shown else ZERO
    inner = sum((_balances(company, one)["CurrentBalanceWithSubAccounts"] for one in below), ZERO)
    return {"CurrentBalance": own, "CurrentBalanceWithSubAccounts": own + inner}


def _allow(definition: Definition, operation: str) -> None:
    if operation not in definition.operations:
        raise fault("500", f"Operation {operation} is not supported on {definition.name}.")


def _filled(value: Any) -> bool:
    return value not in (None, "", [], {})


def _writable(definition: Definition, cleaned: Entity) -> Entity:
    """Without the fields that are read-only: they are ignored, not refused."""
    return {key: value for key, value in cleaned.items() if key not in definition.ignored}


def _require(definition: Definition, entity: Entity) -> None:
    absent = [name for name in definition.required if not _filled(entity.get(name))]
    if absent:
        raise missing(*absent)


def _current(company: Company, definition: Definition, cleaned: Entity) -> Entity:
    """The stored entity that the request means, of the version that it knows."""
    id_ = cleaned.get("Id") or ("1" if definition.kind == "singleton" else "")
    if not id_:
        raise missing("Id")
    if not id_.isdigit():
        raise fault("2030", f"Id should be a valid number. Supplied value:{id_}", "Id")
    before = company.get(definition.name, id_)
    token = cleaned.get("SyncToken")
    if not token:
        raise missing("SyncToken")
    if token != before["SyncToken"]:
        raise fault("5010", STALE)
    return before


def _merged(company: Company, definition: Definition, before: Entity, sent: Entity) -> Entity:
    """A sparse update: what is not sent stays."""
    merged = before | sent
    by_id = company.config.sparse_lines == "merge" and not definition.whole_lines
    if by_id and sent.get("Line") and "Line" in before:
        changed = {line["Id"]: line for line in sent["Line"] if "Id" in line}
        kept = [changed.pop(line.get("Id", ""), line) for line in before["Line"]]
        merged["Line"] = kept + [line for line in sent["Line"] if "Id" not in line or line["Id"] in changed]
    return merged


def _replace(draft: Draft) -> None:
    before = draft.before or {}
    draft.entity |= _next_version(draft.company, before)
    draft.company.put(draft.definition, draft.entity)


def _next_version(company: Company, before: Entity) -> Entity:
    stamps = {**before["MetaData"], "LastUpdatedTime": company.stamp()}
    return {"SyncToken": str(int(before["SyncToken"]) + 1), "MetaData": stamps}


def _touch(draft: Draft) -> None:
    """Stores what changes along with a transaction, each as an update of its own."""
    for (name, _), entity in draft.touched.items():
        definition = DEFINITIONS[name]
        draft.company.put(definition, entity | _next_version(draft.company, entity))
        draft.company.tell(definition, entity["Id"], "updated")


def _guard_deposited(before: Entity) -> None:
    """6540: money that is on a deposit has to be taken off it first."""
    if any(link.get("TxnType") == DEPOSIT for link in before.get("LinkedTxn", ())):
        raise fault("6540", DEPOSITED)


def _guard_period(draft: Draft) -> None:
    """Refuses to touch the closed books, by the date before and the date after the change."""
    if draft.definition.kind != "transaction":
        return
    closed = draft.company.preference("AccountingInfoPrefs", "BookCloseDate")
    if closed is None:
        return
    for entity in (draft.before, draft.entity):
        if entity is not None and date.fromisoformat(entity["TxnDate"]) <= date.fromisoformat(closed):
            raise fault(draft.company.config.closed_period_code, CLOSED)


def _refuse_taken_name(draft: Draft) -> None:
    """6240: a name belongs to one entity of its name space, active or not."""
    definition = draft.definition
    if not definition.name_field:
        return
    holder = draft.company.name_holder(definition, draft.entity[definition.name_field])
    own = draft.before["Id"] if draft.before else None
    if holder is not None and holder != (definition.name, own):
        raise fault(
            "6240",
            f"The name supplied already exists. : Another {definition.another} is already using this name. "
            "Please use a different name.",
        )
