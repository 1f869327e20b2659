"""PDF: what stands on several pages or in their margins, turned pages, figures that a font draws small, layers."""

from __future__ import annotations

import io
from typing import Any

import pytest

from tests.documents.formats.test_pdf_drawn import line, named, stream, text_of
from tests.documents.making import assert_sound, extract_of, pdf, put

SENTENCE = "The lock was closed for {} days while the gates were mended."


def pages(*drawn: str) -> bytes:
    """A PDF of pages with that content."""

    def draw(canvas: Any) -> None:
        for content in drawn:
            for y, (x, size, font, text) in entries(content):
                put(canvas, y, text, x=x, size=size, font=font)
            canvas.showPage()

    return pdf(draw)


def entries(content: str) -> list[tuple[float, tuple[float, float, str, str]]]:
    """Lines "y x size text"; an asterisk before the text makes it bold."""
    found = []
    for entry in content.strip().split("\n"):
        y, x, size, text = entry.split(" ", 3)
        font = "Helvetica-Bold" if text.startswith("*") else "Helvetica"
        found.append((float(y), (float(x), float(size), font, text.removeprefix("*"))))
    return found


def read(data: bytes) -> str:
    found = extract_of(data, ".pdf")
    assert_sound(found)
    return found.text


# ---- running heads ----


@pytest.mark.parametrize(
    "first",
    [
        "Clause {} of the bill says that the dike is raised",
        "Revenue rose to {}.4 million",
        "In {} years the harbour silted up",
        "{},000 ships lay in the harbour of Veer",
    ],
)
def test_a_line_that_differs_in_a_figure_is_no_running_head(first: str) -> None:
    body = "\n".join(f"{700 - 12 * i} 72 10 {SENTENCE.format(i)}" for i in range(5))
    text = read(pages(*(f"800 72 10 {first.format(12 + at)}\n{body}" for at in range(4))))
    assert all(first.format(12 + at) in text for at in range(4))


def test_the_titles_of_slides_stay() -> None:
    text = read(
        pages(*(f"800 72 30 Results of quarter {at}\n700 72 18 Ships: {at * 31}\n660 72 18 Crew" for at in range(1, 5)))
    )
    assert [text.count(f"Results of quarter {at}") for at in range(1, 5)] == [1, 1, 1, 1]


@pytest.mark.parametrize("head", ["Annual report {}", "{} Journal of Locks", "Report page {} of 40", "Bill - {} -"])
def test_a_head_with_the_number_of_its_page_stands_once(head: str) -> None:
    body = "\n".join(f"{700 - 12 * i} 72 10 {SENTENCE.format(i)}" for i in range(5))
    text = read(pages(*(f"800 72 8 {head.format(31 + at)}\n{body}" for at in range(4))))
    words = head.replace("{}", "").split()[0]
    assert text.count(words) == 1


# ---- in the margin ----


def numbered(step: int, right: bool = False, items: bool = False) -> bytes:
    """Twenty lines of prose, each of which, or each fifth, has its number beside it."""

    def draw(canvas: Any) -> None:
        for at in range(1, 21):
            said = (
                f"The keeper pays {at} euros a month." if items else "the sum of EUR 1" if at % 2 else "250 000 is paid"
            )
            if at % step == 0:
                put(canvas, 780 - 14 * at, str(at), x=500 if right else 50, size=7)
            put(canvas, 780 - 14 * at, said if items else f"{said} to those who live in the houses behind the dike and")

    return pdf(draw)


@pytest.mark.parametrize(("step", "right"), [(1, False), (5, False), (5, True), (2, False)])
def test_numbers_of_lines_are_left_out_and_said(step: int, right: bool) -> None:
    found = extract_of(numbered(step, right), ".pdf")
    assert found.text.count("250 000 is paid to those who live in the houses behind the dike and\n") == 9
    assert "numbers of lines in the margin are left out (page 1)" in found.notes


