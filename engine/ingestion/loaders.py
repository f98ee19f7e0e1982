"""One file to its documents, by its ending. The text that a loader gives is the one that all offsets refer to."""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import json
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from engine.plain_text import replace_halves
from engine.types import Document

# Letters that tell cp1250 from cp1252, which charset-normalizer confuses: of Slavic languages and Romanian, then Hungarian.
_CENTRAL_EUROPEAN = re.compile(
    rb"[\x8a\x8d-\x8f\x9a\x9d-\x9f\xfe]|[\xa5\xaf\xb3\xb9\xbc\xbe][A-Za-z]|\A(?=[^\xe0\xe3\xe7\xe8\xea]*\Z).*[\xf5\xfb]",
    re.S,
)
LARGEST_BYTES = 100 * 2**20
_OLE_MARK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# What parsers of damaged files raise beside their own errors.
_DAMAGED = (
    ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, NotImplementedError, RecursionError, TypeError, ValueError,
    struct.error, zlib.error,
)  # fmt: skip
Loaded = Iterator[Document]


class UnreadableFile(Exception):
    """A file that gives no document; the text says why. Its ingest goes on with the next file."""


def load_file(path: Path, name: str) -> list[Document]:
    """The documents of one file.

    Args:
        name: the file's path inside its corpus, with forward slashes; documents are named by it.

    Raises:
        UnreadableFile: unknown ending, unreadable, empty, encrypted, damaged or larger than 100 MB.
    """
    loader = LOADERS.get(path.suffix.lower())
    if loader is None:
        raise UnreadableFile(f"unknown file type {path.suffix or 'without ending'}; known: {' '.join(sorted(LOADERS))}")
    try:
        size = path.stat().st_size
        if size > LARGEST_BYTES:
            raise UnreadableFile(f"larger than {LARGEST_BYTES >> 20} MB ({size >> 20} MB)")
        if size == 0:
            raise UnreadableFile("empty")
        documents = list(loader(path, name))
    except OSError as error:
        raise UnreadableFile(error.strerror or str(error)) from error
    documents = [d for d in documents if d.text.strip()]
    if not documents:
        raise UnreadableFile("no text in it")
    return documents


def decode_text(content: bytes) -> str:
    """Bytes to text: UTF-8, UTF-16 by its mark, else the encoding that charset-normalizer finds. CRLF becomes LF."""
    marked = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    if b"\0" in content and not marked:
        raise UnreadableFile("binary content, not text")
    try:
        return _unix_lines(content.decode("utf-16" if marked else "utf-8-sig"))
    except UnicodeDecodeError:
        if b"\0" in content[:4096]:
            raise UnreadableFile("binary content, not text") from None
    from charset_normalizer import from_bytes

    best = from_bytes(
        content, cp_isolation=["cp1252", "latin_1", "cp1250", "cp1251", "shift_jis", "gb18030", "big5"]
    ).best()
    western = best is None or (best.encoding == "cp1250" and not _CENTRAL_EUROPEAN.search(content))
    return _unix_lines(content.decode("cp1252", "replace") if western else str(best))


def row_text(row: dict[str, Any]) -> str:
    """``column: value`` for each cell that is not empty, joined by semicolons."""
    cells = ((key, "" if value is None else str(value).strip()) for key, value in row.items())
    return "; ".join(f"{key}: {value}" for key, value in cells if value)


def make_document(name: str, title: str, text: str, source: Path, content_type: str) -> Document:
    """A document with its hash over id, title and text."""
    name, title, text = (replace_halves(value) for value in (name, title, text))
    content_hash = hashlib.sha256("\0".join((name, title, text)).encode()).hexdigest()
    return Document(
        id=name,
        title=title,
        text=text,
        source=replace_halves(str(source)),
        content_type=content_type,
        content_hash=content_hash,
    )


def _unix_lines(text: str) -> str:
    return text.replace("\r\n", "\n")


def _load_text(path: Path, name: str) -> Loaded:
    text = decode_text(path.read_bytes())
    markdown = path.suffix.lower() in (".md", ".markdown")
    heading = re.search(r"^#{1,2}[ \t]+(\S.*)$", text, re.M) if markdown else None
    title = heading.group(1).rstrip().rstrip("#").rstrip() if heading else _title_of(name)
    yield make_document(name, title, text, path, "markdown" if markdown else "text")


def _title_of(name: str) -> str:
    return re.sub(r"[-_]+", " ", Path(name).stem).strip()


def _load_html(path: Path, name: str) -> Loaded:
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(path.read_bytes(), "lxml")
    title = soup.title.get_text(" ", strip=True) if soup.title else ""
    for element in soup(
        ["script", "style", "noscript", "template", "nav", "header", "footer", "aside", "form", "svg", "head"]
    ):
        element.decompose()
    for element in soup(["br", "hr"]):
        element.replace_with("\n")
    for level in range(1, 7):
        for element in soup(f"h{level}"):
            element.insert(0, "\n\n" + "#" * level + " ")
            element.append("\n\n")
    for element in soup(["td", "th"]):
        element.insert(0, " | ")
    for element in soup("tr"):
        element.append(" |\n")
    for element in soup("li"):
        element.insert(0, "\n- ")
    for element in soup(
        ["p", "div", "section", "article", "table", "ul", "ol", "dl", "dt", "dd", "blockquote", "pre", "main"]
    ):
        element.insert(0, "\n\n")
        element.append("\n\n")
    lines = [re.sub(r"[ \t\r\f\v\xa0]+", " ", line).strip() for line in soup.get_text().split("\n")]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    yield make_document(name, title or _title_of(name), text, path, "html")


