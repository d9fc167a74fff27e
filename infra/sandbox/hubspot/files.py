"""A file of the account's file manager."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class StoredFile:
    """`folder` is its path, `name` has no extension; `deleted` files stay in the bin."""

    id: str
    folder: str
    name: str
    extension: str
    content: bytes
    access: str
    created: datetime
    updated: datetime
    deleted: bool = False

    @property
    def path(self) -> str:
        """Folder, name and extension."""
        return f"{self.folder}/{self.name}.{self.extension}"
