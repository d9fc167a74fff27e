"""Faults on demand: rules that delay, drop, refuse or break exchanges and webhooks, deterministic by their seed."""

import random
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.sandbox.kernel.errors import BadSettingError

EXCHANGE_KINDS = ("timeout_before", "timeout_after", "status_429", "status_500", "status_401")
WEBHOOK_KINDS = ("webhook_drop", "webhook_duplicate", "webhook_reorder")
FAULT_KINDS = ("delay", *EXCHANGE_KINDS, *WEBHOOK_KINDS)
# Kind -> the further keys its rules may carry; a kind that is not among FAULT_KINDS is the vendor's own.
VendorKinds = Mapping[str, frozenset[str]]
NO_VENDOR_KINDS: VendorKinds = {}
_KEYS = {"kind", "method", "path", "probability", "times", "seed", "seconds"}


@dataclass
class FaultRule:
    """One rule: which exchanges it looks at, how often it fires, and its own source of chance."""

    kind: str
    method: str | None = None
    path: re.Pattern[str] | None = None
    probability: float = 1.0
    times: int | None = None
    seed: int = 0
    seconds: float | None = None
    fired: int = 0
    chance: random.Random = field(default_factory=random.Random, repr=False)
    options: Mapping[str, Any] = field(default_factory=dict)

    def fires(self, method: str, path: str) -> bool:
        """Whether the rule applies to this exchange; counts when it does."""
        if self.times is not None and self.fired >= self.times:
            return False
        if self.method is not None and self.method != method:
            return False
        if self.path is not None and not self.path.search(path):
            return False
        if self.probability < 1 and self.chance.random() >= self.probability:
            return False
        self.fired += 1
        return True

    def describe(self) -> dict[str, Any]:
        """The rule as JSON, with the number of times it fired."""
        return {
            "kind": self.kind,
            "method": self.method,
            "path": self.path.pattern if self.path else None,
            "probability": self.probability,
            "times": self.times,
            "seed": self.seed,
            "seconds": self.seconds,
            "fired": self.fired,
            **self.options,
        }


def parse_rule(raw: Mapping[str, Any], vendor: VendorKinds = NO_VENDOR_KINDS) -> FaultRule:
    """Reads `{"kind", "method", "path", "probability", "times", "seed", "seconds"}`; only `kind` is required.

    `vendor` names what one vendor adds: its own kinds, and the further keys that a kind may carry.

    `path` is a regular expression searched in the path (of the target URL for webhook kinds). Without `probability`
    and `times` the rule fires always; with both, at most `times` times. Raises `BadSettingError`.
    """
    kind = raw.get("kind")
    kinds = dict.fromkeys((*FAULT_KINDS, *vendor))
    if not isinstance(kind, str) or kind not in kinds:
        raise BadSettingError(f"fault kind {kind!r} is not one of {', '.join(kinds)}")
    options = vendor.get(kind, frozenset())
    unknown = set(raw) - _KEYS - options
    if unknown:
        known = ", ".join(sorted(_KEYS | options))
        raise BadSettingError(f"unknown key {', '.join(sorted(unknown))} in a fault rule; known: {known}")
    method, path = raw.get("method"), raw.get("path")
    if not isinstance(method, str | None) or not isinstance(path, str | None):
        raise BadSettingError("method and path of a fault rule are texts")
    try:
        pattern = None if path is None else re.compile(path)
    except re.error as error:
        raise BadSettingError(f"path {path!r} is not a regular expression: {error}") from None
    probability = _number(raw, "probability", 1)
    if not 0 <= probability <= 1:
        raise BadSettingError("probability is between 0 and 1")
    times, seed = raw.get("times"), raw.get("seed", 0)
    if times is not None and (type(times) is not int or times < 0):
        raise BadSettingError("times is a whole number, 0 or more")
    if type(seed) is not int:
        raise BadSettingError("seed is a whole number")
    seconds = None if raw.get("seconds") is None else _number(raw, "seconds", 0)
    if seconds is not None and seconds < 0:
        raise BadSettingError("seconds is 0 or more")
    return FaultRule(
        kind,
        method.upper() if method else None,
        pattern,
        probability,
        times,
        seed,
        seconds,
        chance=random.Random(seed),
        options={key: raw[key] for key in sorted(options) if key in raw},
    )


def _number(raw: Mapping[str, Any], key: str, default: float) -> float:
    value = raw.get(key, default)
    if isinstance(value, bool | str | list | dict) or value is None:
        raise BadSettingError(f"{key} is a number")
    return float(value)


class FaultBook:
    """The rules in force, asked in the order in which they were added. Not locked: the app's lock guards it."""

    def __init__(self, vendor: VendorKinds = NO_VENDOR_KINDS) -> None:
        self.rules: list[FaultRule] = []
        self.exchange_kinds = (*EXCHANGE_KINDS, *(kind for kind in vendor if kind not in FAULT_KINDS))
        self._vendor = vendor

    def add(self, raw: Mapping[str, Any]) -> FaultRule:
        """Adds one rule; `BadSettingError` when it is not one."""
        rule = parse_rule(raw, self._vendor)
        self.rules.append(rule)
        return rule

    def clear(self) -> None:
        """Removes every rule."""
        self.rules.clear()

    def first(self, kinds: Iterable[str], method: str, path: str) -> FaultRule | None:
        """The first rule of these kinds that fires for the exchange; later rules are not asked."""
        if not self.rules:
            return None
        wanted = set(kinds)
        return next((rule for rule in self.rules if rule.kind in wanted and rule.fires(method, path)), None)