def test_numbers_of_items_and_rows_stay() -> None:
    def rows(canvas: Any) -> None:
        for at in range(1, 13):
            y = 780 - 14 * at
            put(canvas, y, str(5 * at), x=60)
            put(canvas, y, ["Veer", "Oosterdam", "West quay"][at % 3], x=100)
            put(canvas, y, f"{1200 + 37 * at:,}", x=300)

    assert "7 The keeper pays 7 euros" in read(numbered(1, items=True)).replace(" | ", " ")
    assert "35 | Oosterdam | 1,459" in read(pdf(rows))


def test_a_note_in_the_margin_does_not_cut_the_sentence_beside_it() -> None:
    text = read(
        pages("700 40 6 Costs\n700 90 10 The harbour pays a fine of EUR 1 250\n688 90 10 000 within thirty days.")
    )
    assert text == "Costs The harbour pays a fine of EUR 1 250\n000 within thirty days."


@pytest.mark.parametrize(
    ("initial", "rest", "shown"),
    [
        ("T", "he lock was", "The lock was"),
        ("I", "n May the lock was", "In May the lock was"),
        ("A", "lock was", "A lock was"),
        ("A", "fter May the lock was", "After May the lock was"),
    ],
)
def test_an_initial_of_several_lines_belongs_to_its_word(initial: str, rest: str, shown: str) -> None:
    from reportlab.pdfbase.pdfmetrics import stringWidth

    x = 75 + stringWidth(initial, "Helvetica", 38)
    content = line(initial, 676, size=38)  # drawn before all else, as browsers do
    content += line("Harbour news", 760, size=16)
    content += line(f"{rest} closed, as", 700, x=x) + line("the keeper said in May, and a", 688, x=x)
    content += line("lock is dear.", 676, x=x) + line("It opened again after a month.", 664)
    assert f"\n\n{shown} closed, as\nthe keeper" in text_of(content)


def test_a_large_letter_alone_is_no_initial() -> None:
    content = line("A", 700, size=38) + line("The lock is dear.", 640) + line("It opened again after a month.", 628)
    assert text_of(content).startswith("A\n\nThe lock is dear.")


def test_the_letter_of_a_firm_is_no_initial_of_its_name() -> None:
    content = line("H", 676, size=38) + line("Hofman and sons", 700, x=102) + line("Kade 14, Veer", 688, x=102)
    assert "HHofman" not in text_of(content + line("The lock is dear.", 640) + line("It opened again in May.", 628))


def test_a_watermark_stands_once_and_is_no_title() -> None:
    def draw(canvas: Any) -> None:
        for at in range(3):
            canvas.saveState()
            canvas.translate(300, 400)
            canvas.rotate(45)
            put(canvas, 0, "DRAFT", x=0, size=90)
            canvas.restoreState()
            put(canvas, 800, f"Chapter {'ABC'[at]}", size=18)
            put(canvas, 760, *(SENTENCE.format(n) for n in range(at, at + 9)))
            canvas.showPage()

    found = extract_of(pdf(draw), ".pdf")
    assert (found.text.count("DRAFT"), found.title) == (1, "Chapter A")


@pytest.mark.parametrize("angle", [90, 180, 270])
def test_a_turned_page_is_read_as_it_lies(angle: int) -> None:
    def draw(canvas: Any) -> None:
        put(canvas, 30, "Report of May")
        canvas.translate(300, 420)
        canvas.rotate(angle)
        for at, row in enumerate((("Port", "Ships", "Tonnes"), ("Veer", "1,204", "33.1"), ("West", "98", "2.4"))):
            for column, cell in enumerate(row):
                put(canvas, -14 * at, cell, x=-200 + 90 * column)

    assert "Port | Ships | Tonnes\nVeer | 1,204 | 33.1\nWest | 98 | 2.4" in read(pdf(draw))


