"""Keeps reports as files in S3, by connection and day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from tieout.adapters.aws import answering

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3Reports:
    """Fulfils `ports.reports.Reports` in one bucket, which encrypts and forgets by itself.

    `client` gives S3's client when the first report is kept: a scheduled run that has none to keep builds none.
    """

    def __init__(self, client: Callable[[], S3Client], bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def keep(self, connection: str, day: date, name: str, text: str, content_type: str) -> None:
        """Stores `text` in UTF-8 under `<connection>/<year>/<month>/<day>/<name>`."""
        key = _key(connection, day, name)
        with answering("s3", "put_object"):
            self._client().put_object(Bucket=self._bucket, Key=key, Body=text.encode(), ContentType=content_type)

    def read(self, connection: str, day: date, name: str) -> str | None:
        """The text under this name. Whoever may not list the bucket is refused instead of told that there is none."""
        client = self._client()
        with answering("s3", "get_object"):
            try:
                answer = client.get_object(Bucket=self._bucket, Key=_key(connection, day, name))
            except client.exceptions.NoSuchKey:
                return None
            return answer["Body"].read().decode()


def _key(connection: str, day: date, name: str) -> str:
    return f"{connection}/{day:%Y/%m/%d}/{name}"
