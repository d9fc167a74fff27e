"""The console speaks every language in full: each message of templates and code is in the catalogue, and told alike."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

from tieout.console import language as language_module
from tieout.console.language import CATALOGUES, ENGLISH, LANGUAGES, by_code, chosen
from tieout.console.layout import TEMPLATES
from tieout.domain.attention import ATTENTION, OF_FEES, OF_PAYMENT
from tieout.domain.attention_later import UNKNOWN
from tieout.domain.attention_mirrors import OF_MIRROR
from tieout.domain.connecting import TEXTS as CONNECT_TEXTS
from tieout.domain.money import Money
from tieout.domain.status import WAITING

CONSOLE = Path(language_module.__file__).parent
PORTUGUESE = LANGUAGES[1]
_PLACEHOLDER = re.compile(r"{(\w*)")
# Texts of the domain that pages show in translation, beside what stands in templates and code of the console.
DOMAIN_TEXTS: tuple[Iterable[str], ...] = (
    *((one.summary, one.next_step) for codes in (ATTENTION, OF_PAYMENT, OF_FEES, OF_MIRROR) for one in codes.values()),
    (UNKNOWN.summary, UNKNOWN.next_step),
    WAITING.values(),
    CONNECT_TEXTS.values(),
)


def _in_template(text: str) -> Iterator[tuple[str, ...]]:
    for call in Environment(autoescape=True).parse(text).find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name in ("_", "n_"):
            told = call.args[:1] if call.node.name == "_" else call.args[1:3]
            yield tuple(one.value for one in told if isinstance(one, nodes.Const))


def _in_code(text: str) -> Iterator[tuple[str, ...]]:
    for call in ast.walk(ast.parse(text)):
        if not isinstance(call, ast.Call):
            continue
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        told = {"say": call.args[:1], "message": call.args[:1], "count": call.args[1:3]}.get(name, [])
        yield tuple(one.value for one in told if isinstance(one, ast.Constant) and isinstance(one.value, str))


def messages() -> set[tuple[str, ...]]:
    """Every message: one text, or two where a number decides."""
    found = {told for path in TEMPLATES.rglob("*.html") for told in _in_template(path.read_text(encoding="utf-8"))}
    found |= {told for path in CONSOLE.rglob("*.py") for told in _in_code(path.read_text(encoding="utf-8"))}
    found |= {(text,) for texts in DOMAIN_TEXTS for text in texts}
    return {told for told in found if told}


def entries(folder: Path) -> dict[tuple[str, ...], list[tuple[str, ...]]]:
    """Message -> its translations, one for each file that has it."""
    found: dict[tuple[str, ...], list[tuple[str, ...]]] = defaultdict(list)
    for path in sorted(folder.glob("*.po")):
        with path.open("rb") as file:
            for entry in read_po(file, abort_invalid=True):
                if entry.id:
                    assert not entry.fuzzy, (path.name, entry.id)
                    found[_several(entry.id)].append(_several(entry.string or ""))
    return found


def _several(text: str | Iterable[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


FOLDERS = sorted(path for path in CATALOGUES.iterdir() if path.is_dir())


def test_every_language_but_english_has_a_catalogue() -> None:
    assert {path.name for path in FOLDERS} == {one.code.replace("-", "_") for one in LANGUAGES if one != ENGLISH}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_every_message_is_in_the_catalogue_and_no_other(folder: Path) -> None:
    listed = entries(folder)
    assert [f'msgid "{" / ".join(told)}"' for told in sorted(messages() - set(listed))] == [], "not translated"
    assert sorted(set(listed) - messages()) == [], "nobody says this any more"


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_every_message_is_told_in_full_once_with_the_same_placeholders(folder: Path) -> None:
    for told, translations in entries(folder).items():
        assert len(set(translations)) == 1, f"{told} is told in two ways"
        [translated] = set(translations)
        assert len(translated) == len(told)
        assert all(text.strip() for text in translated), told
        wanted = {name for text in told for name in _PLACEHOLDER.findall(text)}
        for text in translated:
            assert set(_PLACEHOLDER.findall(text)) == wanted, told


def test_nothing_is_told_as_a_placeholder_that_no_code_fills() -> None:
    assert [told for told in messages() for text in told if "{}" in text] == []


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("pt-BR,pt;q=0.9,en-US;q=0.8,en;q=0.7", "pt-BR"),
        ("pt-PT", "pt-BR"),
        ("PT-br", "pt-BR"),
        ("de,fr;q=0.9", "en"),
        ("de, pt;q=0.5, en;q=0.4", "pt-BR"),
        ("pt;q=0.4, en;q=0.5", "en"),
        ("pt;q=0", "en"),
        ("pt;q=nonsense", "en"),
        ("*", "en"),
        (",,;;q=,", "en"),
        ("pt;q=nan,en", "en"),
    ],
)
def test_the_language_is_what_the_browser_asks_for(header: str, code: str) -> None:
    assert chosen({}, {"accept-language": header}).code == code


@pytest.mark.parametrize(("cookie", "code"), [("pt-BR", "pt-BR"), ("en", "en"), ("de", "pt-BR"), ("../en", "pt-BR")])
def test_what_the_person_chose_counts_more(cookie: str, code: str) -> None:
    assert chosen({"__Host-tieout-language": cookie}, {"accept-language": "pt"}).code == code


def test_a_text_without_translation_stays_english() -> None:
    assert PORTUGUESE.say("No catalogue has {what}.", what="this") == "No catalogue has this."


def test_braces_in_a_text_without_values_are_just_braces() -> None:
    assert ENGLISH.say("a {b} c") == "a {b} c"


@pytest.mark.parametrize(
    ("number", "english", "portuguese"),
    [(0, "0 lamps", "0 lamp"), (1, "1 lamp", "1 lamp"), (1234, "1,234 lamps", "1.234 lamps")],
)
def test_numbers_decide_the_form_as_each_language_wants_it(number: int, english: str, portuguese: str) -> None:
    # Not in the catalogue, so that only the rule is tried.
    assert ENGLISH.count(number, "{number} lamp", "{number} lamps") == english
    assert PORTUGUESE.count(number, "{number} lamp", "{number} lamps") == portuguese


@pytest.mark.parametrize(
    ("amount", "english", "portuguese"),
    [
        (Money(Decimal("1234.5"), "USD"), "1,234.50 USD", "1.234,50 USD"),
        (Money(Decimal("-0.05"), "BRL"), "-0.05 BRL", "-0,05 BRL"),
        (Money(Decimal(1234567), "JPY"), "1,234,567 JPY", "1.234.567 JPY"),
        (Money(Decimal("1.005"), "KWD"), "1.005 KWD", "1,005 KWD"),
        (Money(Decimal("123456789012345.67"), "USD"), "123,456,789,012,345.67 USD", "123.456.789.012.345,67 USD"),
    ],
)
def test_money_has_its_decimals_and_its_currency(amount: Money, english: str, portuguese: str) -> None:
    assert (ENGLISH.money(amount), PORTUGUESE.money(amount)) == (english, portuguese)


def test_days_and_times_are_written_as_people_do() -> None:
    day, at = date(2026, 11, 3), datetime(2026, 11, 3, 1, 5, 9, tzinfo=UTC)
    eastern = ZoneInfo("America/New_York")
    assert (ENGLISH.day(day), PORTUGUESE.day(day)) == ("Nov 3, 2026", "3 de nov. de 2026")
    assert ENGLISH.time(at, eastern) == "Nov 2, 2026, 20:05"
    assert PORTUGUESE.time(at, eastern) == "2 de nov. de 2026, 20:05"
    assert ENGLISH.ago(at - timedelta(minutes=3), at) == "3 minutes ago"
    assert PORTUGUESE.ago(at - timedelta(minutes=3), at) == "há 3 minutos"
    assert (ENGLISH.percent(Decimal("0.0291")), PORTUGUESE.percent(Decimal("0.0291"))) == ("2.91%", "2,91%")


def test_a_language_is_found_by_its_code_alone() -> None:
    assert [by_code(one.code) for one in LANGUAGES] == list(LANGUAGES)
    assert by_code("pt_BR") is None
