"""What the PDF is made with: fonts, paragraph and table styles, page numbers, the verdict's shapes."""

from __future__ import annotations

from functools import cache
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, TableStyle

MARGIN = 15 * mm
PAGE_WIDTH, PAGE_HEIGHT = A4
TEXT_WIDTH = PAGE_WIDTH - 2 * MARGIN
INK, MUTED, LINE = HexColor("#1b2733"), HexColor("#566370"), HexColor("#dfe4e9")
VERDICT_INK = {"pass": HexColor("#00694d"), "fail": HexColor("#a34400"), "no_data": HexColor("#56616c")}
VERDICT_SOFT = {"pass": HexColor("#e3f1ec"), "fail": HexColor("#fbeade"), "no_data": HexColor("#eceff2")}
# Adobe's Asian font packs, which every PDF viewer brings or fetches; nothing of them is embedded.
_EMOJI = {"✅": "✔", "❌": "✘", "☑️": "☑", "\ufe0f": "", "\u200d": ""}
_CJK = ((0x3040, 0x30FF, "HeiseiKakuGo-W5"), (0xAC00, 0xD7A3, "HYGothic-Medium"), (0x2E80, 0x9FFF, "STSong-Light"))


@cache
def register_fonts() -> dict[str, frozenset[int]]:
    """DejaVu Sans as matplotlib ships it; the characters that each face can draw."""
    spec = find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("matplotlib")
    folder = Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf"
    faces = {"Sans": "DejaVuSans", "Sans-Bold": "DejaVuSans-Bold", "Mono": "DejaVuSansMono"}
    known = {}
    for name, file in faces.items():
        font = TTFont(name, str(folder / f"{file}.ttf"))
        pdfmetrics.registerFont(font)
        known[name] = frozenset(font.face.charToGlyph)
    pdfmetrics.registerFontFamily("Sans", normal="Sans", bold="Sans-Bold", italic="Sans", boldItalic="Sans-Bold")
    return known


def markup(text: str, font: str = "Sans") -> str:
    """Text as paragraph mark-up: escaped, runs of Chinese, Japanese and Korean in a font that has them."""
    known = register_fonts()[font]
    for emoji, sign in _EMOJI.items():
        text = text.replace(emoji, sign)
    pieces: list[tuple[str, str]] = []
    for character in text:
        name = _font_of(character, known)
        shown = character if name is not None else "\u25a1"
        if pieces and pieces[-1][0] == (name or ""):
            pieces[-1] = (pieces[-1][0], pieces[-1][1] + shown)
        else:
            pieces.append((name or "", shown))
    return "".join(f'<font name="{name}">{escape(part)}</font>' if name else escape(part) for name, part in pieces)


def _font_of(character: str, known: frozenset[int]) -> str | None:
    """Empty for the paragraph's own font, a name for another one, None when nothing draws it."""
    code = ord(character)
    if code in known or character in "\n\r\t":
        return ""
    for first, last, name in _CJK:
        if first <= code <= last:
            if name not in pdfmetrics.getRegisteredFontNames():
                pdfmetrics.registerFont(UnicodeCIDFont(name))
            return name
    return None


