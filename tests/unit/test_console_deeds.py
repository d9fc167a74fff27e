"""What was done is told in a visitor's language: every phrase that the services put into the trail of a record."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.console_world import HOSTILE_NAME as NOT_A_PHRASE
from tests.support.console_world import ConsoleWorld, seeded
from tieout.console import deeds
from tieout.console.language import ENGLISH, LANGUAGES
from tieout.domain.conflict import Side
from tieout.domain.payment import Document
from tieout.domain.person import Role
from tieout.domain.record import Kind
from tieout.services import claims

SERVICES = Path(claims.__file__).parent
PORTUGUESE = LANGUAGES[1]
# Their trail is the connection's or the deployment's, or of records that have no card: customers, items, fees.
ELSEWHERE = {"audit", "connect", "customers", "fee_months", "link_by_hand", "redrive", "sign_in"}
OF_FEES = {Document.EXPENSE, Document.DEPOSIT, Document.HUBSPOT_PAYMENT}


def phrases(text: str) -> Iterator[str]:
    """The phrases of a module as patterns: the actions of its audit lines, and what its effects say is done."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "AuditEntry":
            yield from _pattern(node.args[2])
        elif isinstance(node, ast.FunctionDef) and node.name == "done":
            for one in ast.walk(node):
                if isinstance(one, ast.Return) and one.value is not None:
                    for value in (
                        (one.value.body, one.value.orelse) if isinstance(one.value, ast.IfExp) else (one.value,)
                    ):
                        yield from _pattern(value)
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "_DONE":
            assert isinstance(node.value, ast.Dict)
            for value in node.value.values:
                yield from (f"{one}( .*)?" for one in _pattern(value))


def _pattern(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)):
            yield re.escape(text)
        case ast.JoinedStr(values=parts):
            yield "".join(re.escape(str(one.value)) if isinstance(one, ast.Constant) else ".+" for one in parts)


def test_every_phrase_of_the_services_is_known() -> None:
    found = {
        phrase: path.stem
        for path in SERVICES.glob("*.py")
        if path.stem not in ELSEWHERE
        for phrase in phrases(path.read_text(encoding="utf-8"))
    }
    assert len(found) > 15
    assert {
        phrase: where for phrase, where in found.items() if not any(re.fullmatch(phrase, deed) for deed in deeds.DEEDS)
    } == {}


def test_every_document_side_and_kind_is_among_them() -> None:
    wanted = {
        f"{verb} {document.value.replace('_', ' ')}"
        for verb in ("created", "updated", "took back", "deleted")
        for document in set(Document) - OF_FEES
    }
    wanted |= {f"took {side.label}'s values" for side in Side}
    wanted |= {
        f"{verb} {kind.value}"
        for verb in ("ignored", "resolved", "asked to look again at")
        for kind in (Kind.INVOICE, Kind.PAYMENT, Kind.REFUND)
    }
    assert wanted <= deeds.DEEDS


def test_a_phrase_is_told_in_both_languages_and_what_nobody_knows_stays_as_it_is() -> None:
    assert deeds.told(ENGLISH, "created invoice") == "created invoice"
    assert deeds.told(PORTUGUESE, "created invoice") == "fatura criada"
    lost = "created payment (found after a lost answer)"
    assert deeds.told(ENGLISH, lost) == lost
    assert deeds.told(PORTUGUESE, lost) == "pagamento criado (encontrado depois de uma resposta perdida)"
    assert deeds.told(PORTUGUESE, NOT_A_PHRASE) == NOT_A_PHRASE


@pytest.fixture(scope="module")
def console() -> ConsoleWorld:
    return seeded()


def test_a_card_tells_it_in_the_visitors_language(console: ConsoleWorld) -> None:
    [invoice, *_] = [one.key for one in console.world.records if one.key.kind is Kind.INVOICE and one.link]
    path = console.path(f"/record/invoice/{invoice.origin_system}/{invoice.origin_id}")
    assert "fatura criada" in console.signed_in(Role.VIEWER, **{"accept-language": "pt-BR"}).get(path).text
    assert "created invoice" in console.signed_in(Role.VIEWER).get(path).text


def test_what_happened_in_a_world_is_known(console: ConsoleWorld) -> None:
    done = {
        entry.action
        for key, entry in console.world.records.lines()
        if key.kind in (Kind.INVOICE, Kind.PAYMENT, Kind.REFUND)
    }
    assert done
    assert done <= deeds.DEEDS
