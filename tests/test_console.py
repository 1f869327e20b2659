"""What commands print in words: progress, files that were not read, states of documents."""

from __future__ import annotations

import pytest

from qa.console import complain, print_skipped, progress_bars

Output = pytest.CaptureFixture[str]


def test_an_error_is_one_line_that_steers_no_terminal(capsys: Output) -> None:
    assert complain("no\x1b[31mstore\u202e\nis there", 2) == 2
    assert capsys.readouterr().err == "qa: no\ufffd[31mstore is there\n"


def test_without_a_terminal_progress_is_a_line_for_every_tenth(capsys: Output) -> None:
    with progress_bars() as show:
        for done in range(101):
            show("reading", done, 100)
    lines = capsys.readouterr().err.splitlines()
    assert lines == [f"reading: {done} of 100" for done in range(0, 101, 10)]


def test_without_a_terminal_short_stages_print_nothing(capsys: Output) -> None:
    with progress_bars() as show:
        show("reading", 0, 0)
        show("embedding", 10, 10)
    assert capsys.readouterr().err == ""


def test_on_a_terminal_each_stage_has_a_bar(capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    with progress_bars() as show:
        show("reading", 1, 2)
        show("embedding", 1, 3)
    shown = capsys.readouterr().err
    assert "reading" in shown
    assert "embedding" in shown


def test_files_that_no_loader_reads_are_summed_up_unless_saving_them_anew_helps(capsys: Output) -> None:
    print_skipped([f"{number}.bin" for number in range(7)] + ["old.doc"])
    helped, rest = capsys.readouterr().out.splitlines()
    assert helped.startswith("skipped  old.doc: ")
    assert rest.startswith("skipped  7 (")
    assert rest.endswith("0.bin, 1.bin, 2.bin, 3.bin, 4.bin and 2 more")


def test_names_cannot_steer_the_terminal(capsys: Output) -> None:
    print_skipped(["a\x1b[31m\u202e.bin"])
    assert not {"\x1b", "\u202e"} & set(capsys.readouterr().out)
