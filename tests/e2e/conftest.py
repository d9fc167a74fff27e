"""The local stack for tests that go through its public addresses; started when the first one needs it."""

import fcntl
from collections.abc import Generator, Iterator

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from infra.local import stack as local_stack
from infra.local.deployment import Aws
from infra.local.paths import LOCAL
from infra.local.stack import Stack

LINES_OF_LOG = 40


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The running stack. One that was up before stays up; one that was started here is taken down by its last user."""
    LOCAL.mkdir(exist_ok=True)
    with (LOCAL / "users").open("w") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        found = local_stack.current()
        running = local_stack.up()
        yield running
        if running == found:
            return
        fcntl.flock(users, fcntl.LOCK_UN)
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        local_stack.down()


@pytest.fixture(scope="session")
def aws(stack: Stack) -> Aws:
    """Clients of the stack's AWS, as its owner."""
    return Aws(stack.aws_endpoint_url)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test shows what the functions logged last."""
    report = yield
    used = getattr(item, "funcargs", {})
    stack = used["played"].stack if "played" in used else used.get("stack")
    if report.failed and isinstance(stack, Stack):
        logs = Aws(stack.aws_endpoint_url).client("logs")
        try:
            for worker, group in stack.log_groups.items():
                lines = [event["message"].rstrip() for event in logs.filter_log_events(logGroupName=group)["events"]]
                report.sections.append((f"log of {worker}", "\n".join(lines[-LINES_OF_LOG:])))
        except (BotoCoreError, ClientError) as error:
            report.sections.append(("logs", f"not to be had: {error}"))
    return report
