"""Of each format: every visible word comes back once and in order, no invisible one, and no two are joined."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from html import escape
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.documents.formats.test_office import word
from tests.documents.making import assert_sound, extract_of, zipped

# ---- documents by chance ----

SEEN, STRUCK, HIDDEN, NOTE = "seen", "struck", "hidden", "note"


@dataclass(frozen=True)
class Run:
    kind: str
    words: tuple[str, ...]

    @property
    def text(self) -> str:
        return " ".join(self.words)


Paragraph = tuple[Run, ...]


@dataclass(frozen=True)
class Block:
    """A paragraph, heading, list or table: of one row and one cell, of one column, or of several."""

    kind: str
    rows: tuple[tuple[Paragraph, ...], ...]


@dataclass
class Words:
    """Words and figures, no two of them equal, in the order in which they are taken."""

    taken: int = 0

    def some(self, count: int) -> tuple[str, ...]:
        found = []
        for _ in range(count):
            self.taken += 1
            letters = "".join("abcdefghij"[int(digit)] for digit in f"{self.taken:04}")
            found.append(f"{7000 + self.taken}" if self.taken % 3 == 0 else f"w{letters}")
        return tuple(found)


RUNS = st.lists(
    st.tuples(st.sampled_from([SEEN, SEEN, SEEN, STRUCK, HIDDEN, NOTE]), st.integers(1, 4)), min_size=1, max_size=4
)
BLOCKS = st.one_of(
    st.tuples(
        st.sampled_from(["paragraph", "paragraph", "heading"]), st.just(1), st.lists(RUNS, min_size=1, max_size=1)
    ),
    st.tuples(st.just("list"), st.just(1), st.lists(RUNS, min_size=1, max_size=4)),
    st.tuples(st.just("table"), st.integers(2, 3), st.lists(RUNS, min_size=6, max_size=9)),
)
DOCUMENTS = st.lists(BLOCKS, min_size=1, max_size=5)


def made(drawn: Any) -> list[Block]:
    """The blocks that were drawn, with words; each paragraph begins and ends with a visible word."""
    words = Words()

    def paragraph(runs: list[tuple[str, int]]) -> Paragraph:
        inner = [Run(kind, words.some(1 if kind == NOTE else count)) for kind, count in runs]
        return (Run(SEEN, words.some(1)), *inner, Run(SEEN, words.some(1)))

    blocks = []
    for kind, columns, paragraphs in drawn:
        whole = [paragraph(runs) for runs in paragraphs]
        rows = [tuple(whole[i : i + columns]) for i in range(0, len(whole) - columns + 1, columns)]
        blocks.append(Block(kind, tuple(rows)))
    return blocks


def expected(blocks: list[Block], notes: bool = True) -> list[str]:
    """The visible words in their order; the notes of a block below it."""
    found: list[str] = []
    for block in blocks:
        per_paragraph = block.kind != "table"
        hung: list[str] = []
        for row in block.rows:
            for paragraph in row:
                found += [w for run in paragraph if run.kind == SEEN for w in run.words]
                hung += [w for run in paragraph if run.kind == NOTE for w in run.words] if notes else []
            if per_paragraph:
                found += hung
                hung = []
        found += hung
    return found


def check(data: bytes | str, suffix: str, words: list[str]) -> None:
    found = extract_of(data, suffix)
    assert_sound(found)
    said = re.findall(r"\w+", found.text)
    assert [word for word in said if not re.fullmatch(r"\d{1,2}|Comment|by|at", word)] == words


SETTINGS = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


# ---- each format ----


def html_of(blocks: list[Block], marks: bool = True) -> str:
    notes: list[str] = []

    def inline(paragraph: Paragraph) -> str:
        said = []
        for run in paragraph:
            if run.kind == NOTE:
                notes.append(run.text)
                said[-1] += f"<sup><a href='#n{len(notes)}'>{len(notes)}</a></sup>"
            else:
                tag = {SEEN: "span", STRUCK: "del", HIDDEN: "span style='display: none'"}[run.kind]
                said.append(f"<{tag}>{escape(run.text)}</{tag.split()[0]}>")
        return " ".join(said)

    def block_of(block: Block) -> str:
        if block.kind == "table":
            rows = "".join("<tr>" + "".join(f"<td>{inline(c)}</td>" for c in row) + "</tr>" for row in block.rows)
            return f"<table>{rows}</table>"
        if block.kind == "list":
            return "<ul>" + "".join(f"<li>{inline(row[0])}</li>" for row in block.rows) + "</ul>"
        tag = "h2" if block.kind == "heading" else "p"
        return f"<{tag}>{inline(block.rows[0][0])}</{tag}>"

    body = "\n".join(map(block_of, blocks))
    below = "".join(f"<li id='n{n}'>{text}</li>" for n, text in enumerate(notes, 1))
    return f"<html><head><title>t</title></head><body>{body}{f'<ol>{below}</ol>' if notes else ''}</body></html>"


def notes_last(blocks: list[Block]) -> list[str]:
    notes = [
        w for block in blocks for row in block.rows for p in row for run in p if run.kind == NOTE for w in run.words
    ]
    return expected(blocks, notes=False) + notes


@given(DOCUMENTS)
@SETTINGS
def test_html(drawn: Any) -> None:
    blocks = made(drawn)
    check(html_of(blocks), ".html", notes_last(blocks))


@given(DOCUMENTS)
@SETTINGS
def test_epub(drawn: Any) -> None:
    blocks = made(drawn)
    package = """<package xmlns="http://www.idpf.org/2007/opf"><metadata/><manifest>
    <item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest>
    <spine><itemref idref="a"/></spine></package>"""
    container = '<container><rootfiles><rootfile full-path="p.opf"/></rootfiles></container>'
    data = zipped(**{"META-INF/container.xml": container, "p.opf": package, "a.xhtml": html_of(blocks)})
    check(data, ".epub", notes_last(blocks))


def docx_of(blocks: list[Block]) -> bytes:

    notes: list[str] = []
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'

    def paragraph(runs: Paragraph, style: str = "") -> str:
        said = ""
        for run in runs:
            if run.kind == NOTE:
                notes.append(run.text)
                reference = f'<w:footnoteReference w:id="{len(notes)}"/>'
                said += f'<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr>{reference}</w:r>'
                continue
            look = {STRUCK: "<w:strike/>", HIDDEN: "<w:vanish/>", SEEN: ""}[run.kind]
            said += f'<w:r><w:rPr>{look}</w:rPr><w:t xml:space="preserve"> {run.text} </w:t></w:r>'
        return f"<w:p><w:pPr>{style}</w:pPr>{said}</w:p>"

    made_blocks = []
    for block in blocks:
        if block.kind == "table":
            rows = "".join(
                "<w:tr>" + "".join(f"<w:tc>{paragraph(c)}</w:tc>" for c in row) + "</w:tr>" for row in block.rows
            )
            made_blocks.append(f"<w:tbl>{rows}</w:tbl>")
        else:
            numbered = '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>' if block.kind == "list" else ""
            made_blocks += [paragraph(row[0], numbered) for row in block.rows]
    each = "".join(
        f'<w:footnote w:id="{n}">{paragraph((Run(SEEN, (text,)),))}</w:footnote>' for n, text in enumerate(notes, 1)
    )
    return word("".join(made_blocks), footnotes=f"<w:footnotes {space}>{each}</w:footnotes>")


@given(DOCUMENTS)
@SETTINGS
def test_docx(drawn: Any) -> None:
    blocks = made(drawn)
    check(docx_of(blocks), ".docx", expected(blocks))


def odt_of(blocks: list[Block]) -> bytes:
    spaces = " ".join(
        f'xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in ("office", "text", "table", "style")
    )

    def paragraph(runs: Paragraph, tag: str = "text:p") -> str:
        said = ""
        for number, run in enumerate(runs):
            if run.kind == NOTE:
                said += (f"<text:note><text:note-citation>{number}</text:note-citation><text:note-body><text:p>"
                    f"{run.text}"
                         "</text:p></text:note-body></text:note>")  # fmt: skip
            else:
                said += f'<text:span text:style-name="{run.kind}"> {run.text}</text:span> '
        return f"<{tag}>{said}</{tag}>"

    def block_of(block: Block) -> str:
        if block.kind == "table":
            rows = "".join("<table:table-row>" + "".join(f"<table:table-cell>{paragraph(c)}</table:table-cell>"
                f"" for c in row)
                           + "</table:table-row>" for row in block.rows)  # fmt: skip
            return f"<table:table>{rows}</table:table>"
        if block.kind == "list":
            return (
                "<text:list>"
                + "".join(f"<text:list-item>{paragraph(r[0])}</text:list-item>" for r in block.rows)
                + "</text:list>"
            )
        return paragraph(block.rows[0][0], "text:h" if block.kind == "heading" else "text:p")

    looks = (
        '<style:style style:name="struck" style:family="text"><style:text-properties '
        'style:text-line-through-style="solid"/>'
        '</style:style><style:style style:name="hidden" style:family="text"><style:text-properties '
        'text:display="none"/></style:style>'
    )
    return zipped(**{"content.xml": f"<office:document-content {spaces}><office:automatic-styles>"
        f"{looks}</office:automatic-styles>"
                     f"<office:body><office:text>{''.join(map(block_of, blocks))}</office:text></office:body>"
                     "</office:document-content>"})  # fmt: skip


@given(DOCUMENTS)
@SETTINGS
def test_odt(drawn: Any) -> None:
    blocks = made(drawn)
    check(odt_of(blocks), ".odt", expected(blocks))


def rtf_of(blocks: list[Block]) -> str:
    def paragraph(runs: Paragraph) -> str:
        said = ""
        for run in runs:
            if run.kind == NOTE:
                said += rf"{{\super\chftn}}{{\footnote\pard\plain {{\super\chftn}} {run.text}\par}}"
            else:
                look = {STRUCK: r"\strike", HIDDEN: r"\v", SEEN: r"\b"}[run.kind]
                said += rf"{{{look}  {run.text} }}"
        return said

    body = ""
    for block in blocks:
        for row in block.rows:
            if block.kind == "table":
                ends = "".join(rf"\cellx{(i + 1) * 1000}" for i in range(len(row)))
                body += rf"\trowd{ends}" + "".join(rf"\pard\intbl {paragraph(c)}\cell" for c in row) + r"\row" + "\n"
            else:
                number = r"{\listtext\bullet\tab}" if block.kind == "list" else ""
                body += rf"\pard\plain {number}{paragraph(row[0])}\par" + "\n"
        body += r"\pard\plain\par"  # two tables without a paragraph between them are one
    return r"{\rtf1\ansi{\fonttbl{\f0 Arial;}}" + body + "}"


@given(DOCUMENTS)
@SETTINGS
def test_rtf(drawn: Any) -> None:
    blocks = made(drawn)
    check(rtf_of(blocks), ".rtf", expected(blocks))


def pptx_of(blocks: list[Block]) -> bytes:
    from pptx import Presentation
    from pptx.util import Inches

    deck = Presentation()

    def fill(frame: Any, paragraphs: list[Paragraph]) -> None:
        for number, runs in enumerate(paragraphs):
            paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
            for run in runs:
                if run.kind in (SEEN, STRUCK):
                    piece = paragraph.add_run()
                    piece.text = f" {run.text} "
                    if run.kind == STRUCK:
                        piece._r.get_or_add_rPr().set("strike", "sngStrike")

    for block in blocks:
        slide = deck.slides.add_slide(deck.slide_layouts[6])
        box = (Inches(1), Inches(1), Inches(6), Inches(1))
        if block.kind == "table":
            table = slide.shapes.add_table(len(block.rows), len(block.rows[0]), *box).table
            for row, cells in zip(table.rows, block.rows, strict=True):
                for cell, runs in zip(row.cells, cells, strict=True):
                    fill(cell.text_frame, [runs])
        else:
            fill(slide.shapes.add_textbox(*box).text_frame, [row[0] for row in block.rows])
        hidden = slide.shapes.add_textbox(*box)
        hidden.text_frame.text = "unseen"
        hidden._element.nvSpPr.cNvPr.set("hidden", "1")
    out = io.BytesIO()
    deck.save(out)
    return out.getvalue()


@given(DOCUMENTS)
@settings(SETTINGS, max_examples=25)
def test_pptx(drawn: Any) -> None:
    blocks = made(drawn)
    check(pptx_of(blocks), ".pptx", expected(blocks, notes=False))


def xlsx_of(blocks: list[Block]) -> tuple[bytes, list[str]]:
    """A workbook with a sheet for each block, and what it shows; comments follow their sheet."""
    from openpyxl import Workbook
    from openpyxl.cell.rich_text import CellRichText, TextBlock
    from openpyxl.cell.text import InlineFont
    from openpyxl.comments import Comment

    book = Workbook()
    words: list[str] = []
    for number, block in enumerate(blocks):
        sheet = book.active if number == 0 else book.create_sheet()
        sheet.title = f"S{number + 1}x"
        words.append(sheet.title)
        hung: list[str] = []
        for r, row in enumerate(block.rows, 1):
            for c, runs in enumerate(row, 1):
                cell = sheet.cell(r, c)
                pieces = [
                    TextBlock(InlineFont(strike=run.kind == STRUCK), f" {run.text} ")
                    for run in runs
                    if run.kind in (SEEN, STRUCK)
                ]
                cell.value = CellRichText(*pieces)
                words += [w for run in runs if run.kind == SEEN for w in run.words]
                notes = [w for run in runs if run.kind == NOTE for w in run.words]
                if notes:
                    cell.comment = Comment(" ".join(notes), "")
                    hung += [cell.coordinate, *notes]
        sheet.append(["unseen"])
        sheet.row_dimensions[len(block.rows) + 1].hidden = True
        sheet["F1"] = "unseen"
        sheet.column_dimensions["F"].hidden = True
        words += hung
    out = io.BytesIO()
    book.save(out)
    return out.getvalue(), words


@given(DOCUMENTS)
@settings(SETTINGS, max_examples=30)
def test_xlsx(drawn: Any) -> None:
    data, words = xlsx_of(made(drawn))
    check(data, ".xlsx", words)


@given(DOCUMENTS, st.sampled_from(",;\t|"))
@SETTINGS
def test_csv(drawn: Any, delimiter: str) -> None:
    blocks = made(drawn)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    for block in blocks:
        writer.writerows(
            [[" ".join(run.text for run in cell if run.kind == SEEN) for cell in row] for row in block.rows]
        )
    check(out.getvalue(), ".csv", expected(blocks, notes=False))


@given(DOCUMENTS)
@SETTINGS
def test_markdown(drawn: Any) -> None:
    blocks = made(drawn)
    lines = []
    for block in blocks:
        rows = [[" ".join(run.text for run in cell if run.kind == SEEN) for cell in row] for row in block.rows]
        if block.kind == "table":
            said = [f"| {' | '.join(row)} |" for row in rows]
            lines.append("\n".join([said[0], "|" + "---|" * len(rows[0]), *said[1:]]))
        else:
            mark = {"heading": "## ", "list": "- "}.get(block.kind, "")
            lines.append("\n".join(mark + row[0] for row in rows))
    check("\n\n".join(lines), ".md", expected(blocks, notes=False))


def pdf_of(blocks: list[Block]) -> bytes:
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Paragraph as Flow
    from reportlab.platypus import SimpleDocTemplate, Spacer, Table

    styles = getSampleStyleSheet()
    story: list[Any] = []

    def flow(runs: Paragraph, style: str = "Normal", bullet: str | None = None) -> Flow:
        return Flow(" ".join(run.text for run in runs if run.kind == SEEN), styles[style], bulletText=bullet)

    for block in blocks:
        if block.kind == "table":
            cells = [[" ".join(run.text for run in cell if run.kind == SEEN) for cell in row] for row in block.rows]
            story.append(Table(cells))
        else:
            style = "Heading2" if block.kind == "heading" else "Normal"
            story += [flow(row[0], style, "-" if block.kind == "list" else None) for row in block.rows]
        story.append(Spacer(1, 12))
    out = io.BytesIO()
    SimpleDocTemplate(out, pagesize=(1600, 842)).build(story)
    return out.getvalue()


def with_short_cells(blocks: list[Block]) -> list[Block]:
    """The blocks with two words in each cell: two columns of long cells are read as two columns of prose."""
    return [
        Block(block.kind, tuple(tuple((cell[0], cell[-1]) for cell in row) for row in block.rows))
        if block.kind == "table"
        else block
        for block in blocks
    ]


@given(DOCUMENTS)
@SETTINGS
def test_pdf(drawn: Any) -> None:
    blocks = with_short_cells(made(drawn))
    check(pdf_of(blocks), ".pdf", expected(blocks, notes=False))
