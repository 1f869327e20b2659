"""PDF: what is drawn bit by bit is text as it is seen: words, cells, accents, indices; nothing that is not seen."""

from __future__ import annotations

from typing import Any

import pytest

from qa.documents.raised import raised, raised_before
from tests.documents.making import assert_sound, drawn, extract_of, marked

SAID = "The lock costs 25 euros a day."


def line(text: str, y: float = 600, x: float = 72, size: float = 10) -> str:
    return f"BT /F1 {size} Tf {x} {y} Td ({text}) Tj ET\n"


BODY = line(SAID, 700)


def text_of(content: str, **options: Any) -> str:
    found = extract_of(drawn(content, **options), ".pdf")
    assert_sound(found)
    return found.text


def named(**entries: Any) -> Any:
    from pypdf.generic import DictionaryObject, NameObject

    return DictionaryObject({NameObject(f"/{name}"): value for name, value in entries.items()})


def stream(data: bytes, **entries: Any) -> Any:
    from pypdf.generic import StreamObject

    made = StreamObject()
    made.set_data(data)
    made.update(named(**entries))
    return made


def picture() -> Any:
    from pypdf.generic import NameObject, NumberObject

    return stream(b"\0" * 10_000, Subtype=NameObject("/Image"), Width=NumberObject(100), Height=NumberObject(100),
                  BitsPerComponent=NumberObject(8), ColorSpace=NameObject("/DeviceGray"))  # fmt: skip


# ---- what nobody sees ----

OUTSIDE = "text outside the visible part of the page is left out ({} pieces)"
COVERED = "text under an area drawn over it is left out (1 pieces)"
PALE = "text that cannot be seen on its background is left out (1 pieces)"
UNSEEN = {
    "above the page": (line("Slug 17 April", 830) + line("Page 4", 20), (0, 50, 595, 800), OUTSIDE.format(2)),
    "beside it": (line("far to the right", x=700), (0, 0, 595, 842), OUTSIDE.format(1)),
    "clipped": ("q 100 100 50 50 re W n " + line("cut away") + "Q", (0, 0, 595, 842), OUTSIDE.format(1)),
    "clipped to nothing": ("q 72 590 50 50 re W n 300 300 9 9 re W n " + line("cut") + "Q", (0, 0, 595, 842),
                           OUTSIDE.format(1)),
    "a black box": (line("Jan Smit") + "0 g 70 596 60 14 re f", (0, 0, 595, 842), COVERED),
    "a path": (line("Jan Smit") + "0 g 70 596 m 130 596 l 130 610 l 70 610 l h f", (0, 0, 595, 842), COVERED),
    "a white box": (line("Jan Smit") + "1 g 70 596 60 14 re f", (0, 0, 595, 842), COVERED),
    "white on white": ("1 1 1 rg " + line("in white"), (0, 0, 595, 842), PALE),
    "white in print's colours": ("0 0 0 0 k " + line("in white"), (0, 0, 595, 842), PALE),
    "black on black": ("0 g 60 590 300 30 re f " + line("in black"), (0, 0, 595, 842), PALE),
    "invisible": ("3 Tr " + line("invisible"), (0, 0, 595, 842), PALE),
}  # fmt: skip


@pytest.mark.parametrize("case", UNSEEN)
def test_text_that_is_not_seen_is_left_out_and_counted(case: str) -> None:
    content, box, note = UNSEEN[case]
    found = extract_of(drawn(BODY + content, box=box), ".pdf")
    assert (found.text, found.notes) == (SAID, (note,))


def mixed() -> Any:
    from pypdf.generic import NameObject

    return {"G": named(BM=NameObject("/Multiply"))}


def pale() -> Any:
    from pypdf.generic import FloatObject

    return {"G": named(ca=FloatObject(0.4))}


SEEN: dict[str, tuple[str, dict[str, Any]]] = {
    "on a coloured area": ("0.9 g 60 690 300 20 re f 0 g " + BODY, {}),
    "beside an area": (BODY + "0 g 60 640 300 20 re f", {}),
    "in a frame": (BODY + "0 G 60 690 300 20 re S", {}),
    "under a marker that is mixed with it": (BODY + "/G gs 1 1 0 rg 60 690 300 20 re f", {"ExtGState": mixed()}),
    "under a marker that shines through": (BODY + "/G gs 1 1 0 rg 60 690 300 20 re f", {"ExtGState": pale()}),
    "under a layer": (BODY + "/OC /L BDC 60 690 300 20 re f EMC", {}),
    "white on a dark area": ("0 0 .4 rg 60 690 300 20 re f 1 g " + BODY, {}),
    "white on a picture": ("q 400 0 0 100 60 650 cm /I Do Q 1 g " + BODY, {"XObject": {"I": picture()}}),
    "read from a scan": ("3 Tr " + BODY + "q 500 0 0 800 0 0 cm /I Do Q", {"XObject": {"I": picture()}}),
    "drawn again over the area": (BODY + "1 g 60 690 300 20 re f 0 g " + BODY, {}),
}  # fmt: skip


