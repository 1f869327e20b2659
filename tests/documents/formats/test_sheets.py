"""Workbooks: numbers as the sheet shows them, merged cells in each row, hidden sheets and missing values named."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

import pytest

from qa.documents.number_formats import clock_text, duration_text, formatted, moment_text, texted
from tests.documents.making import assert_sound, extract_of, marked, workbook


@pytest.mark.parametrize(
    ("value", "form", "shown"),
    [
        (2134, "00000", "02134"),
        (1234.5, "#,##0.00", "1,234.50"),
        (0.075, "0.0%", "7.5%"),
        (0.25, "0%", "25%"),
        (-3.2, "0.00;(0.00)", "(3.20)"),
        (-3.2, "0.00", "-3.20"),
        (12, '"EUR" 0', "EUR 12"),
        (1500, "#,##0 [$\u20ac-413]", "1,500 \u20ac"),
        (31205551234, r"\+00 00 0000000", "+31 20 5551234"),
        (5551234, "000-0000", "555-1234"),
        (3.14159, "0.##", "3.14"),
        (2, "0.##", "2"),
        (1.5, "General", "1.5"),
        (1e6, "@", "1000000"),
        (1234567.0, "0.00E+00", "1.23E+06"),
        (0.5, "# ?/?", "1/2"),
        (-1.5, "# ?/?", "-1 1/2"),
        (-1.5, "# ?/?;(# ?/?)", "(1 1/2)"),
        (2.999, "# ?/?", "3"),
        (0.02, "# ?/?", "0"),
        (0.02, "?/?", "0/1"),
        (3.14159, "# ???/???", "3 16/113"),
        (2.75, "# ?/4", "2 3/4"),
        (2.96, "# ?/16", "2 15/16"),
        (12052025, "00/00/0000", "12052025"),
        (0.000123, "0.00E+00", "1.23E-04"),
        (-12345, "##0.0E+0", "-12.3E+3"),
        (999950, "0.0E+00", "1.0E+06"),
        (9.5e9, '0.0E-0" W"', "9.5E9 W"),
        (0, "0.00E+00", "0.00E+00"),
        (-1234.5, "#,##0.00;[Red]#,##0.00", "-1,234.50"),
        (-0.05, "0%;[Red]0%", "-5%"),
        (-5, '[Blue]0 "kg";[Red]0 "kg"', "-5 kg"),
        (-5, "0;[Red](0)", "(5)"),
        (-0.02, "+0%;[Red]0%", "-2%"),
        (-5, '0 "up";[Red]0', "-5"),
        (-5, "0;[Red]\u25bc0", "\u25bc5"),
        (-5, '0 "profit";[Red]0 "loss"', "5 loss"),
        (-5, "0;0", "5"),
        (7, "[Red]0", "7"),
        (5, ";;;", ""),
        (0, '0;-0;"none"', "none"),
        (-5, "0;;0", ""),
        (1234567, "#,##0,", "1,235"),
        (1234567, '0.0,,"M"', "1.2M"),
        (2.5, "0", "3"),
        (1.005, "0.00", "1.01"),
        (-0.4, "0", "0"),
        (0, "#", ""),
        (12, 'General" kg"', "12 kg"),
        (1500, '[>=1000]0.0,"k";0', "1.5k"),
        (500, '[>=1000]0.0,"k";0', "500"),
        (11, '[=12]"a dozen";0', "11"),
        (-7, '[<0]"loss of "0;0', "loss of 7"),
        (0, '_-* #,##0.00\\ "EUR"_-;-* #,##0.00\\ "EUR"_-;_-* "-"??\\ "EUR"_-;_-@_-', "- EUR"),
        (1234567.25, "# ##0.00", "1234 567.25"),
        (-1234, "0000-00", "-0012-34"),
        (0.5, '# ?/?" in"', "1/2 in"),
    ],
)
def test_a_number_is_written_as_the_sheet_shows_it(value: float, form: str, shown: str) -> None:
    assert formatted(value, form) == shown


@pytest.mark.parametrize(
    ("form", "shown"),
    [
        ("yyyy-mm-dd", "2024-03-09"),
        ("dd/mm/yy hh:mm", "2024-03-09 15:07"),
        ("mmm-yy", "2024-03"),
        ("yyyy", "2024"),
        ("h:mm AM/PM", "15:07"),
        ("mm:ss", "15:07:30"),
        ('d "minutes" mmmm', "2024-03-09"),
        ("General", "2024-03-09 15:07"),
    ],
)
def test_a_date_says_no_more_than_the_sheet_shows(form: str, shown: str) -> None:
    assert moment_text(datetime(2024, 3, 9, 15, 7, 30), form) == shown


def test_words_that_a_format_puts_around_a_text() -> None:
    assert texted("Alder", '0;0;0;"about "@') == "about Alder"
    assert [texted("Alder", form) for form in ("General", "0.00", "@", ";;;")] == ["Alder", "Alder", "Alder", ""]


def test_hours_may_be_more_than_a_day_has() -> None:
    assert duration_text(timedelta(hours=37, minutes=30)) == "37:30"
    assert duration_text(timedelta(seconds=-5)) == "-0:00:05"


def test_a_merged_cell_stands_in_each_of_its_rows() -> None:
    def fill(book: Any) -> None:
        sheet = book.active
        rows = [["Team", "Name", "Shift"], ["North", "Ines", 1], [None, "Olaf", 2], ["South", "Karim", None]]
        for row in rows:
            sheet.append(row)
        sheet.merge_cells("A2:A3")
        sheet.merge_cells("B4:C4")

    found = extract_of(workbook(fill), ".xlsx")
    assert_sound(found)
    assert marked(found, "row") == ["North | Ines | 1", "North | Olaf | 2", "South | Karim"]


def test_a_merged_name_of_columns_names_each_of_them() -> None:
    def fill(book: Any) -> None:
        for row in (["Mill", "Costs", None], ["Alder", 3, 4], ["Birch", 5, 6]):
            book.active.append(row)
        book.active.merge_cells("B1:C1")

    assert extract_of(workbook(fill), ".xlsx").text.startswith("Mill | Costs | Costs\n")


def test_hidden_sheets_and_formulas_without_a_value_are_named() -> None:
    def fill(book: Any) -> None:
        book.active.title = "Totals"
        for row in (["Item", "Amount"], ["Timber", 420], ["Glass", 310], ["Total", "=SUM(B2:B3)"]):
            book.active.append(row)
        old = book.create_sheet("Old prices")
        old.append(["Item", "Price"])
        old.append(["Timber", 99])
        old.sheet_state = "hidden"

    found = extract_of(workbook(fill), ".xlsx")
    assert marked(found, "heading") == ["Totals", "Old prices (hidden sheet)"]
    assert "Total | [no value]" in marked(found, "row")
    assert found.notes == ("formulas of the sheet Totals have no stored value (B4)",)


@pytest.mark.parametrize(
    ("seconds", "form", "shown"),
    [
        (1066.66, "mm:ss.0", "17:46.7"),
        (59.96, "mm:ss.0", "01:00.0"),
        (151200, "[mm]:ss", "2520:00"),
        (151200, "[h]:mm", "42:00"),
        (-5400, "[h]:mm", "-1:30"),
        (93784.5, "[s]", "93785"),
        (64800, 'hh"h"mm', "18h00"),
        (86399.91, "hh:mm", "23:59"),
        (5399.9999, "h:mm", "1:30"),
        (86399.91, "[h]:mm:ss", "24:00:00"),
        (27000, 'h:mm" uur"', "7:30 uur"),
        (64800, "h:mm AM/PM", "18:00"),
    ],
)
def test_a_time_is_written_as_the_sheet_shows_it(seconds: float, form: str, shown: str) -> None:
    assert clock_text(timedelta(seconds=seconds), form) == shown


@pytest.mark.parametrize(
    ("form", "shown"),
    [
        ('"before "d-m-yyyy', "before 2025-03-04"),
        ('"Q1" yyyy', "Q1 2025"),
        ('yyyy"H2"', "2025H2"),
        ('"t/m "d-m-yyyy', "t/m 2025-03-04"),
        ('"w/c "d mmm yy', "w/c 2025-03-04"),
        ("yyyy-mm-dd\\Thh:mm\\Z", "2025-03-04 14:05"),
        ('"< "d/m/yyyy', "< 2025-03-04"),
        ('d" de "mmmm" de "yyyy', "2025-03-04"),
        ('yyyy"\u5e74"m"\u6708"d"\u65e5"', "2025-03-04"),
        ('h:mm" CET"', "14:05 CET"),
    ],
)
def test_words_around_a_day_stay_with_it(form: str, shown: str) -> None:
    assert moment_text(datetime(2025, 3, 4, 14, 5), form) == shown


def test_letters_in_a_font_of_signs_are_the_signs_that_they_show() -> None:
    from openpyxl.styles import Font

    def fill(book: Any) -> None:
        book.active.append(["Ship", "Paid", "Insured", "Mark"])
        book.active.append(["Anna", "\xfc", "\uf0fb", "\xfc"])
        for place, name in (("B2", "Wingdings"), ("C2", "Wingdings")):
            book.active[place].font = Font(name=name, charset=2)

    assert marked(extract_of(workbook(fill), ".xlsx"), "row") == ["Anna | \u2713 | \u2717 | \xfc"]


def test_times_and_durations() -> None:
    def fill(book: Any) -> None:
        book.active.append(["Name", "Opens", "Hours"])
        book.active.append(["Pool", time(7, 30), timedelta(hours=37, minutes=30)])

    assert marked(extract_of(workbook(fill), ".xlsx"), "row") == ["Pool | 7:30:00 | 37:30:00"]
