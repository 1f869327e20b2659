"""Formulas of Word and of web pages on one line."""

from __future__ import annotations

import pytest
from lxml import etree, html

from qa.documents.formulas import GAP, linear

M = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'


def run(text: str) -> str:
    return f"<m:r><m:t>{text}</m:t></m:r>"


def kind(begin: str, end: str, *inside: str) -> str:
    """Something between brackets of a kind."""
    looks = f'<m:dPr><m:begChr m:val="{begin}"/><m:endChr m:val="{end}"/></m:dPr>'
    return f"<m:d>{looks}{''.join(f'<m:e>{one}</m:e>' for one in inside)}</m:d>"


MATRIX = f"""<m:m><m:mPr><m:mcs/></m:mPr><m:mr><m:e>{run("1")}</m:e><m:e>{run("2")}</m:e></m:mr>
<m:mr><m:e>{run("3")}</m:e><m:e>{run("4")}</m:e></m:mr></m:m>"""


@pytest.mark.parametrize(
    ("inside", "shown"),
    [
        (run("D=12\u00d7w"), "D=12\u00d7w"),
        (f"<m:f><m:fPr/><m:num>{run('a+b')}</m:num><m:den>{run('c')}</m:den></m:f>", "(a+b)/c"),
        (f"<m:sSup><m:e>{run('x')}</m:e><m:sup>{run('2')}</m:sup></m:sSup>", "x^2"),
        (f"<m:sSub><m:e>{run('v')}</m:e><m:sub>{run('max')}</m:sub></m:sSub>", "v_max"),
        (f"<m:rad><m:radPr/><m:deg/><m:e>{run('2x')}</m:e></m:rad>", "sqrt(2x)"),
        (f"<m:rad><m:radPr/><m:deg>{run('3')}</m:deg><m:e>{run('V')}</m:e></m:rad>", "root(3, V)"),
        (f"<m:d><m:e>{run('a+b')}</m:e></m:d>", "(a+b)"),
        (
            '<m:nary><m:naryPr><m:chr m:val="\u2211"/></m:naryPr>'
            f"<m:sub>{run('i=1')}</m:sub><m:sup>{run('n')}</m:sup><m:e>{run('i')}</m:e></m:nary>",
            "\u2211_(i=1)^n i",
        ),
        (kind("|", "|", run("x")), "|x|"),
        (kind("[", ")", run("0"), run("1")), "[0, 1)"),
        (kind("{", "", f"<m:eqArr><m:e>{run('x=1')}</m:e><m:e>{run('y=2')}</m:e></m:eqArr>"), "{x=1; y=2"),
        (f"{run('A=')}{MATRIX}", "A=[1, 2; 3, 4]"),
        (kind("[", "]", MATRIX), "[1, 2; 3, 4]"),
        (f"<m:func><m:fName>{run('log')}</m:fName><m:e>{run('x')}</m:e></m:func>", "log x"),
        (f'<m:acc><m:accPr><m:chr m:val="\u0304"/></m:accPr><m:e>{run("y")}</m:e></m:acc>', "y\u0304"),
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
        ("<msqrt><mi>a</mi><mo>+</mo><mi>b</mi></msqrt>", "sqrt(a+b)"),
        ("<mroot><mi>x</mi><mn>3</mn></mroot>", "root(3, x)"),
        ("<semantics><mi>y</mi><annotation encoding='TeX'>\\y</annotation></semantics>", "y"),
        ("<msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup>", "x_i^2"),
        ("<mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>2</mn></mtd></mtr></mtable>", "1, 2"),
        (
            "<mtable><mtr><mtd><mi>x</mi></mtd><mtd><mo>=</mo><mn>1</mn></mtd></mtr><mtr><mtd><mi>y</mi></mtd>"
            "<mtd><mo>=</mo><mn>2</mn></mtd></mtr></mtable>",
            "x =1; y =2",
        ),
        (
            "<mo>(</mo><mtable><mtr><mtd><mn>1</mn></mtd></mtr><mtr><mtd><mn>2</mn></mtd></mtr></mtable><mo>)</mo>",
            "([1; 2])",
        ),
        ("<mspace/>", GAP),
    ],
)
def test_formulas_of_web_pages(inside: str, shown: str) -> None:
    assert linear(html.fragment_fromstring(f"<math>{inside}</math>")) == shown