# ---- broken words ----


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        (("The self-", "employed and the rest of them pay."), "The self-employed\nand the rest"),
        (("The short-", "age of sand and of the rest hurts."), "The shortage\nof sand"),
        (("A long-", "term loan of the lock and the dike."), "A long-term\nloan"),
        (("Het open-", "bare water is van het rijk."), "Het openbare\nwater"),
        (("The Noord-Hol-", "landse dike, and the rest of Noord-Hollandse land."), "The Noord-Hollandse\ndike"),
    ],
)
def test_a_hyphen_at_the_end_of_a_line(lines: tuple[str, ...], shown: str) -> None:
    assert shown in text_of("".join(line(words, 700 - 12 * at) for at, words in enumerate(lines)))


# ---- figures that are raised ----


def two_heights(content: str, widths: str = "1 [500 500 500 330 330 250 600]") -> str:
    """A text in a font that draws 1 and 2 by the codes 1 and 2, and smaller by 4 and 5. 3 is 4, 6 a space, 7 m."""
    from pypdf.generic import ArrayObject, NameObject, NumberObject

    meant = {1: "1", 2: "2", 3: "4", 4: "1", 5: "2", 6: " ", 7: "m", 8: "\U000e0035"}
    lines = "\n".join(f"<{code:04X}> <{text.encode('utf-16-be').hex()}>" for code, text in meant.items())
    cmap = (
        f"begincmap\n1 begincodespacerange <0000> <FFFF> endcodespacerange\n8 beginbfchar\n{lines}\nendbfchar\nendcmap"
    )
    first, others = widths.split(" ", 1)
    numbers = ArrayObject([NumberObject(int(width)) for width in others.strip("[]").split()])
    child = named(Type=NameObject("/Font"), Subtype=NameObject("/CIDFontType2"), BaseFont=NameObject("/Made"),
                  W=ArrayObject([NumberObject(int(first)), numbers]))  # fmt: skip
    font = named(Type=NameObject("/Font"), Subtype=NameObject("/Type0"), BaseFont=NameObject("/Made"),
                 Encoding=NameObject("/Identity-H"), DescendantFonts=ArrayObject([child]),
                 ToUnicode=stream(cmap.encode()))  # fmt: skip
    codes = "".join(f"{int(code):04X}" for code in content.split())
    form = stream(f"BT /F9 10 Tf 72 700 Td <{codes}> Tj ET".encode(), Subtype=NameObject("/Form"),
                  Resources=named(Font=named(F9=font)))  # fmt: skip
    return text_of("/X Do", XObject={"X": form})


@pytest.mark.parametrize(
    ("codes", "shown"),
    [
        ("1 2 5 6 7 5", "12\xb2 m\xb2"),
        ("7 6 1 3 3 7 5", "m 144m\xb2"),
        ("2 6 7 6 1 2 5", "2 m 12\xb2"),
        ("5 6 7", "2 m"),
    ],
)
def test_figures_that_a_font_draws_small_are_raised(codes: str, shown: str) -> None:
    assert two_heights(codes) == shown


def test_a_narrow_figure_one_alone_is_a_plain_one() -> None:
    assert two_heights("1 4 5 6 7", "1 [500 500 500 330 480 250 600]") == "112 m"


def test_figures_that_no_font_draws_are_not_read() -> None:
    assert two_heights("1 2 8 6 7") == "12 m"


@pytest.mark.parametrize(
    ("pieces", "shown"),
    [
        ((("om 19", 10, 0), ("30", 10, 4), (" uur", 10, 0)), "om 19:30 uur"),
        ((("The area is 12", 10, 0), ("2", 6, 4), (" = 144.", 10, 0)), "The area is 12\xb2 = 144."),
        ((("paid 5,300", 10, 0), ("2", 6, 4), (" euros", 10, 0)), "paid 5,300 euros"),
        ((("T", 10, 0), ("HE MINISTER O", 8, 0), ("F", 8, 0), (" B", 10, 0), ("REDA", 8, 0)), "THE MINISTER OF BREDA"),
        ((("O", 10, 0), ("F", 8, 0), (" B", 10, 0)), "OF B"),
    ],
)
def test_raised_is_what_stands_higher(pieces: tuple[tuple[str, float, float], ...], shown: str) -> None:
    from reportlab.pdfbase.pdfmetrics import stringWidth

    content, x = "", 72.0
    for text, size, up in pieces:
        content += f"BT /F1 {size} Tf {x} {700 + up} Td ({text}) Tj ET\n"
        x += stringWidth(text, "Helvetica", size)
    assert text_of(content) == shown


