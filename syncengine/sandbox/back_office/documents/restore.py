"""*Restore* of an archived version over the live order, as the page *Sales Order Archives* offers it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncengine.sandbox.back_office.documents.lines import test_not_shipped
from syncengine.sandbox.back_office.documents.operations import set_status
from syncengine.sandbox.back_office.refusals import dialog

if TYPE_CHECKING:
    from syncengine.sandbox.back_office.documents.model import SalesDocument

_KEPT = (
    "id",
    "number",
    "_occurrence",
    "_archivedVersions",
    "lastModifiedDateTime",
    "_documentStamp",
    "_lineStamp",
)


def restore(document: SalesDocument, version: int) -> None:
    """Lines get new ids; refused once something is posted. Raises RefusedError."""
    session, header = document.session, document.header
    archived = next(
        (
            one
            for one in session.table("salesOrderArchive").find("number", header["number"])
            if one["versionNumber"] == version and one["docNoOccurrence"] == header["_occurrence"]
        ),
        None,
    )
    if archived is None:
        raise dialog(f"There is no version {version} of order {header['number']}.")
    document.test_open()
    for line in document.lines:
        test_not_shipped(document, line)
    header.update({name: value for name, value in archived["_header"].items() if name not in _KEPT})
    set_status(document, "Open")
    for line in list(document.lines):
        document.remove_line(line)
    for old in archived["_lines"]:
        line = document.new_line(old["sequence"])
        line.update({name: value for name, value in old.items() if name not in ("id", "documentId")})
        document.add_line(line)
