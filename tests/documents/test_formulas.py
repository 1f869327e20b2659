"""Formulas of Word and of web pages on one line."""

from __future__ import annotations

import pytest
from lxml import etree, html

from qa.documents.formulas import GAP, linear

M = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'


def run(text: str) -> str:
    return f"<m:r><m:t>{text}</m:t></m:r>"


@pytest.mark.parametrize(
    ("inside", "shown"),
    [
        (run("D=12\u00d7w"), "D=12\u00d7w"),
        (f"<m:f><m:fPr/><m:num>{run('a+b')}</m:num><m:den>{run('c')}</m:den></m:f>", "(a+b)/c"),
        (f"<m:sSup><m:e>{run('x')}</m:e><m:sup>{run('2')}</m:sup></m:sSup>", "x^2"),
        (f"<m:sSub><m:e>{run('v')}</m:e><m:sub>{run('max')}</m:sub></m:sSub>", "v_max"),
        (f"<m:rad><m:radPr/><m:deg/><m:e>{run('2x')}</m:e></m:rad>", "sqrt(2x)"),
        (f"<m:d><m:e>{run('a+b')}</m:e></m:d>", "(a+b)"),
        (
            '<m:nary><m:naryPr><m:chr m:val="\u2211"/></m:naryPr>'
            f"<m:sub>{run('i=1')}</m:sub><m:sup>{run('n')}</m:sup><m:e>{run('i')}</m:e></m:nary>",
            "\u2211_(i=1)^n i",
        ),
        ("", GAP),
    ],
)
def test_word_formulas(inside: str, shown: str) -> None:
    assert linear(etree.fromstring(f"<m:oMath {M}>{inside}</m:oMath>")) == shown


@pytest.mark.parametrize(
    ("inside", "shown"),
    [
        ("<mi>E</mi><mo>=</mo><mi>m</mi><msup><mi>c</mi><mn>2</mn></msup>", "E=mc^2"),
        ("<mfrac><mn>1</mn><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow></mfrac>", "1/(a+b)"),
        ("<msqrt><mi>x</mi></msqrt>", "sqrt(x)"),
        ("<semantics><mi>y</mi><annotation encoding='TeX'>\\y</annotation></semantics>", "y"),
        ("<msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup>", "x_i^2"),
        ("<mspace/>", GAP),
    ],
)
def test_formulas_of_web_pages(inside: str, shown: str) -> None:
    assert linear(html.fragment_fromstring(f"<math>{inside}</math>")) == shown
