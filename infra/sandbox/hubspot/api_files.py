"""The endpoints under /files: upload, read, replace, delete, and the temporary link of a private file."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from werkzeug import Response

from infra.sandbox.hubspot.call import Call, no_content
from infra.sandbox.hubspot.errors import invalid, not_found
from infra.sandbox.hubspot.files import StoredFile
from infra.sandbox.hubspot.object_types import FILES_SCOPE
from infra.sandbox.hubspot.property_model import iso
from infra.sandbox.kernel.wire import json_response

_ACCESS = ("PRIVATE", "PUBLIC_NOT_INDEXABLE", "PUBLIC_INDEXABLE")
_TYPES = {"pdf": "DOCUMENT", "png": "IMG", "jpg": "IMG"}
_LINK_LIVES = timedelta(hours=1)


def upload(call: Call) -> Response:
    """POST: 201 with the file. Over a file of the same path it takes its place, or its name is made another one."""
    call.require(frozenset({FILES_SCOPE}))
    content, options = _content(call), _options(call)
    form = call.request.form
    folder = form.get("folderPath") or (f"/{form['folderId']}" if form.get("folderId") else "")
    if not folder:
        raise invalid("One of folderId or folderPath is required")
    name, _, extension = (form.get("fileName") or call.request.files["file"].filename or "").rpartition(".")
    if not name:
        raise invalid("fileName needs a name and an extension")
    now = call.store.now()
    file = StoredFile(call.store.new_id(), folder, name, extension, content, options["access"], now, now)
    there = _at(call, file.path)
    if there is not None and options.get("overwrite"):
        if call.config.overwritten_file_gets_new_id:
            _put(call, replace(there, deleted=True))
        else:
            file = replace(file, id=there.id, created=there.created)
    elif there is not None:
        number = 1
        while _at(call, replace(file, name=f"{name}-{number}").path) is not None:
            number += 1
        file = replace(file, name=f"{name}-{number}")
    return json_response(_answer(_put(call, file)), 201)


def read_file(call: Call, file_id: str) -> Response:
    """GET of one file's details."""
    call.require(frozenset({FILES_SCOPE}))
    return json_response(_answer(_find(call, file_id)))


def replace_file(call: Call, file_id: str) -> Response:
    """PUT: other content under the same id, path and references."""
    call.require(frozenset({FILES_SCOPE}))
    content, file, options = _content(call), _find(call, file_id), _options(call)
    changed = replace(file, content=content, access=options["access"], updated=call.store.now())
    return json_response(_answer(_put(call, changed)))


def delete_file(call: Call, file_id: str) -> Response:
    """DELETE: 204."""
    call.require(frozenset({FILES_SCOPE}))
    _put(call, replace(_find(call, file_id), deleted=True))
    return no_content()


def signed_url(call: Call, file_id: str) -> Response:
    """GET: a link to a private file that lives for an hour."""
    call.require(frozenset({FILES_SCOPE}))
    file = _find(call, file_id)
    return json_response(
        {
            "url": f"https://files.hubspot.test/{file.id}?signature={call.new_uuid()}",
            "expiresAt": iso(call.store.now() + _LINK_LIVES),
            "name": file.name,
            "extension": file.extension,
            "type": _TYPES.get(file.extension, "OTHER"),
            "size": len(file.content),
        }
    )


def _options(call: Call) -> dict[str, Any]:
    try:
        options = json.loads(call.request.form.get("options", ""))
    except ValueError:
        raise invalid("options must be a JSON object") from None
    if not isinstance(options, dict) or options.get("access") not in _ACCESS:
        raise invalid(f"options.access must be one of {', '.join(_ACCESS)}")
    return options


def _content(call: Call) -> bytes:
    file = call.request.files.get("file")
    if file is None:
        raise invalid("file is required")
    with file.stream as stream:
        content: bytes = stream.read()
    return content


def _find(call: Call, file_id: str) -> StoredFile:
    file = call.store.files.get(file_id)
    if file is None or file.deleted:
        raise not_found("File does not exist")
    return file


def _at(call: Call, path: str) -> StoredFile | None:
    return next((one for one in call.store.files.values() if one.path == path and not one.deleted), None)


def _put(call: Call, file: StoredFile) -> StoredFile:
    files, before = call.store.files, call.store.files.get(file.id)
    files[file.id] = file
    call.store.did(lambda: files.pop(file.id) if before is None else files.update({file.id: before}))
    return file


def _answer(file: StoredFile) -> dict[str, Any]:
    return {
        "id": file.id,
        "createdAt": iso(file.created),
        "updatedAt": iso(file.updated),
        "archived": file.deleted,
        "name": file.name,
        "path": file.path,
        "size": len(file.content),
        "type": _TYPES.get(file.extension, "OTHER"),
        "extension": file.extension,
        "url": f"https://62515001.fs1.hubspotusercontent.test{file.path}",
        "defaultHostingUrl": f"https://62515001.fs1.hubspotusercontent.test{file.path}",
        "isUsableInContent": True,
        "access": file.access,
    }