@pytest.mark.parametrize("case", SEEN)
def test_text_that_is_seen_is_read(case: str) -> None:
    content, resources = SEEN[case]
    assert text_of(content, **resources) == SAID


def test_text_under_a_picture_is_read_and_that_is_said() -> None:
    content = BODY + "q 400 0 0 100 60 650 cm /I Do Q"
    found = extract_of(drawn(content, XObject={"I": picture()}), ".pdf")
    assert (found.text, found.notes) == (SAID, ("text under a picture is read as well (1 pieces)",))


@pytest.mark.parametrize(
    ("said", "covered", "left"),
    [
        ("The name is Jan Smit of Veerhaven", "127 597 42 12", "The name is of Veerhaven"),
        ("17 45 250", "85 597 11 12", "17; 250"),  # what stood between two figures makes no one of them
        ("It cost 1,204,000 euros", "130 597 15 12", "It cost euros"),  # no part of a figure is left
    ],
)
def test_what_is_left_of_a_line_under_a_box(said: str, covered: str, left: str) -> None:
    found = extract_of(drawn(BODY + line(said) + f"0 g {covered} re f"), ".pdf")
    assert found.text == f"{SAID}\n\n{left}"
    assert len(found.notes) == 1


def test_a_form_is_read_where_it_is_shown() -> None:
    from pypdf.generic import ArrayObject, FloatObject, NameObject

    box = ArrayObject([FloatObject(side) for side in (0, 0, 200, 100)])
    form = stream(line("in a form", 5, 5).encode(), Subtype=NameObject("/Form"), BBox=box)
    shown, off = (f"q 1 0 0 1 72 {y} cm /X Do Q" for y in (500, 900))
    assert text_of(BODY + shown, XObject={"X": form}) == f"{SAID}\n\nin a form"
    assert text_of(BODY + off, XObject={"X": form}) == SAID


# ---- words and cells ----

WORDS = [("The", "lock", "was", "closed"), ("on", "Monday", "since", "it"), ("would", "not", "move", "more")]
PROSE = "The lock was closed\non Monday since it\nwould not move more"


def by_words() -> str:
    lines = " T* ".join(" ".join(f"({word} ) Tj" for word in words) for words in WORDS)
    return f"BT /F1 10 Tf 12 TL 72 700 Td {lines} ET"


def by_moves() -> str:
    moved = ""
    for number, words in enumerate(WORDS):
        x = 72.0
        for word in words:
            moved += f"1 0 0 1 {x} {700 - 12 * number} Tm ({word}) Tj "
            x += 5 * len(word) + 8
    return f"BT /F3 8 Tf {moved}ET"


def spread() -> str:
    """Lines of two words each, stretched to the edges of a narrow column."""
    return "BT /F1 10 Tf 12 TL 72 700 Td 7 Tw (The lock was closed) Tj T* (on Monday since it) Tj T* "\
           "(would not move more) Tj ET"  # fmt: skip


@pytest.mark.parametrize("content", [by_words(), by_moves(), spread()], ids=["T*", "Tm", "Tw"])
def test_words_drawn_one_by_one_are_prose(content: str) -> None:
    found = extract_of(drawn(content), ".pdf")
    assert found.text == PROSE
    assert not marked(found, "row")


TABLES = {
    "distances in a text": "[(North)-3000(17)-1200(250)]TJ 0 -12 Td [(South)-2900(18)-1200(300)]TJ 0 -12 Td "
    "[(West)-3100(9)-1756(1)]TJ",
    "moves": "(North) Tj 56 0 Td (17) Tj 23 0 Td (250) Tj -79 -12 Td (South) Tj 56 0 Td (18) Tj 23 0 Td (300) Tj "
    "-79 -12 Td (West) Tj 56 0 Td (9) Tj 23 0 Td (1) Tj",
    "matrices": "".join(
        f"1 0 0 1 {x} {700 - 12 * row} Tm ({cell}) Tj "
        for row, cells in enumerate([("North", "17", "250"), ("South", "18", "300"), ("West", "9", "1")])
        for x, cell in zip((72, 120, 140), cells, strict=True)
    ),
    "close": "[(North)-1400(17)-600(250)]TJ 0 -12 Td [(South)-1300(18)-600(300)]TJ 0 -12 Td [(West)-1500(9)-1156(1)]TJ",
}


