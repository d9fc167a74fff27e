"""Who decides in the demo while a worker looks at the record tries again, as the console asks for."""

from __future__ import annotations

import pytest

from infra.local.demo import rounds
from tieout.domain.errors import NotReadyYet


def test_who_is_asked_to_try_again_does_so_until_it_is_taken() -> None:
    answers = [NotReadyYet("busy"), NotReadyYet("busy"), None]
    tries = iter(answers)

    def decide() -> None:
        if (answer := next(tries)) is not None:
            raise answer

    rounds.patiently(decide, pause=0)
    assert list(tries) == []


def test_nobody_tries_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "PATIENCE_SECONDS", -1.0)

    def decide() -> None:
        raise NotReadyYet("busy")

    with pytest.raises(NotReadyYet):
        rounds.patiently(decide, pause=0)
