"""The collector rests during the cold start only, and leaves what came of it alone."""

import gc
from collections.abc import Iterator

import pytest

from tieout.runtime.cold_start import cold_start


@pytest.fixture(autouse=True)
def _collector_as_before() -> Iterator[None]:
    yield
    gc.unfreeze()
    gc.enable()


def test_nothing_is_collected_while_a_function_is_imported_and_built() -> None:
    with cold_start():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_what_was_built_is_not_looked_at_again() -> None:
    frozen = gc.get_freeze_count()
    with cold_start():
        kept = [[number] for number in range(100)]
    assert gc.get_freeze_count() >= frozen + len(kept)


def test_the_collector_works_again_after_a_cold_start_that_failed() -> None:
    with pytest.raises(RuntimeError), cold_start():
        raise RuntimeError
    assert gc.isenabled()