def paragraph_styles() -> dict[str, ParagraphStyle]:
    """Styles by name; text is 9 points, tables 8."""
    register_fonts()
    base = ParagraphStyle("body", fontName="Sans", fontSize=9, leading=12.6, textColor=INK)
    bold = {"fontName": "Sans-Bold"}
    styles = {
        "body": base,
        "quiet": ParagraphStyle("quiet", base, textColor=MUTED),
        "eyebrow": ParagraphStyle("eyebrow", base, fontSize=8, textColor=MUTED, spaceAfter=3),
        "title": ParagraphStyle("title", base, fontSize=21, leading=26, **bold),
        "phase": ParagraphStyle("phase", base, fontSize=12.5, leading=17, textColor=MUTED, spaceAfter=3),
        "h2": ParagraphStyle("h2", base, fontSize=13.5, leading=17, spaceBefore=17, spaceAfter=7, **bold),
        "h3": ParagraphStyle("h3", base, fontSize=10.5, leading=14, spaceBefore=11, spaceAfter=4, **bold),
        "finding": ParagraphStyle("finding", base, fontSize=9.5, leading=12.5, spaceBefore=9, **bold),
        "note": ParagraphStyle("note", base, fontSize=7.5, leading=10, textColor=MUTED, spaceAfter=3),
        "cell": ParagraphStyle("cell", base, fontSize=8, leading=10.6, splitLongWords=1),
        "small": ParagraphStyle("small", base, fontSize=7.3, leading=9.6, textColor=MUTED, splitLongWords=1),
        "head": ParagraphStyle("head", base, fontSize=7.3, leading=9.4, textColor=MUTED, **bold),
        "figure": ParagraphStyle("figure", base, **bold),
        "gap": ParagraphStyle("gap", base, fontSize=3, leading=4),
        "mono": ParagraphStyle("mono", base, fontName="Mono", fontSize=7.6, leading=10),
        "item": ParagraphStyle("item", base, leftIndent=14, firstLineIndent=-14, spaceAfter=3.5),
        "label": ParagraphStyle("label", base, fontSize=8, leading=11.4, textColor=MUTED),
        "fact": ParagraphStyle("fact", base, fontSize=8.6, leading=11.4),
    }
    for name in ("cell", "head"):
        styles[f"{name}-right"] = ParagraphStyle(f"{name}-right", styles[name], alignment=TA_RIGHT)
    styles["value"] = ParagraphStyle("value", styles["cell-right"], **bold)
    return styles


def table_style(*extra: tuple[Any, ...]) -> TableStyle:
    """Hairlines between rows, text at the top, no padding at the left edge."""
    return TableStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LINEBELOW", (0, 0), (-1, -1), 0.5, LINE),
            ("LEFTPADDING", (0, 0), (0, -1), 0),
            ("LEFTPADDING", (1, 0), (-1, -1), 4),
            ("RIGHTPADDING", (0, 0), (-1, -1), 4),
            ("TOPPADDING", (0, 0), (-1, -1), 3.2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3.6),
            *extra,
        ]
    )


class VerdictShape(Flowable):
    """A disc with a tick, a square with a cross, or a ring: the verdict without its colour."""

    def __init__(self, verdict: str, size: float) -> None:
        super().__init__()
        self.verdict, self.size = verdict, size
        self.width = self.height = size

    def draw(self) -> None:
        """Draws it into the box of the flowable."""
        canvas, s = self.canv, self.size
        colour = VERDICT_INK[self.verdict]
        canvas.setFillColor(colour)
        canvas.setStrokeColor(colour)
        canvas.setLineCap(1)
        if self.verdict == "no_data":
            canvas.setLineWidth(s * 0.11)
            canvas.setDash(s * 0.16, s * 0.17)
            canvas.circle(s / 2, s / 2, s * 0.42, stroke=1, fill=0)
            return
        if self.verdict == "pass":
            canvas.circle(s / 2, s / 2, s / 2, stroke=0, fill=1)
            lines = [(0.27, 0.50, 0.43, 0.33), (0.43, 0.33, 0.74, 0.67)]
        else:
            canvas.roundRect(0, 0, s, s, s * 0.16, stroke=0, fill=1)
            lines = [(0.30, 0.30, 0.70, 0.70), (0.30, 0.70, 0.70, 0.30)]
        canvas.setStrokeColor(HexColor("#ffffff"))
        canvas.setLineWidth(s * 0.12)
        canvas.lines([tuple(s * x for x in line) for line in lines])


class NumberedCanvas(Canvas):
    """A canvas that knows the number of pages when it writes ``n of m`` under each."""

    footer = ""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:
        """Keeps the page until their number is known."""
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        """Writes all pages with their footers."""
        for number, page in enumerate(self._pages, start=1):
            self.__dict__.update(page)
            self.setFont("Sans", 7.5)
            self.setFillColor(MUTED)
            self.drawString(MARGIN, 9 * mm, self.footer)
            self.drawRightString(PAGE_WIDTH - MARGIN, 9 * mm, f"{number} of {len(self._pages)}")
            super().showPage()
        super().save()
