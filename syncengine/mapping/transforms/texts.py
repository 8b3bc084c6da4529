"""Texts and codes: what is too long, too wide, in capitals, or formatted."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import pairwise
from typing import ClassVar
from typing import Final

from syncengine.mapping.transforms.law import KEEP
from syncengine.mapping.transforms.law import AsIs
from syncengine.mapping.transforms.law import Cells
from syncengine.mapping.transforms.law import DoesNotSurvive
from syncengine.mapping.transforms.law import Written
from syncengine.mapping.transforms.law import only
from syncengine.records.values import Scalar
from syncengine.records.values import Side
from syncengine.records.values import is_blank
from syncengine.records.values import same

_TAG: Final = re.compile(r"</?[a-zA-Z][^>]*>")
_LINE_END: Final = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Fits(AsIs):
    """Text of which only the first `length` characters survive in the back office."""

    length: int = 0

    def write(self, side: Side, value: Scalar, current: Cells) -> Written:
        if side == "back_office" and isinstance(value, str):
            value = value[: self.length].rstrip()
        return (value,)  # type: ignore[return-value]

    def agree(self, sales: Scalar, back_office: Scalar) -> bool:
        return same(cut(sales, self.length), cut(back_office, self.length))


def cut(value: Scalar, length: int) -> Scalar:
    return value[:length].rstrip() if isinstance(value, str) else value


@dataclass(frozen=True)
class FirstFilled(AsIs):
    """A text that Sales cannot do without: the first of the back office's columns that is filled."""

    searchable: ClassVar[frozenset[Side]] = frozenset()

    two_way: bool = False

    def read(self, side: Side, cells: Cells) -> Scalar:
        return only(cells) if side == "sales" else next((only((one,)) for one in cells if not is_blank(one)), None)


@dataclass(frozen=True)
class Exact(AsIs):
    """Text that must survive whole: longer than `length`, it is a person's to shorten."""

    length: int = 0

    def write(self, side: Side, value: Scalar, current: Cells) -> Written:
        if side == "back_office" and isinstance(value, str) and len(value) > self.length:
            raise DoesNotSurvive(
                f"{value!r} has {len(value)} characters, the back office takes {self.length}, "
                "and there is no shorter form of it"
            )
        return (value,)  # type: ignore[return-value]


@dataclass(frozen=True)
class TextLines(AsIs):
    """Text of several lines: how a line ends, and empty ones at the end, are no difference."""

    searchable: ClassVar[frozenset[Side]] = frozenset()

    def read(self, side: Side, cells: Cells) -> Scalar:
        value = only(cells)
        return "\n".join(_LINE_END.split(value)).rstrip() or None if isinstance(value, str) else value

    def write(self, side: Side, value: Scalar, current: Cells) -> Written:
        return (self.read(side, (value,)),)  # type: ignore[return-value,arg-type]

    def agree(self, sales: Scalar, back_office: Scalar) -> bool:
        return same(self.read("sales", (sales,)), self.read("back_office", (back_office,)))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Code(AsIs):
    """A code that the back office keeps in capitals."""

    def write(self, side: Side, value: Scalar, current: Cells) -> Written:
        return (value.upper() if side == "back_office" and isinstance(value, str) else value,)  # type: ignore[return-value]

    def agree(self, sales: Scalar, back_office: Scalar) -> bool:
        return same(_upper(sales), _upper(back_office))


def _upper(value: Scalar) -> Scalar:
    return value.upper() if isinstance(value, str) else value


@dataclass(frozen=True)
class Capitals(Fits):
    """Text that the back office keeps in capitals and trimmed, and of which only the first `length` survive there."""

    def write(self, side: Side, value: Scalar, current: Cells) -> Written:
        return super().write(side, _capitals(value) if side == "back_office" else value, current)

    def agree(self, sales: Scalar, back_office: Scalar) -> bool:
        return super().agree(_capitals(sales), _capitals(back_office))


def _capitals(value: Scalar) -> Scalar:
    return value.strip().upper() if isinstance(value, str) else value


@dataclass(frozen=True)
class Country(AsIs):
    """A country code in the back office, a code or a name in Sales. `codes`: name or code, folded, to code."""

    searchable: ClassVar[frozenset[Side]] = frozenset()

    codes: Mapping[str, str] | None = None

    def _code(self, value: Scalar) -> Scalar:
        if not isinstance(value, str):
            return value
        return (self.codes or {}).get(value.strip().casefold(), value.strip().upper())

    def write(self, side: Side, value: Scalar, current: Cells) -> Written:
        return (self._code(value),)  # type: ignore[return-value]

    def agree(self, sales: Scalar, back_office: Scalar) -> bool:
        return same(self._code(sales), self._code(back_office))


