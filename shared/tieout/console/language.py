"""The console's languages: texts from catalogues, numbers, dates and money as people of each write them.

English texts are the message ids. The files `catalogues/<locale>/*.po`, one a page or a subject, are read when their
language is first asked for; nothing is compiled. A text in Python code that is shown later is marked by `message`, so
that the test that compares code and catalogues finds it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import cache
from pathlib import Path

from babel import Locale
from babel.dates import format_date, format_timedelta
from babel.numbers import format_compact_decimal, format_decimal, format_percent

from tieout.domain.money import Money

CATALOGUES = Path(__file__).parent / "catalogues"
# Clocks differ a little, and nothing that was done is still to come.
_JUST_NOW = timedelta(seconds=-1)
LANGUAGE_COOKIE = "__Host-tieout-language"


def message(text: str) -> str:
    """`text`, marked as one that is translated where it is shown."""
    return text


@dataclass(frozen=True, slots=True)
class Language:
    """`code` as in HTML (`pt-BR`), `name` as its speakers call it."""

    code: str
    name: str

    @property
    def locale(self) -> Locale:
        """Babel's."""
        return Locale.parse(self.code, sep="-")

    def say(self, text: str, **values: object) -> str:
        """The message `text` in this language, its `{placeholders}` filled. A text that the catalogue lacks stays
        English."""
        told = _catalogue(self.code).get(text, (text,))[0]
        return told.format_map(values) if values else told

    def count(self, number: int, one: str, many: str, **values: object) -> str:
        """`one` or `many` in this language, as `number` (placeholder `{number}`) wants it."""
        forms = _catalogue(self.code).get(one, (one, many))
        told = forms[min(_plural(self.code, number), len(forms) - 1)]
        return told.format_map({"number": self.number(number), **values})

    def number(self, value: int | Decimal) -> str:
        """With separators: 1,234.5 or 1.234,5."""
        return format_decimal(value, locale=self.locale)

    def short(self, value: int) -> str:
        """As axes have it: 200K or 200 mil."""
        return format_compact_decimal(value, locale=self.locale)

    def percent(self, value: Decimal) -> str:
        """A share as a percentage with two decimals."""
        return format_percent(value, format="#,##0.00%", locale=self.locale)

    def money(self, amount: Money) -> str:
        """With its currency's decimals and code, which is clear where several dollars meet: 1,234.50 USD."""
        places = max(0, -int(amount.amount.as_tuple().exponent))
        pattern = f"#,##0.{'0' * places}" if places else "#,##0"
        return f"{format_decimal(amount.amount, format=pattern, locale=self.locale)} {amount.currency}"

    def amount(self, value: Decimal, currency: str) -> str:
        """An amount in the decimals of its currency, without the code."""
        return self.money(Money(value, currency)).removesuffix(f" {currency}")

    def day(self, value: date) -> str:
        """Nov 29, 2026."""
        return format_date(value, "medium", locale=self.locale)

    def month(self, value: date) -> str:
        """November 2026."""
        return format_date(value, "LLLL y", locale=self.locale)

    def time(self, value: datetime, zone: tzinfo) -> str:
        """Day and time to the minute, in `zone`."""
        there = value.astimezone(zone)
        return f"{self.day(there.date())}, {there:%H:%M}"

    def second(self, value: datetime, zone: tzinfo) -> str:
        """Day and time to the second, in `zone`, for timelines."""
        there = value.astimezone(zone)
        return f"{self.day(there.date())}, {there:%H:%M:%S}"

    def lasting(self, value: timedelta) -> str:
        """How long: 3 minutes."""
        return format_timedelta(value, locale=self.locale)

    def ago(self, value: datetime, now: datetime) -> str:
        """How long before `now`: 3 minutes ago."""
        return format_timedelta(min(value - now, _JUST_NOW), add_direction=True, locale=self.locale)


ENGLISH = Language("en", "English")
LANGUAGES = (ENGLISH, Language("pt-BR", "Português (Brasil)"))


def by_code(code: str) -> Language | None:
    """The language with this code."""
    return next((one for one in LANGUAGES if one.code == code), None)


def chosen(cookies: Mapping[str, str], headers: Mapping[str, str]) -> Language:
    """The language of a request: what the person chose, else what their browser asks for, else English."""
    asked = by_code(cookies.get(LANGUAGE_COOKIE, ""))
    return asked or _preferred(headers.get("accept-language", ""))


def _preferred(header: str) -> Language:
    """RFC 9110, 12.5.4; any Portuguese is served Brazil's."""
    wanted: list[tuple[float, int, Language]] = []
    for place, part in enumerate(header.split(",")[:20]):
        tag, _, parameters = part.strip().partition(";")
        found = _speaks(tag.strip().lower())
        weight = _weight(parameters)
        if found is not None and weight > 0:
            wanted.append((-weight, place, found))
    return min(wanted, key=lambda one: one[:2])[2] if wanted else ENGLISH


def _speaks(tag: str) -> Language | None:
    primary = tag.split("-", maxsplit=1)[0]
    return next((one for one in LANGUAGES if one.code.split("-")[0] == primary), None)


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    try:
        return float(value) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0


@cache
def _catalogue(code: str) -> Mapping[str, tuple[str, ...]]:
    """English -> the forms in the language; empty for English itself."""
    folder = CATALOGUES / code.replace("-", "_")
    return {key: forms for path in sorted(folder.glob("*.po")) for key, forms in _read(path)}


def _read(path: Path) -> list[tuple[str, tuple[str, ...]]]:
    # Imported here because English, and so nearly every cold start, needs none of it.
    from babel.messages.pofile import read_po  # noqa: PLC0415

    with path.open("rb") as file:
        found = [entry for entry in read_po(file) if entry.id and entry.string and not entry.fuzzy]
    return [(_first(entry.id), _forms(entry.string or "")) for entry in found]


def _first(id_: str | tuple[str, ...] | list[str]) -> str:
    return id_ if isinstance(id_, str) else id_[0]


def _forms(told: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (told,) if isinstance(told, str) else tuple(told)


def _plural(code: str, number: int) -> int:
    # CLDR: in Portuguese 0 is singular, in English plural.
    single = number in (0, 1) if code.startswith("pt") else number == 1
    return 0 if single else 1