def _load_pdf(path: Path, name: str) -> Loaded:
    import logging

    from pypdf import PdfReader
    from pypdf.errors import DependencyError, PyPdfError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableFile("encrypted; a password is needed")
        pages = [page.extract_text() or "" for page in reader.pages]
        title = (reader.metadata.title if reader.metadata else None) or _title_of(name)
    except (PyPdfError, DependencyError, *_DAMAGED) as error:
        raise UnreadableFile(f"not a readable PDF: {error}") from error
    text = _unix_lines("\n\n".join(page.strip() for page in pages)).strip()
    if not text:
        raise UnreadableFile("no text in it; a scanned PDF needs text recognition first")
    yield make_document(name, title, text.encode("utf-8", "replace").decode(), path, "pdf")


def _load_docx(path: Path, name: str) -> Loaded:
    import zipfile

    import docx
    from docx.opc.exceptions import OpcError
    from docx.table import Table

    try:
        file = docx.Document(str(path))
    except (OpcError, zipfile.BadZipFile, SyntaxError, *_DAMAGED) as error:
        with path.open("rb") as content:
            if content.read(8) == _OLE_MARK:
                raise UnreadableFile(
                    "encrypted, or a Word file of before 2007; save it as .docx without a password"
                ) from error
        raise UnreadableFile(f"not a readable Word file: {error}") from error
    blocks = []
    for block in file.iter_inner_content():
        if isinstance(block, Table):
            blocks.append("\n".join("| " + " | ".join(c.text.strip() for c in row.cells) + " |" for row in block.rows))
        elif block.text.strip():
            style = (block.style.name if block.style else "") or ""
            level = re.match(r"Heading (\d)", style)
            prefix = "#" * int(level.group(1)) + " " if level else "- " if "List" in style else ""
            blocks.append(prefix + block.text.strip())
    yield make_document(name, file.core_properties.title or _title_of(name), "\n\n".join(blocks), path, "docx")


def _load_csv(path: Path, name: str) -> Loaded:
    text = decode_text(path.read_bytes())
    try:
        rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=find_delimiter(text))
        for number, row in enumerate(rows, 1):
            cells = {key: value for key, value in row.items() if key is not None and not isinstance(value, list)}
            yield make_document(f"{name}#{number}", _title_of(name), row_text(cells), path, "row")
    except csv.Error as error:
        raise UnreadableFile(f"not a readable CSV file: {error}") from error


def find_delimiter(text: str) -> str:
    """The mark under which most of the first rows have as many cells as the header, and more than one.

    csv.Sniffer also guesses how quotes are written, and guesses wrong where cells hold line ends or doubled quotes.
    """

    def agreement(delimiter: str) -> tuple[int, int]:
        rows = list(itertools.islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), 50))
        columns = len(rows[0]) if rows else 0
        return (sum(len(row) == columns for row in rows), columns) if columns > 1 else (0, 0)

    return max(",;\t|", key=agreement)


def _load_json(path: Path, name: str) -> Loaded:
    try:
        content = json.loads(decode_text(path.read_bytes()))
    except (ValueError, RecursionError) as error:
        raise UnreadableFile(f"not valid JSON: {error}") from error
    if isinstance(content, list):
        for number, item in enumerate(content, 1):
            yield _record(item, f"{name}#{number}", path)
    else:
        yield _record(content, name, path)


def _load_jsonl(path: Path, name: str) -> Loaded:
    """Lines of ``{"id", "title", "text"}``; in a ``corpus.jsonl`` the id alone names the document."""
    whole = path.name == "corpus.jsonl"
    seen: set[str] = set()
    for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise UnreadableFile(f"line {number} is not valid JSON: {error}") from error
        if not whole:
            yield _record(item, f"{name}#{number}", path)
            continue
        if not isinstance(item, dict) or not isinstance(item.get("id"), str) or not isinstance(item.get("text"), str):
            raise UnreadableFile(f'line {number}: expected {{"id": text, "title": text, "text": text}}')
        if item["id"] in seen:
            raise UnreadableFile(f"line {number}: the id {item['id']!r} stands twice")
        seen.add(item["id"])
        yield make_document(item["id"], str(item.get("title") or item["id"]), item["text"], path, "text")


def _record(item: Any, name: str, path: Path) -> Document:
    if isinstance(item, dict):
        title = str(item.get("title") or _title_of(name.split("#")[0]))
        text = item.get("text")
        return make_document(name, title, text if isinstance(text, str) else row_text(_flat(item)), path, "json")
    return make_document(name, _title_of(name.split("#")[0]), str(item), path, "json")


def _flat(item: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in item.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = ", ".join(map(str, value)) if isinstance(value, list) else value
    return flat


LOADERS: dict[str, Callable[[Path, str], Loaded]] = {
    ".txt": _load_text,
    ".md": _load_text,
    ".markdown": _load_text,
    ".html": _load_html,
    ".htm": _load_html,
    ".pdf": _load_pdf,
    ".docx": _load_docx,
    ".csv": _load_csv,
    ".json": _load_json,
    ".jsonl": _load_jsonl,
}
