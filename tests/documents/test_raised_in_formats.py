"""Raised and lowered runs in each format: no figure gets another one's digits, and what is seen is kept."""

from __future__ import annotations

import io
from collections.abc import Callable
from html import escape
from typing import Any

import pytest

from tests.documents.making import extract_of, zipped

Runs = list[tuple[str, str]]  # (text, "sup", "sub" or "")
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def html_of(runs: Runs) -> bytes:
    said = "".join(f"<{tag}>{escape(text)}</{tag}>" if tag else escape(text) for text, tag in runs)
    return f"<html><body><p>{said}</p></body></html>".encode()


def epub_of(runs: Runs) -> bytes:
    package = """<package xmlns="http://www.idpf.org/2007/opf"><metadata/><manifest>
    <item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest>
    <spine><itemref idref="a"/></spine></package>"""
    container = '<container><rootfiles><rootfile full-path="p.opf"/></rootfiles></container>'
    return zipped(**{"META-INF/container.xml": container, "p.opf": package, "a.xhtml": html_of(runs)})


def docx_of(runs: Runs) -> bytes:
    import docx

    document = docx.Document()
    paragraph = document.add_paragraph()
    for text, tag in runs:
        run = paragraph.add_run(text)
        run.font.superscript, run.font.subscript = tag == "sup", tag == "sub"
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def odt_of(runs: Runs) -> bytes:
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "text", "style")
    )
    styles = "".join(
        f'<style:style style:name="{tag}"><style:text-properties style:text-position="{place} 58%"/></style:style>'
        for tag, place in (("sup", "super"), ("sub", "sub"))
    )
    said = "".join(
        f'<text:span text:style-name="{tag}">{escape(text)}</text:span>' if tag else escape(text) for text, tag in runs
    )
    body = f"<office:body><office:text><text:p>{said}</text:p></office:text></office:body>"
    content = f"""<office:document-content {spaces}><office:automatic-styles>{styles}</office:automatic-styles>
    {body}</office:document-content>"""
    return zipped(**{"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content})


def rtf_of(runs: Runs) -> bytes:
    word = {"sup": "\\super ", "sub": "\\sub ", "": ""}

    def coded(text: str) -> str:
        return "".join(sign if sign.isascii() else f"\\u{ord(sign)}?" for sign in text)

    return ("{\\rtf1\\ansi " + "".join(f"{{{word[tag]}{coded(text)}}}" for text, tag in runs) + "\\par}").encode()


def pptx_of(runs: Runs) -> bytes:
    import pptx

    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    paragraph = slide.shapes.add_textbox(0, 0, 100, 100).text_frame.paragraphs[0]
    for text, tag in runs:
        run = paragraph.add_run()
        run.text = text
        if tag:
            run._r.get_or_add_rPr().set("baseline", "30000" if tag == "sup" else "-25000")
    out = io.BytesIO()
    deck.save(out)
    return out.getvalue()


FORMATS: dict[str, Callable[[Runs], bytes]] = {
    ".html": html_of, ".epub": epub_of, ".docx": docx_of, ".odt": odt_of, ".rtf": rtf_of, ".pptx": pptx_of,
}  # fmt: skip
CASES: list[tuple[Any, str]] = [
    (["A ticket costs EUR 2", "^50", " a head."], "A ticket costs EUR 2,50 a head."),
    (["It was $19", "^99", " in May."], "It was $19.99 in May."),
    (["It was $19", "^12", " in May."], "It was $19 in May."),  # the mark of a note
    (["Open van 9", "^30", "-17", "^00", " uur."], "Open van 9:30-17:00 uur."),
    (["Traces of ", "^14", "C were found."], "Traces of \xb9\u2074C were found."),
    (["Both ", "^235", "U and ", "^99m", "Tc decay."], "Both \xb2\xb3\u2075U and \u2079\u2079\u1d50Tc decay."),
    (["In water (H", "_2", "O) Ca", "^2+", " dissolves."], "In water (H\u2082O) Ca\xb2\u207a dissolves."),
    (["Sent QSL", "^p", " twice."], "Sent QSL^p twice."),
    (["About 2", "^n+1", " ways."], "About 2^(n+1) ways."),
    (["A rod of 2", "^1/2", " inch."], "A rod of 2\xb9/\xb2 inch."),
    (["In all 300", "^1a", " ships, 40", "^1 2", " boats."], "In all 300 ships, 40 boats."),
    (["In all 300", "^1.2", " ships."], "In all 300\xb9.\xb2 ships."),
    (["Near 10", "^1", "^2", " cells."], "Near 10\xb9\xb2 cells."),
    (["Heated to 20", "^o", "C and 35", "^0", "C."], "Heated to 20\xb0C and 35\xb0C."),
    (["The AI", "^[1] ", "University of 300", "^2", "ships."], "The AI University of 300 ships."),
    (["The 5", "^th", " of n", "^o", " 7 by Mr", "^.", " M", "^c", "Kay."], "The 5th of no 7 by Mr. McKay."),
    (["In 300", "^1", " 400 ships lay."], "In 300; 400 ships lay."),
    (["It took 5", "^1", "/", "_2", " hours."], "It took 5\xb9/\u2082 hours."),
]


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize(("pieces", "shown"), CASES)
def test_what_is_raised_falsifies_no_figure(suffix: str, pieces: list[str], shown: str) -> None:
    runs = [(p[1:], "sup" if p[0] == "^" else "sub") if p[0] in "^_" else (p, "") for p in pieces]
    assert extract_of(FORMATS[suffix](runs), suffix).text == shown


@pytest.mark.parametrize("suffix", sorted(set(FORMATS) - {".pptx"}))
@pytest.mark.parametrize(
    ("mark", "text", "shown"),
    [
        ("4", "GAO, report of 2001.", "4 GAO, report of 2001."),
        ("4", " GAO, report of 2001.", "4 GAO, report of 2001."),
        ("1", "300 ships were counted twice.", "1; 300 ships were counted twice."),
        ("*", "Without tax.", "* Without tax."),
        ("14", "C was measured.", "\xb9\u2074C was measured."),
    ],
)
def test_a_note_and_the_mark_before_it_stand_apart(suffix: str, mark: str, text: str, shown: str) -> None:
    assert extract_of(FORMATS[suffix]([(mark, "sup"), (text, "")]), suffix).text == shown


def page(body: str) -> str:
    return extract_of(f"<html><body>{body}</body></html>", ".html").text


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("<p><a href='#r4'>4</a>GAO, report.</p>", "4 GAO, report."),
        ("<p><span class='footnote-number'>4</span>GAO, report.</p>", "4 GAO, report."),
        ("<p><label>4</label>GAO, report.</p>", "4 GAO, report."),
        ("<p><span style='float: left; width: 2em'>4</span>GAO, report.</p>", "4 GAO, report."),
        ("<p><span style='float: left; font-size: 3em'>T</span>he lock.</p>", "The lock."),
        ("<p>In all 300<a href='#fn1'>1</a> ships.</p>", "In all 300 ships."),
        ("<p>In all 300<a role='doc-noteref' href='#x'>1</a> ships.</p>", "In all 300 ships."),
        ("<p>See chapter <a href='#fn1'>1</a>.</p>", "See chapter 1."),
        ("<p>See<a href='#part'>2</a></p>", "See2"),  # no link to a note
        ("<aside role='doc-footnote'><p>4 GAO, report.</p></aside>", "4 GAO, report."),
        ("<p>One<br><sup>2</sup>GAO, report.</p>", "One\n2 GAO, report."),
        ("<ol><li><sup>1</sup>GAO, report.</li></ol>", "1. GAO, report."),
        ("<table><tr><td><sup>a</sup>Norway</td><td><sup>2</sup>530</td></tr></table>", "Norway | 530"),
    ],
)
def test_marks_of_notes_on_a_page(body: str, shown: str) -> None:
    assert page(body) == shown


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("<p>$19<span style='vertical-align: top; font-size: 60%'>99</span></p>", "$19.99"),
        ("<p>\u20ac 19<small style='vertical-align: text-top'>99</small></p>", "\u20ac 19,99"),
        ("<p>300<small style='vertical-align: top'>2</small> ships</p>", "300 ships"),
        ("<p>300<span style='vertical-align: top'>2</span> ships</p>", "3002 ships"),  # it is not seen to be higher
        ("<p>$19<span class='cents'>12</span> each</p>", "$19.12 each"),
        ("<p>\u20ac 19<sup class='price__decimals'>12</sup></p>", "\u20ac 19,12"),
        ("<p>$19.<span class='price-cents'>12</span></p>", "$19.12"),
        ("<p>4<sup>\xba</sup></p>", "4\xba"),
    ],
)
def test_prices_and_marks_that_only_a_style_raises(body: str, shown: str) -> None:
    assert page(body) == shown


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("<p>12<img src='a.png'>300</p>", "12 300"),
        ("<p>12<input type='text'>300</p>", "12 300"),
        ("<p>12<button>more</button>300</p>", "12 more 300"),
        ("<p>12<input type='hidden'>300</p>", "12300"),
        ("<p>12<img src='a.png' style='display: none'>300</p>", "12300"),
        ("<p>12<wbr>300</p>", "12300"),
        ("<p>Ships<img src='a.png'>, boats</p>", "Ships, boats"),
    ],
)
def test_a_picture_between_two_figures_parts_them(body: str, shown: str) -> None:
    assert page(body) == shown
