"""One QuickBooks company: its entities, the indexes of names and numbers, its preferences and its time."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from infra.sandbox.kernel import SandboxClock
from infra.sandbox.quickbooks.config import QuickBooksConfig
from infra.sandbox.quickbooks.definitions import Definition
from infra.sandbox.quickbooks.faults import DELETED, INACTIVE, business, fault
from infra.sandbox.quickbooks.ledger import Ledger

Entity = dict[str, Any]
# (entity, id, verb, id merged into it): created, updated, deleted, void, merged, emailed
Listener = Callable[[str, str, str, str], None]
FIRST_DOCUMENT_NUMBER = 1001


class Holder(NamedTuple):
    """Who holds a name or a number."""

    entity: str
    id: str


def fold(name: str, *, ignore_case: bool) -> str:
    """The form in which two names are compared."""
    trimmed = " ".join(name.split())
    return trimmed.casefold() if ignore_case else trimmed


class Company:
    """The store of one realm.

    Stored entities are replaced, never changed in place. Transactions share one sequence of ids; each kind of list
    entity has its own.
    """

    def __init__(self, realm: str, config: QuickBooksConfig, clock: SandboxClock) -> None:
        self.realm = realm
        self.config = config
        self.zone = ZoneInfo(config.time_zone)
        self.rows: dict[str, dict[str, Entity]] = defaultdict(dict)
        self.gone: dict[Holder, str] = {}  # and when each was deleted, as MetaData has it
        self.ledger = Ledger()
        self.reads = 0  # successful calls of the app that take data out, which Intuit meters
        self.writes = 0  # successful calls of the app that put data in, which it does not
        self.listener: Listener | None = None
        self._clock = clock
        self._names: dict[tuple[str, str], Holder] = {}
        self._numbers: dict[tuple[str, str], list[Holder]] = defaultdict(list)
        self._of_customer: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        self._next_id: dict[str, int] = defaultdict(lambda: 1)
        self._next_number: dict[str, int] = defaultdict(lambda: FIRST_DOCUMENT_NUMBER)

    def now(self) -> datetime:
        """The current time with the company's offset."""
        return self._clock.now().astimezone(self.zone)

    def today(self) -> date:
        """The company's calendar day."""
        return self.now().date()

    def stamp(self) -> str:
        """Now, as MetaData has it."""
        return self.now().isoformat(timespec="seconds")

    def envelope_time(self) -> str:
        """Now, as the envelope's `time` has it."""
        return self.now().isoformat(timespec="milliseconds")

    def preference(self, group: str, name: str) -> Any:
        """One value of Preferences, None when it is not set."""
        return self.rows["Preferences"]["1"].get(group, {}).get(name)

    def prefer(self, group: str, name: str, value: Any) -> None:
        """Sets one preference, as a person does on the settings page; None empties it, which the API cannot."""
        before = self.rows["Preferences"]["1"]
        values = {key: kept for key, kept in before.get(group, {}).items() if key != name}
        values |= {} if value is None else {name: value}
        token = str(int(before["SyncToken"]) + 1)
        stamps = {**before["MetaData"], "LastUpdatedTime": self.stamp()}
        self.rows["Preferences"]["1"] = {**before, group: values, "SyncToken": token, "MetaData": stamps}

    @property
    def home_currency(self) -> str:
        """ISO 4217."""
        return str(self.preference("CurrencyPrefs", "HomeCurrency")["value"])

    @property
    def multicurrency(self) -> bool:
        """Whether documents carry a currency."""
        return bool(self.preference("CurrencyPrefs", "MultiCurrencyEnabled"))

    @property
    def us(self) -> bool:
        """Whether the rules for US companies hold."""
        return str(self.rows["CompanyInfo"]["1"].get("Country")) in ("US", "USA")

    def find(self, entity: str, id_: str) -> Entity | None:
        """The entity as stored, None when there is none."""
        return self.rows[entity].get(id_)

    def get(self, entity: str, id_: str) -> Entity:
        """The entity as stored. Raises fault 610 for a deleted or unknown one."""
        found = self.rows[entity].get(id_)
        if found is None:
            deleted = entity != "Customer" and Holder(entity, id_) in self.gone
            raise fault("610", DELETED if deleted else INACTIVE)
        return found

    def all(self, entity: str) -> Iterable[Entity]:
        """All entities of a kind, in the order of creation."""
        return self.rows[entity].values()

    def next_id(self, definition: Definition) -> str:
        """The next free id; it is taken when an entity is put under it."""
        return str(self._next_id[self._sequence(definition)])

    def _sequence(self, definition: Definition) -> str:
        return "transaction" if definition.kind == "transaction" else definition.name

    def put(self, definition: Definition, entity: Entity) -> None:
        """Stores an entity under its Id, in place of the one before, and keeps the indexes."""
        id_ = entity["Id"]
        self._unindex(definition, self.rows[definition.name].get(id_))
        self.rows[definition.name][id_] = entity
        holder = Holder(definition.name, id_)
        if definition.name_field:
            self._names[definition.name_space, self._folded(entity[definition.name_field])] = holder
        if definition.numbered and entity.get("DocNumber"):
            self._numbers[self._number_space(definition), entity["DocNumber"]].append(holder)
            self._follow_number(definition, entity["DocNumber"])
        if "CustomerRef" in entity:
            customer = entity["CustomerRef"]["value"]
            self._of_customer[definition.name, customer][id_] = None
        self.ledger.post(
            holder,
            definition.postings(self, entity),
            entity.get("CurrencyRef", {}).get("value", ""),
            entity.get("ExchangeRate", Decimal(1)),
        )
        sequence = self._sequence(definition)
        if id_.isdigit():
            self._next_id[sequence] = max(self._next_id[sequence], int(id_) + 1)

    def remove(self, definition: Definition, id_: str) -> None:
        """Deletes a transaction, or a customer that was merged; reading it is fault 610 from now on."""
        self._unindex(definition, self.rows[definition.name].pop(id_))
        self.ledger.post(Holder(definition.name, id_), (), "", Decimal(1))
        self.gone[Holder(definition.name, id_)] = self.stamp()

    def _unindex(self, definition: Definition, before: Entity | None) -> None:
        if before is None:
            return
        holder = Holder(definition.name, before["Id"])
        if definition.name_field:
            self._names.pop((definition.name_space, self._folded(before[definition.name_field])), None)
        if definition.numbered and before.get("DocNumber"):
            self._numbers[self._number_space(definition), before["DocNumber"]].remove(holder)
        if "CustomerRef" in before:
            customer = before["CustomerRef"]["value"]
            del self._of_customer[definition.name, customer][before["Id"]]

    def _folded(self, name: str) -> str:
        return fold(name, ignore_case=self.config.names_ignore_case)

    def _number_space(self, definition: Definition) -> str:
        return definition.name if self.config.docnumber_namespace == "per_type" else ""

    def name_holder(self, definition: Definition, name: str) -> Holder | None:
        """Who has this name, active or not."""
        return self._names.get((definition.name_space, self._folded(name)))

    def number_holders(self, definition: Definition, number: str) -> list[Holder]:
        """Which transactions bear this DocNumber."""
        return self._numbers.get((self._number_space(definition), number), [])

    def next_number(self, definition: Definition) -> str:
        """The next number of QuickBooks' own numbering."""
        return str(self._next_number[definition.name])

    def _follow_number(self, definition: Definition, number: str) -> None:
        if number.isdecimal():
            self._next_number[definition.name] = max(self._next_number[definition.name], int(number) + 1)

    def of_customer(self, entity: str, customer: str) -> list[Entity]:
        """The customer's transactions of a kind, in the order of creation."""
        ids = self._of_customer.get((entity, customer), {})
        return [self.rows[entity][id_] for id_ in sorted(ids, key=int)]

    def open_balance(self, customer: str) -> Decimal:
        """What the customer owes, less the customer's credits, in the customer's currency."""
        return self.ledger.owed(customer)

    def balance(self, account: str) -> Decimal:
        """An account's balance in its own currency, debits positive."""
        code = self.rows["Account"][account].get("CurrencyRef", {}).get("value", "")
        return self.ledger.balance(account, "" if code == self.home_currency else code)

    def account(self, kind: str, sub: str = "") -> Entity:
        """The first account of a type, and of a sub-type when one is named. Raises 6000 without any."""
        for account in self.rows["Account"].values():
            if account["AccountType"] == kind and sub in ("", account["AccountSubType"]):
                return account
        raise business(f"The company has no account of type {sub or kind}.")

    def tell(self, definition: Definition, id_: str, verb: str, merged: str = "") -> None:
        """Says that an entity changed, where the vendor has an event for it."""
        if self.listener is not None and verb in definition.events:
            self.listener(definition.name, id_, verb, merged)
