"""What the sandbox must know of a kind of entity; the kinds themselves are the table in `entities`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from infra.sandbox.quickbooks.company import Company

NAME_EVENTS = frozenset({"created", "updated", "deleted"})
SALES_EVENTS = frozenset({"created", "updated", "deleted", "void", "emailed"})
EVERYWHERE_READ_ONLY = frozenset({"domain", "sparse", "status", "MetaData", "SyncToken", "Id"})


@dataclass
class Draft:
    """An entity on its way into the store.

    `entity` is what will be stored and is completed by the rules; `sent` is what the request carried, cleaned;
    `before` is what was stored until now, None for a create; `include` are the request's include options. `touched`
    are other entities, by kind, that change along with this one.
    """

    company: "Company"
    definition: "Definition"
    entity: dict[str, Any]
    sent: dict[str, Any]
    before: dict[str, Any] | None = None
    include: frozenset[str] = frozenset()
    touched: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


Rule = Callable[[Draft], None]


def no_rule(_: Draft) -> None:
    """For entities that need nothing beyond their definition."""


@dataclass(frozen=True)
class Definition:
    """One kind of entity.

    `required`: fields without which create and full update are refused (2020). `read_only`: ignored when sent, kept on
    update. `sticky`: kept when a full update leaves them out, since QuickBooks has no empty value for them. `rule`
    completes and judges a draft; `void` turns it into a voided one; `release` frees what a transaction was applied to
    before it is voided or deleted. `whole_lines`: an update that has lines has all of them, by whatever setting.
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
    void_by_update: bool = False  # voided by operation=update&include=void
    name_field: str = ""
    name_space: str = ""
    another: str = ""  # who else may hold the name, in the words of fault 6240
    numbered: bool = False
    balance_sign: int = 0
    filterable: frozenset[str] = frozenset()
    events: frozenset[str] = frozenset()
    ignored: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ignored", self.read_only | EVERYWHERE_READ_ONLY)
