"""Ports whose every call is a moment at which anything may happen: before it, and after it was carried out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.simulation.stage import Crash, Stage

_PURE = ("prepare_", "invoice_url")


class Observed:
    """Stands before a port and lets the stage act before and after each call."""

    def __init__(self, target: object, name: str, stage: Stage) -> None:
        self._target = target
        self._name = name
        self._stage = stage

    def __getattr__(self, method: str) -> Any:
        function = getattr(self._target, method)
        if not callable(function) or method.startswith(_PURE):
            return function
        called = self._around(function, f"{self._name}.{method}")
        setattr(self, method, called)
        return called

    def _around(self, function: Callable[..., object], what: str) -> Callable[..., object]:
        stage = self._stage

        def call(*arguments: object, **named: object) -> object:
            stage.point(f"the beginning of {what}")
            try:
                answer = function(*arguments, **named)
            except Crash:
                raise
            except Exception as error:
                stage.tell(f"{what} -> {type(error).__name__}")
                stage.point(f"the end of {what}")
                raise
            stage.point(f"the end of {what}")
            return answer

        return call