@dataclass(frozen=True)
class Continued(AsIs):
    """A long text, in pieces of at most `length` characters: its own line, then comment lines.

    A line of text is broken at blanks, as late as they allow; a longer word is cut. So a piece that left no room for
    the next word goes on in the next piece, any other ends a line: declared loss is the kind and number of blanks,
    and a line break where a piece was full.
    """

    searchable: ClassVar[frozenset[Side]] = frozenset()

    length: int = 0

    def read(self, side: Side, cells: Cells) -> Scalar:
        """Back office: as many cells as there are pieces."""
        if side == "sales":
            return only(cells)
        pieces = [str(cell or "").rstrip() for cell in cells]
        text = pieces[0]
        for before, piece in pairwise(pieces):
            text += self._between(before, piece) + piece
        return text.rstrip() or None

    def _between(self, before: str, piece: str) -> str:
        if len(before) == self.length and " " not in before:
            return ""  # a word that was cut
        word = piece.partition(" ")[0]
        return " " if before and word and len(before) + 1 + len(word) > self.length else "\n"

    def write(self, side: Side, value: Scalar, current: Cells) -> Written:
        """Back office: the pieces, at least one."""
        if side == "sales":
            return (value,)  # type: ignore[return-value]
        return tuple(self.pieces(str(value or "")))

    def pieces(self, text: str) -> list[str]:
        found = [piece for line in text.splitlines() or [""] for piece in self._broken(line)]
        while len(found) > 1 and not found[-1]:
            found.pop()
        return found

    def _broken(self, line: str) -> list[str]:
        pieces, words = [""], line.split()
        for word in words:
            if pieces[-1] and len(pieces[-1]) + 1 + len(word) <= self.length:
                pieces[-1] += f" {word}"
                continue
            cut = [word[at : at + self.length] for at in range(0, len(word), self.length)]
            if pieces[-1]:
                pieces += cut
            else:
                pieces = cut
        return pieces

    def agree(self, sales: Scalar, back_office: Scalar) -> bool:
        return same(self._kept(sales), self._kept(back_office))

    def _kept(self, value: Scalar) -> Scalar:
        return self.read("back_office", tuple(self.pieces(str(value or ""))))


class _Text(HTMLParser):
    """The text of a piece of HTML: blocks and line breaks end a line."""

    BREAKS: Final = frozenset({"br", "p", "div", "li", "tr", "h1", "h2", "h3"})

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.hidden += tag in ("script", "style")
        if tag in self.BREAKS and self.text and not self.text.endswith("\n"):
            self.text += "\n"

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.text += data


@dataclass(frozen=True)
class PlainText(AsIs):
    """Text that may be HTML in Sales and is plain in the back office. Formatting is the declared loss."""

    searchable: ClassVar[frozenset[Side]] = frozenset()

    def read(self, side: Side, cells: Cells) -> Scalar:
        value = only(cells)
        if side == "back_office" or not isinstance(value, str) or not _TAG.search(value):
            return value
        parser = _Text()
        parser.feed(value)
        parser.close()
        lines = (" ".join(line.split()) for line in parser.text.splitlines())
        return "\n".join(lines).strip() or None


@dataclass(frozen=True)
class NoteFile(AsIs):
    """A note as a text file: Sales: its text and its id; back office: the name of the file and its content.

    The name tells which note it is, and in which wording, so that the content need not be read to know it.
    """

    searchable: ClassVar[frozenset[Side]] = frozenset({"back_office"})

    two_way: bool = False

    def read(self, side: Side, cells: Cells) -> Scalar:
        """The name, and below it the text where that is known."""
        if side == "back_office":
            return only(cells[:1])
        text = PlainText().read("sales", cells[:1])
        if is_blank(text):
            return None
        return f"Note {_digest(cells[1])}-{_digest(text)}.txt\n{text}"

    def write(self, side: Side, value: Scalar, current: Cells) -> Written:
        name, _, text = str(value or "").partition("\n")
        return (KEEP, KEEP) if side == "sales" else (name, text)

    def agree(self, sales: Scalar, back_office: Scalar) -> bool:
        return self.write("back_office", sales, ())[0] == self.write("back_office", back_office, ())[0]


def _digest(value: object) -> str:
    return hashlib.sha256(str(value).strip().lower().encode()).hexdigest()[:8]


@dataclass(frozen=True)
class PersonName(AsIs):
    """One name in the back office; whole, first, middle and last in Sales, where the whole one cannot be written.

    The last word becomes the last name, the others the first: what is read back is the same whole name.
    """

    searchable: ClassVar[frozenset[Side]] = frozenset({"back_office"})

    length: int = 100
    only_read: ClassVar[Mapping[Side, frozenset[int]]] = {"sales": frozenset({0})}

    def read(self, side: Side, cells: Cells) -> Scalar:
        if side == "back_office":
            return only(cells)
        parts = [str(cell).strip() for cell in cells[1:] if not is_blank(cell)]
        return " ".join(parts) or only(cells)

    def write(self, side: Side, value: Scalar, current: Cells) -> Written:
        text = " ".join(str(value or "").split())
        if side == "back_office":
            return (text[: self.length].rstrip(),)
        if current and same(text, self.read("sales", current)):
            return (KEEP, KEEP, KEEP, KEEP)  # "Anna" + "van Dyck" is the same name as "Anna van" + "Dyck"
        first, _, last = text.rpartition(" ")
        return (KEEP, first, "", last)

    def agree(self, sales: Scalar, back_office: Scalar) -> bool:
        return same(cut(_spaced(sales), self.length), cut(_spaced(back_office), self.length))


def _spaced(value: Scalar) -> Scalar:
    return " ".join(value.split()) if isinstance(value, str) else value