@pytest.mark.parametrize("way", TABLES)
def test_cells_that_are_moved_to_within_one_text_are_cells(way: str) -> None:
    found = extract_of(drawn(f"BT /F1 10 Tf 72 700 Td {TABLES[way]} ET"), ".pdf")
    assert found.text == "North | 17 | 250\nSouth | 18 | 300\nWest | 9 | 1"


def test_figures_far_apart_are_two_and_a_narrow_space_is_within_one() -> None:
    wide = "BT /F1 10 Tf 72 700 Td (In all) Tj 50 0 Td (17) Tj 18 0 Td (250) Tj ET"
    assert text_of(wide) == "In all 17; 250"
    assert text_of("BT /F1 10 Tf 72 700 Td [(In all 17)-250(250 and 3)-170(500)]TJ ET") == "In all 17 250 and 3 500"
    assert text_of("BT /F1 10 Tf 72 700 Td [(17)-900(250)]TJ 0 -12 Td [(18)-900(300)]TJ ET") == "17 | 250\n18 | 300"


# ---- labels of several rows ----

HEAD = "[(Port)-4000(Year)-2000(Ships)]TJ 0 -14 Td "
ROWS = "[(Veer)-3900(2021)-2000(1,204)]TJ 60 -14 Td [(2022)-2000(1,310)]TJ -60 -14 Td " \
       "[(West)-3900(2021)-2000(88)]TJ 60 -14 Td [(2022)-2000(90)]TJ"  # fmt: skip
MIDDLE = "0 -7 Td (Veer) Tj 60 7 Td [(2021)-2000(1,204)]TJ 0 -14 Td [(2022)-2000(1,310)]TJ -60 -21 Td (West) Tj " \
         "60 7 Td [(2021)-2000(88)]TJ 0 -14 Td [(2022)-2000(90)]TJ"  # fmt: skip
WHOLE, PART = "70 {0} m 260 {0} l S ", "120 {0} m 260 {0} l S "
LABELLED = "Port | Year | Ships\nVeer | 2021 | 1,204\nVeer | 2022 | 1,310\nWest | 2021 | 88\nWest | 2022 | 90"
RULED = {
    "parts of lines": (ROWS, [696, 668, 640], [682, 654], LABELLED),
    "lines between groups": (ROWS, [696, 668, 640], [], LABELLED),
    "in the middle": (MIDDLE, [696, 668, 640], [], LABELLED),
    "no lines": (ROWS, [696, 640], [], LABELLED.replace("Veer | 2022", "| 2022").replace("West | 2022", "| 2022")),
}


@pytest.mark.parametrize("case", RULED)
def test_a_label_stands_in_each_row_that_lines_give_it(case: str) -> None:
    rows, whole, parts, text = RULED[case]
    lines = "".join(WHOLE.format(y) for y in whole) + "".join(PART.format(y) for y in parts)
    assert text_of(f"BT /F1 10 Tf 72 700 Td {HEAD}{rows} ET 0 G {lines}") == text


# ---- accents, indices, raised things ----


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (r"[(Sch\250)333(on, caf\264)444(e)]TJ", "Sch\xf6n, caf\xe9"),  # the accent first
        (r"[(Scho)445(\250)-112(n)]TJ", "Sch\xf6n"),  # the letter first
        (r"(\250) Tj 0.2 -2 Td (Uber) Tj", "\xdcber"),  # higher, over a capital
        (r"[(gar\270)417(c)83(on)]TJ", "gar\xe7on"),  # below
        (r"(a wall of 5\264 and \264 e) Tj", "a wall of 5\xb4 and \xb4 e"),
        (r"[(x \264)-500(e)]TJ", "x \xb4 e"),
    ],
)
def test_an_accent_over_a_letter_is_part_of_it(content: str, text: str) -> None:
    assert text_of(f"BT /F1 10 Tf 72 700 Td {content} ET") == text


