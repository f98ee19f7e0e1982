from __future__ import annotations

import codecs
import json
import os
import random
from collections.abc import Callable, Mapping
from pathlib import Path

import docx
import pytest
from pypdf import PdfReader, PdfWriter
from reportlab.pdfgen.canvas import Canvas

from engine.ingestion import load_documents
from engine.ingestion.loaders import LARGEST_BYTES, UnreadableFile, decode_text, load_file
from engine.types import Document

WriteFiles = Callable[[Path, Mapping[str, str | bytes]], Path]


def load_one(path: Path) -> Document:
    (document,) = load_file(path, path.name)
    assert document.text.strip()
    return document


def reason(path: Path) -> str:
    with pytest.raises(UnreadableFile) as caught:
        load_file(path, path.name)
    return str(caught.value)


def write_pdf(path: Path, *pages: str) -> Path:
    canvas = Canvas(str(path))
    canvas.setTitle("Care guide")
    for page in pages:
        for i, line in enumerate(page.split("\n")):
            canvas.drawString(72, 760 - 20 * i, line)
        canvas.showPage()
    canvas.save()
    return path


def encrypt(path: Path, password: str, algorithm: str) -> Path:
    writer = PdfWriter(clone_from=PdfReader(path))
    writer.encrypt(user_password=password, owner_password="owner", algorithm=algorithm)
    writer.write(path)
    return path


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.markdown"])
def test_text_is_verbatim_but_for_line_ends(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\n  # A title \r\n\r\nTwo  spaces,\ta tab.\r\nEnd.  \n\n")
    assert load_one(tmp_path / name).text == "\n  # A title \n\nTwo  spaces,\ta tab.\nEnd.  \n\n"


@pytest.mark.parametrize(
    ("name", "text", "title"),
    [
        ("refund_policy-2.md", "Intro\n\n## Refunds ##\n# Later\n", "Refunds"),
        ("refund_policy-2.md", "No heading\n#not one\n", "refund policy 2"),
        ("refund_policy-2.txt", "# Not markdown\n", "refund policy 2"),
    ],
)
def test_a_title_is_the_first_heading_or_the_files_name(tmp_path: Path, name: str, text: str, title: str) -> None:
    (tmp_path / name).write_text(text)
    assert load_one(tmp_path / name).title == title


OLD_TEXTS = [
    ("cp1252", "Die Größe der Schachtel beträgt zwölf Zoll – für Käufer in Österreich gelten “andere” Gebühren."),
    ("cp1252", "Très déçu, le client a réclamé où il fallait; l’été dernier, ça n’a pas marché à l’hôtel: 3 m³."),
    ("latin-1", "La señora compró una caja pequeña en España; ¿el niño también quería más azúcar?"),
    ("latin-1", "Não há devoluções após trinta dias; as informações estão na página três."),
    ("latin-1", "Der er ingen gebyr på små pakker. Vi åbner klokken ni og lukker på søndag."),
    ("cp1252", "The fee is £5 for café owners. It’s due on Monday – not later."),
    ("cp1250", "Příliš žluťoučký kůň úpěl ďábelské ódy o půlnoci, řekl soused."),
    ("cp1250", "Zażółć gęślą jaźń, proszę o zwrot pieniędzy w ciągu tygodnia."),
    ("cp1250", "Az üzlet vasárnap zárva van, a hűtő és a főző később érkezik."),
    ("cp1251", "Магазин закрыт в воскресенье. Возврат товара возможен в течение четырнадцати дней после покупки."),
    (
        "shift_jis",
        "商品の返品は購入後十四日以内に限ります。お問い合わせはこちらまでお願いします。ありがとうございます。",
    ),
    ("gb18030", "商品退货须在购买后十四天内提出。如有疑问，请与我们联系，谢谢您的支持。"),
]


@pytest.mark.parametrize(("encoding", "text"), OLD_TEXTS)
def test_text_in_an_old_encoding_is_read(tmp_path: Path, encoding: str, text: str) -> None:
    (tmp_path / "a.txt").write_bytes(text.encode(encoding))
    assert load_one(tmp_path / "a.txt").text == text


@pytest.mark.parametrize("mark", [codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
def test_a_byte_order_mark_decides_and_does_not_stay(mark: bytes) -> None:
    encoding = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}[mark]
    assert decode_text(mark + "naïve 日本\r\n".encode(encoding)) == "naïve 日本\n"


def test_html_gives_its_words_with_headings_lists_and_tables_but_no_scripts(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        "<html><head><title>Shipping &amp; more</title><style>p{}</style></head><body><nav>Home</nav><h2>Rates</h2>"
        "<p>It <b>costs</b>&nbsp;5&euro;.</p><ul><li>fast</li><li>slow</li></ul><script>alert(1)</script>"
        "<table><tr><th>zone</th><td>1</td></tr></table></body></html>"
    )
    document = load_one(tmp_path / "a.html")
    assert document.title == "Shipping & more"
    assert document.text == "## Rates\n\nIt costs 5€.\n\n- fast\n- slow\n\n| zone | 1 |"


def test_pdf_gives_the_text_of_its_pages_in_order(tmp_path: Path) -> None:
    document = load_one(write_pdf(tmp_path / "a.pdf", "Wash at thirty degrees.\nDo not iron.", "Second page."))
    assert document.title == "Care guide" and document.content_type == "pdf"
    assert document.text == "Wash at thirty degrees.\nDo not iron.\n\nSecond page."


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-128", "AES-256"])
def test_an_encrypted_pdf_is_skipped_unless_it_opens_without_a_password(tmp_path: Path, algorithm: str) -> None:
    closed = encrypt(write_pdf(tmp_path / "closed.pdf", "Secret."), "pw", algorithm)
    assert "encrypted" in reason(closed)
    opened = encrypt(write_pdf(tmp_path / "open.pdf", "Not so secret."), "", algorithm)
    assert load_one(opened).text == "Not so secret."


def test_a_pdf_without_text_is_skipped_with_what_it_needs(tmp_path: Path) -> None:
    assert "text recognition" in reason(write_pdf(tmp_path / "scan.pdf", ""))


def test_docx_gives_headings_lists_and_tables_in_their_order(tmp_path: Path) -> None:
    file = docx.Document()
    file.core_properties.title = "Terms"
    file.add_heading("Payment", level=2)
    file.add_paragraph("Pay in thirty days.")
    file.add_paragraph("by card", style="List Bullet")
    table = file.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "fee", "2 %"
    file.add_paragraph("The end.")
    file.save(str(tmp_path / "a.docx"))
    document = load_one(tmp_path / "a.docx")
    assert document.title == "Terms"
    assert document.text == "## Payment\n\nPay in thirty days.\n\n- by card\n\n| fee | 2 % |\n\nThe end."


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_each_row_of_a_csv_is_a_document_of_its_filled_cells(tmp_path: Path, delimiter: str) -> None:
    rows = ["sku,name,note", 'A1,Box; small,"two\nlines, ""quoted"""', "A2,Tape,", ",,", "A4,Bag 3,5 cm"]
    rows[4] = 'A4,Bag,"3,5 cm | wide; 2\t"'
    text = "\n".join(rows)
    if delimiter != ",":
        text = f'sku{delimiter}name{delimiter}note\nA1{delimiter}"Box; small"{delimiter}"two\nlines, ""quoted"""\nA2{delimiter}Tape{delimiter}\n{delimiter}{delimiter}\nA4{delimiter}Bag{delimiter}"3,5 cm | wide; 2\t"\n'
    (tmp_path / "products.csv").write_text(text)
    documents = load_file(tmp_path / "products.csv", "in/products.csv")
    assert [(d.id, d.text) for d in documents] == [
        ("in/products.csv#1", 'sku: A1; name: Box; small; note: two\nlines, "quoted"'),
        ("in/products.csv#2", "sku: A2; name: Tape"),
        ("in/products.csv#4", "sku: A4; name: Bag; note: 3,5 cm | wide; 2"),
    ]


def test_a_csv_of_one_column_of_prose_keeps_its_rows_whole(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("remark\nIt came late\nThe box was wet\n")
    assert [d.text for d in load_file(tmp_path / "a.csv", "a.csv")] == [
        "remark: It came late",
        "remark: The box was wet",
    ]


def test_a_csv_with_old_line_ends_and_short_or_long_rows_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"a,b\r1,2\r3\r4,5,6\r")
    assert [d.text for d in load_file(tmp_path / "a.csv", "a.csv")] == ["a: 1; b: 2", "a: 3", "a: 4; b: 5"]


def test_json_gives_a_document_per_object_of_a_list_else_one(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(
        json.dumps([{"title": "T", "text": "Body."}, {"size": {"w": 3}, "tags": ["x", "y"]}, "plain"])
    )
    documents = load_file(tmp_path / "a.json", "a.json")
    assert [(d.id, d.title, d.text) for d in documents] == [
        ("a.json#1", "T", "Body."), ("a.json#2", "a", "size.w: 3; tags: x, y"), ("a.json#3", "a", "plain"),
    ]  # fmt: skip
    (tmp_path / "b.json").write_text('{"name": "Box", "price": 3}')
    assert [(d.id, d.text) for d in load_file(tmp_path / "b.json", "b.json")] == [("b.json", "name: Box; price: 3")]


def test_lines_of_a_corpus_are_named_by_their_ids_and_verbatim_those_of_other_jsonl_by_number(tmp_path: Path) -> None:
    lines = [{"id": "refunds/late#2", "title": "R", "text": " a\r\nb \u2028 c "}, {"id": "x", "text": "Y"}]
    content = "\ufeff" + "\n\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
    (tmp_path / "corpus.jsonl").write_text(content, newline="")
    found = load_file(tmp_path / "corpus.jsonl", "corpus.jsonl")
    assert [(d.id, d.title, d.text) for d in found] == [("refunds/late#2", "R", " a\r\nb \u2028 c "), ("x", "x", "Y")]
    (tmp_path / "faq.jsonl").write_text('{"text": "One."}\n\n{"q": "Two?"}\n')
    assert [(d.id, d.text) for d in load_file(tmp_path / "faq.jsonl", "faq.jsonl")] == [
        ("faq.jsonl#1", "One."),
        ("faq.jsonl#3", "q: Two?"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.txt", b"", "empty"),
        ("a.txt", b" \n\t ", "no text"),
        ("a.txt", bytes(range(256)) * 20, "binary"),
        ("a.txt", b"\x00\x01\x02\x03" * 99, "binary"),
        ("a.bin", b"abc", "unknown file type .bin"),
        ("README", b"abc", "unknown file type without ending"),
        ("a.pdf", b"%PDF-1.4 broken", "PDF"),
        ("a.pdf", b"no pdf at all", "PDF"),
        ("a.docx", b"PK\x03\x04 broken", "Word"),
        ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "encrypted"),
        ("a.json", b"{broken", "not valid JSON"),
        ("a.json", b"[" * 200_000, "not valid JSON"),
        ("a.jsonl", b'{"text": "x"}\n[' + b"[" * 200_000, "line 2"),
        ("a.jsonl", b'{"text": "x"}\n{"text": ', "line 2"),
        ("a.jsonl", b'{"text": "\xff\xfe"}', "line 1"),
        ("corpus.jsonl", b'{"id": "a", "text": "x"}\n{"id": 7, "text": "x"}', "line 2: expected"),
        ("corpus.jsonl", b'{"id": "a", "text": "x"}\n{"id": "a", "text": "y"}', "stands twice"),
        ("a.csv", b"only,a,header\n", "no text"),
        ("a.html", b"<html><script>1</script></html>", "no text"),
    ],
)
def test_a_file_that_gives_no_document_says_why(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert words in reason(tmp_path / name)


def test_a_file_over_the_largest_size_is_skipped_without_being_read(tmp_path: Path) -> None:
    with (tmp_path / "huge.txt").open("wb") as file:
        file.truncate(LARGEST_BYTES + 1)
    assert "larger than 100 MB" in reason(tmp_path / "huge.txt")


@pytest.mark.parametrize("kind", ["pdf", "docx"])
def test_a_damaged_file_is_skipped_or_read_but_never_stops_the_others(tmp_path: Path, kind: str) -> None:
    if kind == "pdf":
        whole = write_pdf(tmp_path / "whole.pdf", "Some text.\nMore of it.", "A second page.").read_bytes()
    else:
        file = docx.Document()
        file.add_paragraph("Some text.")
        file.save(str(tmp_path / "whole.docx"))
        whole = (tmp_path / "whole.docx").read_bytes()
    dice, path = random.Random(5), tmp_path / f"damaged.{kind}"
    for _ in range(60 if kind == "pdf" else 25):
        content = bytearray(whole[: dice.randrange(20, len(whole)) if dice.random() < 0.3 else len(whole)])
        for _ in range(dice.randrange(1, 40)):
            content[dice.randrange(len(content))] = dice.randrange(256)
        path.write_bytes(bytes(content))
        loaded = load_documents([path])
        assert len(loaded.documents) + len(loaded.skipped) == 1


def test_half_a_character_from_json_becomes_the_replacement_character(tmp_path: Path) -> None:
    (tmp_path / "corpus.jsonl").write_text('{"id": "a", "title": "t", "text": "x\\ud800y"}')
    assert load_file(tmp_path / "corpus.jsonl", "corpus.jsonl")[0].text == "x\ufffdy"


def test_what_cannot_be_read_is_skipped_and_the_rest_goes_on(tmp_path: Path, write_files: WriteFiles) -> None:
    files = {"a.txt": "Good.", "b.pdf": b"junk", "c.txt": b"", "d.xyz": "?", "sub/e.md": "# Also good\n"}
    write_files(tmp_path, files)
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nowhere.txt")
    loaded = load_documents([tmp_path])
    assert [d.id for d in loaded.documents] == ["a.txt", "sub/e.md"]
    assert [Path(s.path).name for s in loaded.skipped] == ["b.pdf", "c.txt", "d.xyz", "gone.txt"]
    assert all(s.reason for s in loaded.skipped)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("secret")
    (tmp_path / "a.txt").chmod(0)
    assert "Permission denied" in reason(tmp_path / "a.txt")
