"""Zip archives: wrong contents, zip bombs, XML entities."""

from __future__ import annotations

import zipfile

import pytest

from qa.documents.archives import refuse_bomb
from qa.errors import UnreadableFile
from tests.documents.making import refusal, zipped


@pytest.mark.parametrize("suffix", [".docx", ".pptx", ".odt", ".epub", ".xlsx"])
def test_a_file_that_is_no_such_archive_is_refused_with_the_reason(suffix: str) -> None:
    assert "is a PDF" in refusal(b"%PDF-1.4\n%x", suffix)
    assert "lacks" in refusal(zipped(x="y"), suffix)
    assert "password" in refusal(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000), suffix)


@pytest.mark.parametrize("suffix", [".docx", ".pptx", ".odt", ".epub", ".xlsx"])
def test_zip_bombs_are_refused_before_they_are_unpacked(suffix: str) -> None:
    assert "times its size" in refusal(zipped(x=bytes(30 * 2**20)), suffix)


def test_archives_of_too_many_or_too_large_parts_are_refused() -> None:
    huge = zipfile.ZipInfo("x")
    huge.file_size = 2**40
    for parts in ([huge], [zipfile.ZipInfo(str(i)) for i in range(30_000)]):
        with pytest.raises(UnreadableFile, match="more than is read"):
            refuse_bomb(parts, 10**9)