# ---- layers ----


def layered(content: str, **state: list[int]) -> Any:
    """A PDF with two layers, /A and /B. state: the numbers of those of a list in the document's usual state."""
    from pypdf import PdfReader, PdfWriter
    from pypdf.generic import ArrayObject, NameObject, TextStringObject

    from tests.documents.making import drawn

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(drawn(content))))
    layers = [
        writer._add_object(named(Type=NameObject("/OCG"), Name=TextStringObject(name))) for name in ("Dutch", "English")
    ]
    both = writer._add_object(named(Type=NameObject("/OCMD"), OCGs=ArrayObject(layers), P=NameObject("/AllOn")))
    resources = writer.pages[0]["/Resources"]
    resources[NameObject("/Properties")] = named(A=layers[0], B=layers[1], AB=both)  # type: ignore[index]
    usual = named(**{name: ArrayObject([layers[at] for at in own]) for name, own in state.items()})
    writer._root_object[NameObject("/OCProperties")] = named(OCGs=ArrayObject(layers), D=usual)
    out = io.BytesIO()
    writer.write(out)
    return extract_of(out.getvalue(), ".pdf")


def test_text_on_a_layer_that_is_switched_off_is_left_out_and_said() -> None:
    content = f"/OC /A BDC {line('De sluis kost 20 euro.', 700)} EMC /OC /B BDC {line('The lock costs 25.', 660)} EMC"
    off = layered(content, OFF=[0])
    assert (off.text, off.notes) == (
        "The lock costs 25.",
        ("text on layers that are switched off is left out (1 pieces)",),
    )
    assert "20 euro" in layered(content).text
    assert layered(content, OFF=[0, 1]).text == ""


def test_text_on_several_layers_is_shown_as_these_are() -> None:
    content = f"/OC /AB BDC {line('The lock costs 25.', 700)} EMC {line('It is dear.', 660)}"
    assert layered(content, OFF=[1]).text == "It is dear."
    assert layered(content).text == "The lock costs 25.\n\nIt is dear."


def test_letters_that_are_drawings_are_seen_in_any_mode() -> None:
    from pypdf.generic import ArrayObject, FloatObject, NameObject, NumberObject

    glyph = stream(b"500 0 0 0 400 700 d1 0 0 400 700 re f")
    numbers = {"FirstChar": 65, "LastChar": 66}
    font = named(Type=NameObject("/Font"), Subtype=NameObject("/Type3"), CharProcs=named(A=glyph, B=glyph),
                 FontMatrix=ArrayObject([FloatObject(n) for n in (0.001, 0, 0, 0.001, 0, 0)]),
                 FontBBox=ArrayObject([NumberObject(n) for n in (0, 0, 400, 700)]),
                 Encoding=named(Differences=ArrayObject([NumberObject(65), NameObject("/A"), NameObject("/B")])),
                 Widths=ArrayObject([NumberObject(500), NumberObject(500)]),
                 **{name: NumberObject(value) for name, value in numbers.items()})  # fmt: skip
    form = stream(b"BT 3 Tr /F9 10 Tf 72 700 Td (AB) Tj ET", Subtype=NameObject("/Form"),
                  Resources=named(Font=named(F9=font)))  # fmt: skip
    assert text_of("/X Do", XObject={"X": form}) == "AB"
