"""What style sheets add to a page, and trees that it states for its elements: read as a browser shows them."""

from __future__ import annotations

import pytest

from tests.documents.making import PROSE, epub, extract_of


def page(body: str, style: str = "", head: str = "") -> tuple[str, tuple[str, ...]]:
    html = f"<html><head><title>t</title>{head}<style>{style}</style></head><body>{body}</body></html>"
    found = extract_of(html, ".html")
    return found.text, found.notes


@pytest.mark.parametrize(
    ("body", "style", "shown"),
    [
        ("<p>It is <b class='n'>12.4</b> now.</p>", ".n::before { content: '-' }", "It is -12.4 now."),
        ("<p>It is <b class='n'>12.4</b> now.</p>", ".n:before { content: '(' } .n:after { content: ')' }",
         "It is (12.4) now."),
        ("<p>It is <b class='n'>safe</b>.</p>", ".n::before { content: 'not' }", "It is not safe."),
        ("<p>It weighs <b class='n'>12</b>.</p>", ".n::after { content: ' kg' }", "It weighs 12 kg."),
        ("<p>It weighs <b class='n'>12</b>.</p>", ".n::after { content: '000' }", "It weighs 12000."),
        ("<p data-of='Total'>12</p>", "p::before { content: attr(data-of) ':' }", "Total: 12"),
        ("<table><tr><td>May</td><td class='n'>5</td></tr><tr><td>June</td><td>6</td></tr></table>",
         ".n::before { content: '-' }", "May | -5\n\nJune | 6"),
        ("<h2>Rent</h2><h2>Term</h2>",
         "h2 { counter-increment: s } h2::before { content: 'Article ' counter(s, upper-roman) '. ' }",
         "Article I. Rent\n\nArticle II. Term"),
        ("<ol><li>a<ol><li>b</li><li>c</li></ol></li><li>d</li></ol>",
         "ol { counter-reset: i; list-style: none } li { counter-increment: i }"
         "li::before { content: counters(i, '.') ' ' }", "1 a\n\n1.1 b\n\n1.2 c\n\n2 d"),
        ("<ol start='4'><li>a</li><li value='9'>b</li><li>c</li></ol>",
         "li::marker { content: 'Art. ' counter(list-item) ' ' }", "Art. 4 a\n\nArt. 9 b\n\nArt. 10 c"),
        ("<h2>5 ships</h2>", "h2 { counter-increment: s } h2::before { content: counter(s) '.' }", "1. 5 ships"),
        ("<h2>5 ships</h2>", "h2 { counter-increment: s } h2::before { content: counter(s) }", "1; 5 ships"),
        ("<h2>Ships</h2>", "h2 { counter-increment: s } h2::before { content: counter(s) }", "1 Ships"),
        ("<ul><li>12 ships</li></ul>", "li::before { content: '-' }", "- 12 ships"),
        ("<p><sup class='n'>2</sup> In all 300<sup class='n'>1</sup> ships.</p>",
         ".n::before { content: '[' } .n::after { content: ']' }", "[2] In all 300 ships."),
        ("<p class='n'>12</p>", ".n::before { content: 'Old'; display: none }", "12"),
        ("<p class='n'>12</p>", ".n::before { content: '\\f101' }", "12"),
        ("<p class='n'>12</p>", ".n::before { content: 'e'; font-family: myicons }", "12"),
        ("<p class='n'>12</p>", ".n::before { content: url(a.png) } .n::after { content: none }", "12"),
        ("<p class='n'>12</p>", "@media print { .n::before { content: 'Old ' } }", "12"),
        ("<p class='n'>12</p>", ".n::before { content: 'Old ' / 'spoken' }", "Old 12"),
        ("<p class='n'>12</p>", ".n::before { content: 'Was'; display: block }", "Was\n12"),
        ("<p class='n'>x.</p>", ".n::after { content: '.'; visibility: hidden; clear: both }", "x."),
        ("<p class='n'>12</p>", ".n::before { content: '-' } p.n::before { content: '+' }", "+12"),
    ],
)  # fmt: skip
def test_what_style_sheets_add_is_read(body: str, style: str, shown: str) -> None:
    assert page(body, style) == (shown, ())


def test_what_they_add_is_noted_where_it_cannot_be_told() -> None:
    text, notes = page("<p class='n'>12</p>", ".n::before { content: var(--sign) }")
    assert text == "12"
    assert notes == ("text that its style sheets add cannot be told (1 place)",)


def test_style_sheets_that_are_elsewhere_are_noted() -> None:
    links = "<link rel='stylesheet' href='a.css'><link rel='stylesheet' media='print' href='b.css'>"
    _, notes = page(f"<p>{PROSE}</p>", "@import 'c.css';", links)
    assert [note[-10:] for note in notes] == ["(2 sheets)"]
    assert page(f"<p>{PROSE}</p>", "", "<link rel='icon' href='a.png'>") == (PROSE, ())


def test_a_book_holds_its_style_sheets() -> None:
    body = "<html><head><link rel='stylesheet' href='../s.css'/></head><body><p class='n'>12</p></body></html>"
    found = extract_of(epub(**{"OPS/text/one.xhtml": body, "OPS/s.css": ".n::before { content: '-' }"}), ".epub")
    assert found.text.startswith("-12\n")
    assert not [note for note in found.notes if "style" in note]


# ---- declarative shadow DOM ----

INNER = "<template shadowrootmode='open'>{}</template>"


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (f"<my-card>{INNER.format('<p>Rent: <slot></slot> euros</p>')}1,200</my-card>", "Rent: 1,200 euros"),
        (f"<my-card>{INNER.format('<p><slot name=b></slot>, <slot name=a></slot></p>')}"
         "<b slot='a'>first</b><b slot='b'>second</b></my-card>", "second, first"),
        (f"<my-card>{INNER.format('<p>Rent: <slot>unknown</slot></p>')}</my-card>", "Rent: unknown"),
        (f"<my-card>{INNER.format('<style>.n::before { content: &quot;-&quot; }</style>').replace('&quot;', chr(34))}"
         "</my-card><p class='n'>12</p>", "12"),
        (f"<my-card>{INNER.format('<style>b { display: none }</style><p>a <b>c</b> <slot></slot></p>')}d</my-card>"
         "<p><b>e</b></p>", "a d\n\ne"),
        (f"<my-a>{INNER.format('<my-b>' + INNER.format('<p>in <slot></slot></p>') + '<slot></slot></my-b>')}x</my-a>",
         "in x"),
        ("<template><p>never shown</p></template><p>shown</p>", "shown"),
        (f"<template><my-card>{INNER.format('<p>never shown</p>')}</my-card></template><p>shown</p>", "shown"),
    ],
)  # fmt: skip
def test_a_stated_tree_is_shown_in_place_of_the_element(body: str, shown: str) -> None:
    assert page(body)[0] == shown


def test_what_has_no_slot_is_not_seen_and_noted() -> None:
    text, notes = page(f"<my-card>{INNER.format('<p>Rent: 1,200</p>')}Rent: 900</my-card>")
    assert text == "Rent: 1,200"
    assert notes == ("hidden text is left out (1 place)",)


def test_the_style_sheets_of_the_page_do_not_reach_into_it() -> None:
    text, _ = page(f"<my-card>{INNER.format('<p>Rent: 1,200</p>')}</my-card><p>other</p>", "p { display: none }")
    assert text == "Rent: 1,200"
