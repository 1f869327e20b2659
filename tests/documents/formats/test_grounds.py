"""Text of a web page in the colour of its ground, which nobody sees, and what only looks like it."""

from __future__ import annotations

import pytest

from tests.documents.making import extract_of


def read(css: str, body: str) -> tuple[str, tuple[str, ...]]:
    found = extract_of(f"<html><head><style>{css}</style></head><body>{body}</body></html>", ".html")
    return found.text, found.notes


@pytest.mark.parametrize(
    ("css", "body"),
    [
        (".x{color:#fff}", "<p>Rent 900 <span class=x>or 800</span></p>"),
        (".x{color:white;background:white}", "<p>Rent 900 <span class=x>or 800</span></p>"),
        (".x{color:#fdfdfd}", "<p>Rent 900 <b class=x>or 800</b></p>"),
        (".x{color:rgba(0,0,0,0)}", "<p>Rent 900 <b class=x>or 800</b></p>"),
        (".x{color:transparent}", "<p>Rent 900 <b class=x>or <i>800</i></b></p>"),
        (":root{--g:#eee} body{background:var(--g)} .x{color:var(--g)}", "<p>Rent 900 <b class=x>or 800</b></p>"),
        ("body{background:#123} p{color:#fff} .x{color:#112233}", "<p>Rent 900 <b class=x>or 800</b></p>"),
        ("p{background:rgb(0 0 0)} p{color:hsl(0 0% 100%)} b{color:black}", "<p>Rent 900 <b>or 800</b></p>"),
        ("", "<p>Rent 900 <font color=FFFFFF>or 800</font></p>"),
        ("", "<table bgcolor=#000080><tr><td><font color=white>Rent 900 <font color=navy>or 800</font></font></table>"),
        (".x{color:#fff} .x{background:#000} .x{background:none}", "<p>Rent 900 <b class=x>or 800</b></p>"),
        (
            ".x{color:#fff} .x::selection, .x:focus-visible, .x:hover {background:#000}",
            "<p>Rent 900 <b class=x>or 800</b></p>",
        ),
        (".x{color:#fff} .x b{color:#000}", "<p class=x>or 800 <b>Rent 900</b></p>"),
    ],
)
def test_letters_in_the_colour_of_their_ground_are_left_out_and_said(css: str, body: str) -> None:
    text, notes = read(css, body)
    assert text == "Rent 900"
    assert [note.partition(" (")[0] for note in notes] == ["hidden text is left out"]


@pytest.mark.parametrize(
    ("css", "body"),
    [
        (".x{color:#fff;background:#a00}", "<p class=x>Rent 900</p>"),
        (".x{color:#fff} section{background-color:#a00}", "<section><p class=x>Rent 900</p></section>"),
        (".x{color:#fff} section{background:url(a.jpg)}", "<section><p class=x>Rent 900</p></section>"),
        (".x{color:#fff} section{background:linear-gradient(red,blue)}", "<section><p class=x>Rent 900</p></section>"),
        (".x{color:#fff} section{background:var(--unknown)}", "<section><p class=x>Rent 900</p></section>"),
        (".x{color:var(--unknown,#fff);background:#000}", "<p class=x>Rent 900</p>"),
        (".x{color:#fff}", "<section data-bg='a.jpg'><p class=x>Rent 900</p></section>"),
        (".x{color:#fff}", "<table bgcolor=#1F497D><tr><td class=x>Rent 900</table>"),
        (".x{color:#fff}", "<table><tr bgcolor=1F497D><td class=x>Rent 900</table>"),
        (".x{color:#fff}", "<table background=a.gif><tr><td class=x>Rent 900</table>"),
        (".x{color:#fff;position:absolute}", "<div><img src=a.jpg><p class=x>Rent 900</p></div>"),
        (".x{color:#fff;margin-top:-80px}", "<div><img src=a.jpg><p class=x>Rent 900</p></div>"),
        (".x{color:#fff} img{position:absolute}", "<div><img src=a.jpg><p class=x>Rent 900</p></div>"),
        (".x{color:#fff} .g{position:absolute;background:#000}", "<div><i class=g></i><p class=x>Rent 900</p></div>"),
        (".x,img{grid-area:1/1} .x{color:#fff}", "<div><img src=a.jpg><p class=x>Rent 900</p></div>"),
        (".x{color:transparent;background:linear-gradient(red,blue);background-clip:text}", "<p class=x>Rent 900</p>"),
        (".x{color:transparent;-webkit-text-fill-color:#000}", "<p class=x>Rent 900</p>"),
        (".x{color:#fff;text-shadow:0 0 2px #000}", "<p class=x>Rent 900</p>"),
        (".x{color:#fff}", "<p class=x><a href=q>Rent 900</a></p>"),
        (".x{color:#fff}", "<p class=x><mark>Rent 900</mark></p>"),
        (".x{color:#fff} @media print{body{color:#fff}}", "<p>Rent 900</p>"),
        (":root{color-scheme:light dark} .x{color:#fff}", "<p class=x>Rent 900</p>"),
        (".x:hover{color:#fff}", "<p class=x>Rent 900</p>"),
        (".x{color:#eee}", "<p class=x>Rent 900</p>"),  # pale, yet to be seen
        ("body{background:black;color:white}", "<p>Rent 900</p>"),
        (".x{color:#fff;background:rgba(0,0,0,.6)}", "<p class=x>Rent 900</p>"),
        (".x{color:#fff;opacity:.9} body{background-image:image-set('a.png' 1x)}", "<p class=x>Rent 900</p>"),
        (
            ".x{color:#fff} .x:not(.y, .z){background:#000}",
            "<p class=x>Rent 900</p>",
        ),  # selectors that are not followed
        (".x{color:#fff} .x:dir(ltr){background:#000}", "<p class=x>Rent 900</p>"),
        (".x{color:#fff}", "<div class=x><svg><text>Rent 900</text></svg></div>"),
        ("@import 'there.css'; .x{color:#fff}", "<p class=x>Rent 900</p>"),  # what is behind may be stated there
    ],
)
def test_letters_that_may_be_seen_are_read(css: str, body: str) -> None:
    assert read(css, body)[0] == "Rent 900"


def test_words_do_not_meet_where_text_is_left_out() -> None:
    assert read("b{color:#fff}", "<p>Rent 9<b>,</b>00 euros<b> no</b>.</p>")[0] == "Rent 9 00 euros."


def test_a_letter_is_read_as_it_looks() -> None:
    head = "<tr bgcolor='#1F497D'><td><font color=white>Item</font></td><td><font color=white>Price</font></td></tr>"
    rows = "<tr><td>Tiles</td><td>12<font color=white>34</font></td></tr>"
    letter = f"From: a@b.example\nContent-Type: text/html\n\n<table>{head}{rows}</table>"
    assert extract_of(letter, ".eml").text.endswith("Item | Price\nTiles | 12")
