"""When a service of AWS does not answer or refuses: the one place that turns botocore's errors into ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from tieout.domain.errors import StoreUnavailable

# A request that can never succeed is our own mistake, which waiting must not hide.
_MISTAKES = frozenset({"ValidationException", "SerializationException"})


@contextmanager
def answering(system: str, operation: str, *, mistakes: bool = False, **facts: str) -> Iterator[None]:
    """Within (a block, or a decorated function), raises StoreUnavailable for botocore's errors, with AWS' own code.

    `mistakes`: even for a request of ours that is wrong, where the error's own text would tell what must not be told.
    """
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        says = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
        if not mistakes and (says in _MISTAKES or isinstance(error, ParamValidationError)):
            raise
        # The error's own text may carry the item into the logs.
        raise StoreUnavailable(context={"system": system, "operation": operation, "says": says, **facts}) from None
