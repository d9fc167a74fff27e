"""QuickBooks' query language: a statement is read into a `Statement`; only what Intuit documents is accepted."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from infra.sandbox.quickbooks.faults import QuickBooksFaultError, fault

MOST_RESULTS = 1000
USUAL_RESULTS = 100
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>'(?:[^'\\]|\\.)*')
    | (?P<count>count\s*\(\s*\*\s*\))
    | (?P<word>[A-Za-z_][\w.]*)
    | (?P<number>-?\d+(?:\.\d+)?)
    | (?P<symbol><=|>=|[=<>(),*])
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_END = "<EOF>"
COMPARISONS = frozenset({"=", "<", ">", "<=", ">="})


class Token(NamedTuple):
    """One word of a statement; `kind` is text, count, word, number, symbol or end."""

    kind: str
    text: str

    def is_word(self, word: str) -> bool:
        """Whether this is the keyword."""
        return self.kind == "word" and self.text.upper() == word


@dataclass(frozen=True)
class Condition:
    """`field` operator `values`; more than one value with IN only. The values are as written, without quotes."""

    field: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Statement:
    """A query: all conditions must hold. `start` is 1-based."""

    entity: str
    count: bool = False
    conditions: tuple[Condition, ...] = ()
    order: tuple[tuple[str, bool], ...] = ()  # field, descending
    start: int = 1
    limit: int = USUAL_RESULTS


def parse(text: str, backslash: Literal["escape", "literal"] = "escape") -> Statement:
    """Reads a statement. Raises 4000 for what cannot be parsed, 4001 for numbers out of range."""
    return _Parser(text, backslash).statement()


def invalid(text: str) -> QuickBooksFaultError:
    """4001 in the validator's words."""
    return fault("4001", f"QueryValidationError: {text}")


class _Parser:
    def __init__(self, text: str, backslash: Literal["escape", "literal"]) -> None:
        self._tokens = list(_tokens(text.strip().removesuffix(";")))
        self._backslash = backslash

    def statement(self) -> Statement:
        self._keyword("SELECT")
        what = self._take()
        if what.kind != "count" and what != ("symbol", "*"):
            raise self._unexpected(what)
        self._keyword("FROM")
        entity = self._word()
        conditions = tuple(self._conditions()) if self._skip("WHERE") else ()
        order = tuple(self._order())
        numbers = {"STARTPOSITION": 1, "MAXRESULTS": USUAL_RESULTS}
        while self._tokens[0].text.upper() in numbers:
            name = self._take().text.upper()
            numbers[name] = self._number(MOST_RESULTS if name == "MAXRESULTS" else None)
        if self._tokens[0].kind != "end":
            raise self._unexpected(self._tokens[0])
        start, limit = numbers["STARTPOSITION"], numbers["MAXRESULTS"]
        return Statement(entity, what.kind == "count", conditions, order, start, limit)

    def _conditions(self) -> Iterator[Condition]:
        while True:
            field, operator = self._word(), self._take()
            name = operator.text.upper()
            like = name == "LIKE" and self._tokens[0].kind == "text"
            if like or (operator.kind == "symbol" and name in COMPARISONS):
                yield Condition(field, name, (self._literal(),))
            elif name == "IN":
                yield Condition(field, name, tuple(self._list()))
            else:
                raise self._unexpected(operator)
            if not self._skip("AND"):
                return

    def _list(self) -> Iterator[str]:
        self._symbol("(")
        yield self._literal()
        while self._tokens[0] == ("symbol", ","):
            self._take()
            yield self._literal()
        self._symbol(")")

    def _order(self) -> Iterator[tuple[str, bool]]:
        if self._skip("ORDER"):
            self._keyword("BY")
        elif not self._skip("ORDERBY"):
            return
        while True:
            field = self._word()
            descending = self._skip("DESC")
            if not descending:
                self._skip("ASC")
            yield field, descending
            if self._tokens[0] != ("symbol", ","):
                return
            self._take()

    def _literal(self) -> str:
        token = self._take()
        if token.kind == "text":
            inner = token.text[1:-1]
            return re.sub(r"\\(.)" if self._backslash == "escape" else r"\\(')", r"\1", inner, flags=re.DOTALL)
        if token.kind == "number" or token.text.lower() in ("true", "false"):
            return token.text.lower()
        raise self._unexpected(token)

    def _number(self, most: int | None) -> int:
        token = self._take()
        if token.kind != "number" or not token.text.lstrip("-").isdigit():
            raise self._unexpected(token)
        value = int(token.text)
        if value < 1:
            raise invalid(f"value {value} is too small. Min allowed value is 1")
        if most is not None and value > most:
            raise invalid(f"value {value} is too large. Max allowed value is {most}")
        return value

    def _take(self) -> Token:
        token = self._tokens[0]
        if token.kind != "end":
            del self._tokens[0]
        return token

    def _skip(self, word: str) -> bool:
        if self._tokens[0].is_word(word):
            self._take()
            return True
        return False

    def _keyword(self, word: str) -> None:
        if not self._skip(word):
            raise self._unexpected(self._tokens[0])

    def _symbol(self, symbol: str) -> None:
        token = self._take()
        if token != ("symbol", symbol):
            raise self._unexpected(token)

    def _word(self) -> str:
        token = self._take()
        if token.kind != "word":
            raise self._unexpected(token)
        return token.text

    @staticmethod
    def _unexpected(token: Token) -> QuickBooksFaultError:
        return fault("4000", f'QueryParserError: Encountered " <{token.kind.upper()}> "{token.text} "" ')


def _tokens(text: str) -> Iterator[Token]:
    at = 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise fault(
                "4000", f"QueryParserError: Lexical error at column {at + 1}. Encountered: {text[at:].strip()[:1]}"
            )
        yield Token(match.lastgroup, match.group(match.lastgroup))
        at = match.end()
    yield Token("end", _END)