def high(before: str, mark: str, behind: str = "") -> str:
    return f"BT /F1 10 Tf 72 700 Td ({before}) Tj /F1 6 Tf 4 Ts ({mark}) Tj /F1 10 Tf 0 Ts ({behind}) Tj ET"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (high("It costs 2", "50", " euros"), "It costs 2\u2075\u2070 euros"),
        (high("It costs 12", "50", " euros"), "It costs 12\u2075\u2070 euros"),
        (high("open at 19", "30", " hours"), "open at 19\xb3\u2070 hours"),
        (high("in 1804", "12", " it"), "in 1804 it"),
        (high("had 5,300", "12", " men"), "had 5,300 men"),
        (high("the 5", "th", " of May"), "the 5th of May"),
        (high("class QSL", "p", " is"), "class QSL^p is"),
        (high("the GAO", "4", " said"), "the GAO said"),
        (high("the GAO", "a", " said"), "the GAO said"),
        (high("dated by ", "14", "C in 1990"), "dated by \xb9\u2074C in 1990"),
        (high("fuel of ", "235", "U and more"), "fuel of \xb2\xb3\u2075U and more"),
        (high("", "4", "GAO, the report"), "4 GAO, the report"),
        (high("", "7", "In the year 1990"), "7 In the year 1990"),
    ],
)
def test_what_is_written_high_falsifies_no_figure(content: str, text: str) -> None:
    assert text_of(content) == text


def test_indices_that_are_moved_to_are_low_or_high() -> None:
    moved = "(H) Tj /F1 7 Tf 7.2 -1.5 Td (2) Tj /F1 10 Tf 4 1.5 Td (O on 12 m) Tj /F1 7 Tf 44 3.6 Td (2) Tj " \
            "/F1 10 Tf 4 -3.6 Td ( for 5,300) Tj /F1 7 Tf 46 3.6 Td (4) Tj /F1 10 Tf 4 -3.6 Td ( men) Tj"  # fmt: skip
    assert text_of(f"BT /F1 10 Tf 72 700 Td {moved} ET") == "H\u2082O on 12 m\xb2 for 5,300 men"


def test_raised_before_and_behind() -> None:
    assert raised_before("14", "C and", False) == "\xb9\u2074"
    assert raised_before("14", "Counted", False) == "14 "
    assert raised_before("3", "In the", True) == "3 "
    assert raised("1.250", "50") == ""
    assert raised("\u20ac 1.250", "50") == ",50"


# ---- hyphens ----


def paragraph(*lines: str) -> str:
    return f"BT /F1 10 Tf 12 TL 72 700 Td {' T* '.join(f'({said}) Tj' for said in lines)} ET"


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (("They spoke of a re-", "election in May."), "They spoke of a re-election\nin May."),
        (("They would not co-", "operate at all."), "They would not cooperate\nat all."),
        (("The mainte-", "nance was late, said the", "maintenances board."), "The maintenance\nwas late"),
        (("A well-", "founded claim, since well-", "known facts and a well-fed man"), "A well-founded\nclaim"),
        (("Franco-", "German trade and COVID-", "19 too."), "Franco-German\ntrade and COVID-19\ntoo."),
        (("The rules are EU-", "wide ones."), "The rules are EU-wide\nones."),
        (("Both im-", "and export grew."), "Both im-\nand export grew."),
        (("It stood some-", "where, some said, where", "it was"), "It stood somewhere,\nsome said"),
        (("An up-", "to-date list."), "An up-to-date\nlist."),
        (("Send an e-", "mail to us."), "Send an e-mail\nto us."),
    ],
)
def test_a_hyphen_at_the_end_of_a_line(lines: tuple[str, ...], text: str) -> None:
    assert text_of(paragraph(*lines)).startswith(text)


def test_where_no_words_are_broken_a_hyphen_is_one() -> None:
    filler = [f"Line {number} of a text in which each line ends with a whole word." for number in range(110)]
    broken = ("They spoke of a semi-", "annual report on the trade.")
    said = text_of(paragraph(*filler[:55], *broken, *filler[55:]).replace("/F1 10 Tf 12 TL", "/F1 4 Tf 5 TL"))
    assert "semi-annual\nreport" in said


def test_a_hyphen_that_a_mark_calls_soft_is_none() -> None:
    marked_one = (
        "(The main) Tj /Span <</ActualText <FEFF00AD>>> BDC (-) Tj EMC T* (land lies there, on the main land.) Tj"
    )
    assert text_of(f"BT /F1 10 Tf 12 TL 72 700 Td {marked_one} ET").startswith("The mainland\nlies")


def test_letters_that_are_equally_wide_have_wide_spaces() -> None:
    said = "[(mode)-600(17)-600(250)-600(on)]TJ 0 -12 Td [(time)-600(18)-600(300)-600(at)]TJ 0 -12 Td [(a)-600(b)]TJ"
    assert text_of(f"BT /F3 10 Tf 72 700 Td {said} ET") == "mode 17 250 on\ntime 18 300 at\na b"
