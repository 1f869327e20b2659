"""EPUB: chapters in reading order."""

from __future__ import annotations

import pytest

from tests.documents.making import OTHER, PROSE, assert_sound, epub, extract_of, marked

PACKAGE = """<package xmlns="http://www.idpf.org/2007/opf"><metadata/><manifest>
<item id="b" href="HREF" media-type="application/xhtml+xml"/></manifest><spine><itemref idref="b"/></spine></package>"""


def test_epub_chapters_are_in_reading_order() -> None:
    found = extract_of(epub(), ".epub")
    assert_sound(found)
    assert found.title == "The lock keeper"
    assert found.date == "1999-05-01"
    assert found.text == f"One\n\n{PROSE}\n\nTwo\n\n{OTHER}"
    assert marked(found, "heading") == ["One", "Two"]


@pytest.mark.parametrize(
    "href",
    [
        "text/two%20b.xhtml#start",
        "TEXT/Two%20B.xhtml",
        "/OPS/text/two b.xhtml",
        "text/two%20b.xhtml?from=list#start",
        "text\\two b.xhtml",
    ],
)
def test_a_chapter_is_found_however_it_is_named(href: str) -> None:
    package = PACKAGE.replace("HREF", href)
    found = extract_of(epub(**{"OPS/p.opf": package}), ".epub")
    assert found.text == f"Two\n\n{OTHER}"
    assert not any("not there" in note for note in found.notes)


def test_a_chapter_whose_accents_are_written_apart_is_found() -> None:
    package = PACKAGE.replace("HREF", "ku\u0308ste.xhtml")
    page = f"<html><body><p>{PROSE}</p></body></html>"
    assert extract_of(epub(**{"OPS/p.opf": package, "OPS/k\xfcste.xhtml": page}), ".epub").text == PROSE


def test_a_chapter_that_is_missing_or_no_page_is_named() -> None:
    package = PACKAGE.replace("HREF", "text/one.xhtml").replace(
        "</spine>", '<itemref idref="gone"/><itemref idref="picture"/><itemref idref="lost"/></spine>'
    ).replace("</manifest>", '<item id="picture" href="a.svg" media-type="image/svg+xml"/>'
              '<item id="lost" href="lost.xhtml" media-type="application/xhtml+xml"/></manifest>')  # fmt: skip
    assert extract_of(epub(**{"OPS/p.opf": package}), ".epub").notes[:3] == (
        "the chapter gone is no page of text",
        "the chapter picture is no page of text",
        "the chapter OPS/lost.xhtml is named, but not there",
    )


@pytest.mark.parametrize(
    ("sheet", "said"),
    [
        ("[epub|type~=x] { display: none }", "Kept"),
        ("span[epub|type='x'], i { text-decoration: line-through }", "Kept"),
        ("*|span { display: none }", "Kept"),
        ("html|span { visibility: hidden }", "Kept"),
        ("m|* { display: none }", "Kept gone"),  # of a namespace that the page does not have
        ("p:not(m|p) > span { display: none }", "Kept gone"),
        ("[*|type~=y] { display: none }", "Kept gone"),
    ],
)
def test_selectors_may_name_namespaces(sheet: str, said: str) -> None:
    page = f"<html><head><style>{sheet}</style></head><body><p>Kept <span epub:type='x'>gone</span></p></body></html>"
    package = PACKAGE.replace("HREF", "text/one.xhtml")
    assert extract_of(epub(**{"OPS/p.opf": package, "OPS/text/one.xhtml": page}), ".epub").text == said
