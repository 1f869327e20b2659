"""HTML: the main text, line breaks, encodings, title and date of a page."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from qa.documents.loaders import load
from qa.errors import UnreadableFile
from tests.documents.making import DUTCH, OTHER, PROSE, RUSSIAN, extract_of, marked
from tests.helpers import write

ARTICLE = f"<article><h1>Lock closed</h1><p>{PROSE}</p><h2>A new motor</h2><p>{OTHER}</p><p>{PROSE[::-1]}</p></article>"


def page(body: str, head: str = "") -> str:
    return f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>"


def test_html_main_text_without_menus_header_and_footer() -> None:
    around = (
        "<script>var hidden = 1;</script><style>p {}</style><nav><a href='/'>Front page</a> <a href='/x'>Fish</a></nav>"
        "<header><p>The Veerhaven Post</p></header><div class='cookie-banner'><p>We use cookies, you agree.</p></div>"
        "<div style='display: none'>Unseen words</div><p hidden>More unseen words</p><template>Mould</template>"
    )
    footer = "<!-- remark --><footer><p>Harbour street 1</p></footer><noscript>Switch scripts on</noscript>"
    found = extract_of(page(around + f"<main>{ARTICLE}</main>" + footer, "<title>Lock closed | Post</title>"), ".html")
    assert found.text == "\n\n".join(["Lock closed", PROSE, "A new motor", OTHER, PROSE[::-1]])
    assert marked(found, "heading") == ["Lock closed", "A new motor"]
    assert found.title == "Lock closed"


def test_html_without_article_keeps_the_page() -> None:
    found = extract_of(
        page("<nav>Menu</nav><div><span>Only</span> a <b>line</b></div><form>Find <input></form>"), ".html"
    )
    assert found.text == "Only a line"


def test_html_fragment_and_page_within_a_form() -> None:
    assert extract_of(b"just words", ".html").text == "just words"
    assert extract_of(page(f"<form><div>{PROSE * 4}</div></form>").encode(), ".html").text == PROSE * 4


def test_html_lists_tables_quotes_and_line_breaks() -> None:
    body = (
        f"<article><p>{PROSE}</p><p>One<br>two<br><br>three</p><ul><li>First <b>item</b></li><li>Second</li></ul>"
        "<table><tr><th>Ship</th><th>Tonnes</th></tr><tr><td>Anna</td><td>1&nbsp;200</td></tr></table>"
        f"<blockquote><p>Said so</p></blockquote><pre>a = 1\n  b = 2</pre><p>{OTHER}</p><p>so&shy;ft</p></article>"
    )
    expected = ["One\ntwo", "three", "First item", "Second", "Ship | Tonnes", "Anna | 1 200", "Said so", "a = 1\nb = 2"]
    assert extract_of(page(body), ".html").text.split("\n\n") == [PROSE, *expected, OTHER, "soft"]


@pytest.mark.parametrize("body", ["", "<p> </p>", "<!-- words -->", "<script>words</script>"])
def test_html_without_text_is_refused(tmp_path: Path, body: str) -> None:
    with pytest.raises(UnreadableFile, match="holds no text"):
        load(write(tmp_path, "x.html", f"<html><head><title>T</title></head><body>{body}</body></html>"), "x.html")


@pytest.mark.parametrize(
    ("declaration", "codec"),
    [
        ("<meta charset=windows-1252>", "cp1252"),
        ('<meta content="text/html;charset=iso-8859-1" http-equiv=content-type>', "cp1252"),
        ("<meta charset='utf-8'>", "cp1252"),  # a lie
        ("<meta charset='utf-16'>", "utf-8"),  # cannot be
        ("<meta charset='no-such-code'>", "utf-8"),
        ("<meta charset='utf-8'>", "utf-16"),
        ("", "cp1252"),
        ("", "utf-8-sig"),
    ],
)
def test_html_in_another_encoding_than_it_declares_is_decoded(declaration: str, codec: str) -> None:
    assert extract_of(page(f"<p>{DUTCH}</p>", declaration).encode(codec), ".html").text == DUTCH


def test_html_is_decoded_as_it_declares() -> None:
    assert extract_of(page(f"<p>{RUSSIAN}</p>", "<meta charset=koi8-r>").encode("koi8-r"), ".html").text == RUSSIAN
    assert "\u20ac 5" in extract_of(b"<?xml version='1.0' encoding='windows-1252'?><p>\x80 5</p>", ".html").text


def test_html_with_invalid_characters_and_attributes_is_read() -> None:
    body = f'<pre>a&#2;b\x0cc\n&#xD800;d</pre><i hidden>&#0;</i>it&#146;s &#x20ac;&#57344;<p 1=2 x:y "=>{PROSE}</p>'
    found = extract_of(page(body, '<meta name="date" content="2021-05-12" 1=2 x:y>'), ".html")
    assert found.text == f"a b c\nd\n\nit\u2019s \u20ac\ue000\n\n{PROSE}"
    assert found.date == "2021-05-12"


@pytest.mark.parametrize(
    ("head", "body", "title"),
    [
        ("<title>Lock closed | The Post</title>", "<h1>The Post</h1><h1>Lock closed</h1>", "Lock closed"),
        ("<title>The Post</title>", "<h1>Lock <br>closed</h1>", "Lock closed"),
        ("<meta property='og:title' content='Lock closed'><title>x</title>", "<h1>The Post</h1>", "Lock closed"),
        ("<meta property='og:title' content='P'><title>Lock closed | P</title>", "<h1>Lock closed</h1>", "Lock closed"),
        ("<title>Lock closed | The Post</title>", "", "Lock closed"),
        ("", "<p>Lock closed</p>", "Lock closed"),
        ("", "", None),
    ],
)
def test_title_of_a_page(head: str, body: str, title: str | None) -> None:
    assert extract_of(page(f"{body}<p>{PROSE}</p>", head), ".html").title == title


@pytest.mark.parametrize(
    ("head", "body", "day"),
    [
        ('<meta property="article:published_time" content="2021-05-12T19:19:00+02:00">', "", "2021-05-12"),
        (
            '<meta property="article:modified_time" content="2021-06-01">'
            '<meta property="article:published_time" content="2021-05-12">',
            "",
            "2021-05-12",
        ),
        ('<meta name="date" content="12 mei 2021">', "", "2021-05-12"),
        ('<script type="application/ld+json">{"datePublished": "2021-05-12T10:00"}</script>', "", "2021-05-12"),
        ("", "<article><time datetime='2021-05-12'>Wednesday</time></article>", "2021-05-12"),
        ("", "<time datetime='2021-05-12'>a</time><time datetime='2021-05-13'>b</time>", None),
        ("", "<p>Published: 12 May 2021</p>", "2021-05-12"),
        ("", "<p>On 12 May 2021 the lock was closed.</p>", None),
        ("<title>Report of 12 May 2021</title>", "", None),
        ('<meta name="date" content="2021">', "", None),
        ('<meta name="date" content="2021-05">', "", None),
        ('<meta name="date" content="5/6/2021">', "", None),
        ('<meta name="date" content="2999-01-01">', "", None),
        ('<meta itemprop="copyrightYear" content="2021">', "", None),
        ('<link rel="canonical" href="https://x.example/2021/05/12/lock">', "", None),
    ],
)
def test_date_of_a_page(head: str, body: str, day: str | None) -> None:
    assert extract_of(page(f"<h1>Lock closed</h1>{body}<p>{PROSE}</p>", head), ".html").date == day


def test_html_is_read_without_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("network")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    links = "<link rel=canonical href='https://x.example/'><img src='https://x.example/a.png'>https://x.example/b"
    assert PROSE in extract_of(page(f"<p>{PROSE}</p>{links}"), ".html").text
    assert extract_of(b"https://x.example/page", ".html").text == "https://x.example/page"


# ---- what a reader sees ----


def body_text(body: str) -> str:
    return extract_of(page(f"<article><p>{PROSE}</p>{body}<p>{OTHER}</p></article>"), ".html").text.split("\n\n")[1]


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("Some 5,300<sup>2</sup> people.", "Some 5,300 people."),
        ("The 14<sup><a href='#n3'>3</a></sup> pubs.", "The 14 pubs."),
        ("It is 41<a href='#c4'><sup>[4]</sup></a> high.", "It is 41 high."),
        ("It is 120 m<sup class='reference'><a href='x.html#r'>7</a></sup> high.", "It is 120 m high."),
        ("It covers 120 m<sup>2</sup> and 3 x 10<sup>5</sup> l.", "It covers 120 m\u00b2 and 3 x 10\u2075 l."),
        ("An <a href='#s'>area of 120 m<sup>2</sup></a> is it.", "An area of 120 m\u00b2 is it."),
        ("It is <span class='preferred'>6 km<sup class='preferred'>2</sup></span>.", "It is 6 km\u00b2."),
        ("On the 19<sup>th</sup> day, <b>1804</b><sup>6</sup> too.", "On the 19th day, 1804 too."),
        ("Water is H<sub>2</sub>O.", "Water is H\u2082O."),
        ("It costs <del>99</del> <ins>79</ins> euros.", "It costs 79 euros."),
        ("It costs <s>99</s> <span style='text-decoration: line-through'>89</span> 79 euros.", "It costs 79 euros."),
        ("Then <math><msup><mi>x</mi><mn>2</mn></msup></math> is 4.", "Then x^2 is 4."),
    ],
)
def test_html_says_what_a_reader_sees(body: str, shown: str) -> None:
    assert body_text(f"<p>{body}</p>") == shown


def test_struck_out_text_is_noted() -> None:
    found = extract_of(page(f"<p>{PROSE}</p><p>It is <del>1</del> <s>2</s> 3.</p>"), ".html")
    assert found.notes == ("struck-out text is left out (2 places)",)


def test_a_cell_over_several_rows_or_columns_stands_in_each() -> None:
    table = (
        "<table><tr><th>Line</th><th colspan='2'>Fare</th></tr>"
        "<tr><td rowspan='2'>North</td><td>Single</td><td>12.50</td></tr><tr><td>Return</td><td>21.00</td></tr>"
        "<tr><td colspan='2'>Bicycle</td><td>5.00</td></tr></table>"
    )
    found = extract_of(page(f"<article><p>{PROSE}</p>{table}<p>{OTHER}</p></article>"), ".html")
    assert marked(found, "columns") == ["Line | Fare | Fare"]
    assert marked(found, "row") == ["North | Single | 12.50", "North | Return | 21.00", "Bicycle | | 5.00"]


def test_a_cell_that_claims_a_million_rows_does_no_harm() -> None:
    table = "<table><tr><td rowspan='999999999' colspan='2'>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>"
    assert "c | d" in extract_of(page(f"<p>{PROSE}</p>{table}"), ".html").text


@pytest.mark.parametrize(
    ("row", "line"),
    [
        ("<td>Dog</td><td colspan=2>3.00</td>", "Dog | 3.00 | 3.00"),
        ("<td>Tandem</td><td colspan=2>6.50 euros</td>", "Tandem | 6.50 euros | 6.50 euros"),
        ("<td colspan=2>Bicycle</td><td>2.50</td>", "Bicycle | | 2.50"),  # what the row is called by
        ("<td>Total</td><td colspan=2>9.50</td>", "Total | 9.50"),  # the sum of the columns, of none of them
        ("<td>Horse</td><td colspan=2>on request</td>", "Horse | on request"),
    ],
)
def test_a_figure_over_two_columns_is_the_value_of_each(row: str, line: str) -> None:
    head = "<tr><th>What</th><th>Adult</th><th>Child</th></tr><tr><td>Single</td><td>12.50</td><td>6.25</td></tr>"
    found = extract_of(
        page(f"<article><p>{PROSE}</p><table>{head}<tr>{row}</tr></table><p>{OTHER}</p></article>"), ".html"
    )
    assert marked(found, "row")[1:] == [line]
