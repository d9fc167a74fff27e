"""The documents keep up with the code: what it knows is where people look for it, and what they find there exists."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import fields
from decimal import Decimal
from enum import Enum
from pathlib import Path

import pytest

from infra.cli.main import app
from infra.local.demo.business_day import invoices
from infra.local.demo.money_day import deals
from infra.local.demo.summer import summer
from tests.template.stack_template import of_type, template
from tieout.domain.attention import AttentionCode
from tieout.domain.directions import SWITCHES, Way, ways
from tieout.domain.record import BY_HAND, SETTLED, State
from tieout.domain.settings import (
    BeyondTolerance,
    ClosedPeriod,
    CustomerLevel,
    DealMode,
    DeletedInHubSpot,
    FeeBooking,
    FilterOperator,
    PdfTarget,
    RefundForm,
    Settings,
    TaxMode,
    WithoutInvoice,
)
from tieout.domain.status import WAITING
from tieout.domain.tie_out import Equation
from tieout.runtime import config
from tieout.services.outcome import Result

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
RUNBOOK = DOCS / "runbook.md"
PARKING = ROOT / "shared/tieout/services/parking.py"
# Documents of this checkout, not of what is installed or built below it.
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *ROOT.glob("infra/*/README.md")])
CODE = sorted([*(ROOT / "shared/tieout").rglob("*.py"), *(ROOT / "functions").rglob("*.py")])

_NAMESPACE = "POWERTOOLS_METRICS_NAMESPACE"
_CODE_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _sections(text: str, mark: str = "## ") -> dict[str, str]:
    """Heading -> what stands below it, up to the next heading of the same or a higher level."""
    pieces = re.split(rf"^{mark}(.+)$", text, flags=re.MULTILINE)[1:]
    return {heading.strip(): body.strip() for heading, body in zip(pieces[::2], pieces[1::2], strict=True)}


def _chapter(name: str) -> dict[str, str]:
    """The sections of one chapter of the runbook."""
    return _sections(_sections(_text(RUNBOOK), "# ")[name])


def _named(text: str) -> set[str]:
    """Everything in code type, and the words in it."""
    spans = _CODE_SPAN.findall(text)
    return {*spans, *(word for span in spans for word in re.split(r"[^\w<>-]+", span))}


def _first_column(path: Path, heading: str) -> set[str]:
    """What the first column of the table under a header names."""
    table = _text(path).split(f"| {heading} |", 1)[1].split("\n\n", 1)[0]
    return {name for row in table.splitlines()[2:] for name in _CODE_SPAN.findall(row.split("|")[1])}


def _calls(name: str) -> Iterator[ast.Call]:
    """Every call of a function or class of that name in the package."""
    for path in CODE:
        for node in ast.walk(ast.parse(_text(path))):
            if isinstance(node, ast.Call):
                called = node.func
                if getattr(called, "id", getattr(called, "attr", None)) == name:
                    yield node


def _literal(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((one.value for one in call.keywords if one.arg == name), None)


def _ignore_reasons() -> set[str]:
    return {reason for call in _calls("Skip") if call.args and (reason := _literal(call.args[0]))} | {BY_HAND}


def _waiting_reasons() -> set[str]:
    """Reasons that the services give to an unsettled state, and those of the table of parking."""
    unsettled = {
        reason
        for call in _calls("to")
        if call.args
        and getattr(call.args[0], "attr", "") not in {state.name for state in SETTLED}
        and (reason := _literal(_keyword(call, "reason")))
    }
    parked = {
        reason
        for node in ast.walk(ast.parse(_text(PARKING)))
        if isinstance(node, ast.Return)
        and isinstance(node.value, ast.Tuple)
        and (reason := _literal(node.value.elts[0]))
    }
    postponed = {reason for call in _calls("Postponed") if (reason := _literal(_keyword(call, "reason")))}
    waits = {reason for call in _calls("Wait") if call.args and (reason := _literal(call.args[0]))}
    return unsettled | parked | postponed | waits


def _commands() -> dict[str, str]:
    """Command, with its group before it -> its help."""
    groups = {"": app, **{f"{group.name} ": group.typer_instance for group in app.registered_groups}}
    return {
        f"{name}{command.name or command.callback.__name__}": command.callback.__doc__ or ""
        for name, group in groups.items()
        if group is not None
        for command in group.registered_commands
        if command.callback is not None
    }


def test_every_attention_code_has_a_section_and_every_section_is_a_code() -> None:
    sections = _chapter("Attention codes")
    assert set(sections) == set(AttentionCode)
    assert all(sections.values())


def test_every_alarm_has_a_section_and_every_section_is_an_alarm() -> None:
    sections = _chapter("Alarms")
    assert set(sections) == set(of_type("AWS::CloudWatch::Alarm"))
    assert all(sections.values())


def test_every_equation_of_the_tie_out_has_a_section() -> None:
    sections = _chapter("Tie-out")
    assert set(sections) == set(Equation)
    assert all(sections.values())


def test_every_waiting_reason_has_a_section() -> None:
    reasons = _waiting_reasons()
    assert {"rate_limited", "outcome_unknown", "changed_meanwhile"} <= reasons
    assert set(WAITING) == reasons
    assert set(_chapter("Waiting reasons")) == reasons


def test_every_ignore_reason_has_a_section() -> None:
    reasons = _ignore_reasons()
    assert {"draft", "filtered", "deleted"} <= reasons
    assert set(_chapter("Ignore reasons")) == reasons


def _t_accounts() -> Iterator[tuple[str, list[list[str]]]]:
    """Heading and rows (account, debit, credit) of each T-account of the accounting page."""
    for heading, body in _sections(_text(DOCS / "accounting.md"), "#{2,3} ").items():
        for table in re.findall(
            r"^\|.*T-account \| debit \| credit \|\n\|[ :|-]+\n((?:\|.*\n)+)", f"{body}\n", re.MULTILINE
        ):
            yield heading, [[cell.strip() for cell in row.strip("|").split("|")[-3:]] for row in table.splitlines()]


def test_what_is_posted_is_shown_as_t_accounts() -> None:
    shown = {heading for heading, _ in _t_accounts()}
    assert {
        "An invoice",
        "Order discounts",
        "Fees on the whole invoice",
        "Taxes",
        "Money that comes in",
        "Money that goes back",
        "Disputes",
        "Credits",
        "Fees of the processors",
        "Payouts",
    } <= shown


def test_debits_and_credits_of_a_t_account_are_equal() -> None:
    balanced = 0
    for heading, rows in _t_accounts():
        sides = [[re.sub(r"[, A-Z]", "", row[side]) for row in rows if row[side]] for side in (1, 2)]
        if all(re.fullmatch(r"\d+\.\d\d", amount) for side in sides for amount in side):
            debit, credit = (sum(map(Decimal, side)) for side in sides)
            assert debit == credit, f"{heading}: {rows}"
            balanced += 1
    assert balanced >= 15


def test_the_states_page_lists_exactly_the_states() -> None:
    assert _first_column(DOCS / "states.md", "state") == set(State)


def _shown(value: object) -> str:
    if value is None or value in ((), {}):
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value.value}`" if isinstance(value, Enum) else f"`{value}`"


def test_every_setting_is_documented_with_its_default() -> None:
    page = _text(DOCS / "settings.md")
    assert _first_column(DOCS / "settings.md", "setting") == {one.name for one in fields(Settings)} | SWITCHES.keys()
    defaults = Settings()
    for name, way in ways(defaults).items():
        assert f"| `{name}` | `{way}` |" in page
    for one in fields(Settings):
        assert f"| `{one.name}` | {_shown(getattr(defaults, one.name))} |" in page
    all_choices = (
        FilterOperator,
        CustomerLevel,
        TaxMode,
        BeyondTolerance,
        ClosedPeriod,
        DeletedInHubSpot,
        WithoutInvoice,
        RefundForm,
        FeeBooking,
        DealMode,
        PdfTarget,
        Way,
    )
    for choices in all_choices:
        assert set(choices) <= _named(page)


def test_every_command_is_documented_and_shows_an_example() -> None:
    pages = "\n".join(_text(page) for page in PAGES)
    commands = _commands()
    assert commands
    for name, help_text in commands.items():
        assert re.search(rf"\btieout {name}\b", pages), f"tieout {name} is in no document"
        assert f"Example: tieout {name}" in help_text, f"the help of {name} shows no example"


def test_documents_name_no_command_that_does_not_exist() -> None:
    commands = _commands()
    groups = {group.name for group in app.registered_groups}
    for page in PAGES:
        code = [*_CODE_SPAN.findall(_text(page)), *re.findall(r"^ {4}.*$", _text(page), re.MULTILINE)]
        for line in code:
            for words in re.findall(r"(?:^\s*|/)tieout ([a-z-]+(?: [a-z]+)?)", line):
                first = words.split()[0]
                assert first in commands or words in commands or words in groups, f"{page.name}: tieout {words}"


def test_every_parameter_of_the_template_is_in_the_deployment_page() -> None:
    assert _first_column(DOCS / "deployment.md", "parameter") == set(template()["Parameters"])


def test_the_security_page_names_every_function_and_every_secret() -> None:
    page = _text(DOCS / "security.md")
    functions, secrets = of_type("AWS::Serverless::Function"), of_type("AWS::SecretsManager::Secret")
    assert _first_column(DOCS / "security.md", "function") == set(functions)
    assert _first_column(DOCS / "security.md", "secret") >= set(secrets) | set(of_type("AWS::KMS::Key"))
    assert len(secrets) == {"two": 2, "three": 3, "four": 4}[re.findall(r"\[(\w+) secrets\]", page)[0]]


def test_the_index_names_every_page() -> None:
    linked = {(DOCS / link.partition("#")[0]).resolve() for link in _LINK.findall(_text(DOCS / "README.md"))}
    assert set(DOCS.glob("*.md")) - {DOCS / "README.md"} <= linked


def test_every_output_that_a_document_names_exists() -> None:
    outputs = set(template()["Outputs"])
    named = set(re.findall(r"`(\w+(?:QueueUrl|FunctionName|Arn))`", "\n".join(_text(page) for page in PAGES)))
    assert named
    assert named <= outputs


def test_every_environment_variable_is_documented() -> None:
    kinds = (config.IntakeConfig, config.WorkerConfig, config.ReportConfig)
    names = {f"TIEOUT_{name.upper()}" for kind in kinds for name in kind.model_fields}
    assert names <= _named(_text(DOCS / "local-stack.md"))


def test_every_metric_is_documented() -> None:
    counted = {name for call in _calls("count") if call.args and (name := _literal(call.args[0]))}
    results = {result.value for result in Result} - {Result.HANDLED.value}
    watched = {
        alarm["MetricName"]
        for alarm in of_type("AWS::CloudWatch::Alarm").values()
        if alarm["Namespace"] == template()["Globals"]["Function"]["Environment"]["Variables"][_NAMESPACE]
    }
    scheduled = {
        name
        for call in _calls("Run")
        if call.args and isinstance(call.args[0], ast.Dict)
        for key in call.args[0].keys
        if key and (name := _literal(key))
    }
    assert {"batch_failed", "delivery_refused"} <= counted
    assert watched
    assert scheduled
    documented = _first_column(RUNBOOK, "metric")
    assert counted | results | scheduled | watched <= documented


def test_every_log_message_is_documented() -> None:
    messages = {
        text
        for level in ("info", "warning", "error")
        for call in _calls(level)
        if isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "logger"
        and (text := _literal(call.args[0]))
    }
    assert "record" in messages
    assert messages <= _named(_text(RUNBOOK))


def test_every_decision_is_in_the_index_and_in_order() -> None:
    index = _text(DOCS / "adr/README.md")
    listed = re.findall(r"^\| \[(\d{4})\]\((\S+)\) \| (.+) \|$", index, re.MULTILINE)
    pages = sorted(path for path in (DOCS / "adr").glob("*.md") if path.name != "README.md")
    assert [name for _, name, _ in listed] == [path.name for path in pages]
    for (number, name, title), path in zip(listed, pages, strict=True):
        assert name.startswith(number)
        text = _text(path)
        assert text.startswith(f"# {number} {title}\n")
        assert all(f"**{part}.**" in text for part in ("Context", "Decision", "Consequences"))


def test_every_make_target_that_a_document_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", _text(ROOT / "Makefile"), re.MULTILINE))
    for page in PAGES:
        named = [*_CODE_SPAN.findall(_text(page)), *re.findall(r"^ {4}make .*$", _text(page), re.MULTILINE)]
        for line in named:
            command = re.match(r"\s*make ([a-z -]+)", line.split("#")[0])
            for target in command.group(1).split() if command else ():
                assert target in targets, f"{page.name}: make {target}"


def test_the_readme_says_how_many_invoices_the_demo_plays() -> None:
    played = len(invoices()) + sum(len(deal.invoices) for deal in deals()) + len(summer().of_hubspot)
    assert played >= 60
    assert f"a business day of {played} invoices" in _text(ROOT / "README.md").replace("\n", " ")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_within_the_documents_lead_somewhere(page: Path) -> None:
    for link in _LINK.findall(_text(page)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in _anchors(target), link


def _anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", _text(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_that_a_document_names_exist(page: Path) -> None:
    known = ("shared/", "infra/", "tests/", "functions/", "docs/", "domain/", "services/", "adapters/", "runtime/")
    for span in _CODE_SPAN.findall(_text(page)):
        if not span.startswith(known) or " " in span or "<" in span:
            continue
        places = [ROOT, ROOT / "shared/tieout"]
        assert any(list(place.glob(span)) for place in places), span
