"""What the sandbox must know of a kind of entity; the kinds themselves are the table in `entities`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from infra.sandbox.quickbooks.ledger import Posting

if TYPE_CHECKING:
    from infra.sandbox.quickbooks.company import Company

NAME_EVENTS = frozenset({"created", "updated", "deleted"})
MERGED_EVENTS = NAME_EVENTS | {"merged"}
BOOK_EVENTS = NAME_EVENTS | {"void"}
SALES_EVENTS = BOOK_EVENTS | {"emailed"}
EVERYWHERE_READ_ONLY = frozenset({"domain", "sparse", "status", "MetaData", "SyncToken", "Id"})


@dataclass
class Draft:
    """An entity on its way into the store.

    `entity` is what will be stored and is completed by the rules; `sent` is what the request carried, cleaned;
    `before` is what was stored until now, None for a create; `include` are the request's include options. `touched`
    are other entities, by kind and id, that change along with this one.
    """

    company: "Company"
    definition: "Definition"
    entity: dict[str, Any]
    sent: dict[str, Any]
    before: dict[str, Any] | None = None
    include: frozenset[str] = frozenset()
    touched: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The Id that the entity has or will get."""
        return str(self.before["Id"]) if self.before else self.company.next_id(self.definition)

    def current(self, entity: str, id_: str) -> dict[str, Any]:
        """Another entity as this draft leaves it. Raises fault 610."""
        touched = self.touched.get((entity, id_))
        return self.company.get(entity, id_) if touched is None else touched

    def touch(self, entity: str, changed: dict[str, Any]) -> None:
        """Another entity that changes along."""
        self.touched[entity, changed["Id"]] = changed


Rule = Callable[[Draft], None]
Postings = Callable[["Company", dict[str, Any]], Sequence[Posting]]


def no_rule(_: Draft) -> None:
    """For entities that need nothing beyond their definition."""


def no_postings(_: "Company", __: dict[str, Any]) -> Sequence[Posting]:
    """For entities that are not in the general ledger."""
    return ()


@dataclass(frozen=True)
class Definition:
    """One kind of entity.

    `required`: fields without which create and full update are refused (2020). `read_only`: ignored when sent, kept on
    update. `sticky`: kept when a full update leaves them out, since QuickBooks has no empty value for them. `rule`
    completes and judges a draft; `void` turns it into a voided one; `release` frees what a transaction was applied to
    before it is voided or deleted. `whole_lines`: an update that has lines has all of them, by whatever setting.
    `postings` gives what the stored entity posts to the general ledger. `api_voids`: the API voids it, by
    `operation=void` or, with `void_by_update`, by `operation=update&include=void`; a person voids whatever has `void`.
    `filterable` are the fields that a query may name; all but Id may be sorted by.
    """

    name: str
    kind: Literal["list", "transaction", "singleton"]
    operations: frozenset[str] = frozenset({"create", "update", "read", "query"})
    required: tuple[str, ...] = ()
    read_only: frozenset[str] = frozenset()
    sticky: frozenset[str] = frozenset()
    rule: Rule = no_rule
    void: Rule | None = None
    release: Rule = no_rule
    whole_lines: bool = False
    postings: Postings = no_postings
    api_voids: bool = False
    void_by_update: bool = False
    name_field: str = ""
    name_space: str = ""
    another: str = ""  # who else may hold the name, in the words of fault 6240
    numbered: bool = False
    filterable: frozenset[str] = frozenset()
    events: frozenset[str] = frozenset()
    ignored: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ignored", self.read_only | EVERYWHERE_READ_ONLY)
