"""Characters of the fonts Symbol and Wingdings, whose codes are no letters: the Unicode signs that they show."""

from __future__ import annotations

import re

CODES = bytes.fromhex(
    "2224272a2d404142434445464748494a4b4c4d4e4f505152535455565758595a5c5e6162636465666768696a6b6c6d6e"
    "6f707172737475767778797a7ea0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcc0c1c2c3c4c5"
    "c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e5f1f2"
)
SHOWN = (
    "\u2200\u2203\u220b\u2217\u2212\u2245\u0391\u0392\u03a7\u0394\u0395\u03a6\u0393\u0397\u0399\u03d1\u039a"
    "\u039b\u039c\u039d\u039f\u03a0\u0398\u03a1\u03a3\u03a4\u03a5\u03c2\u03a9\u039e\u03a8\u0396\u2234\u22a5"
    "\u03b1\u03b2\u03c7\u03b4\u03b5\u03c6\u03b3\u03b7\u03b9\u03d5\u03ba\u03bb\u03bc\u03bd\u03bf\u03c0\u03b8"
    "\u03c1\u03c3\u03c4\u03c5\u03d6\u03c9\u03be\u03c8\u03b6\u223c\u20ac\u03d2\u2032\u2264\u2044\u221e\u0192"
    "\u2663\u2666\u2665\u2660\u2194\u2190\u2191\u2192\u2193\u00b0\u00b1\u2033\u2265\u00d7\u221d\u2202\u2022"
    "\u00f7\u2260\u2261\u2248\u2026\u2135\u2111\u211c\u2118\u2297\u2295\u2205\u2229\u222a\u2283\u2287\u2284"
    "\u2282\u2286\u2208\u2209\u2220\u2207\u00ae\u00a9\u2122\u220f\u221a\u22c5\u00ac\u2227\u2228\u21d4\u21d0"
    "\u21d1\u21d2\u21d3\u25ca\u2329\u2211\u232a\u222b"
)
SYMBOL = dict(zip(CODES, SHOWN, strict=True))  # by the code of the font; others are those of ASCII
WINGDINGS = {
    0x6C: "\u25cf", 0x6E: "\u25a0", 0x6F: "\u2610", 0x71: "\u2751", 0x76: "\u2756", 0x78: "\u2612", 0xA7: "\u25aa",
    0xA8: "\u25fb", 0xD8: "\u27a2", 0xDF: "\u2190", 0xE0: "\u2192", 0xE1: "\u2191", 0xE2: "\u2193", 0xE8: "\u2794",
    0xF0: "\u21e8", 0xFB: "\u2717", 0xFC: "\u2713", 0xFD: "\u2612", 0xFE: "\u2611",
}  # fmt: skip
WINGDINGS_2 = {
    0x4F: "\u2717",
    0x50: "\u2713",
    0x51: "\u2612",
    0x52: "\u2611",
    0x53: "\u2612",
    0x54: "\u2612",
    0xA3: "\u2610",
}
FONTS = {"symbol": SYMBOL, "wingdings": WINGDINGS, "wingdings 2": WINGDINGS_2}
PRIVATE = re.compile("[\uf020-\uf0ff]")  # where such fonts have their characters
CODED = re.compile("[\x21-\x7e\xa1-\xac\xae-\xff\uf020-\uf0ff]")  # what they show is none of these letters
BULLETS = {0xB7: "\u2022", 0xA7: "\u25aa"}  # of lists, whatever font is named
UNKNOWN = "\u25a1"  # stands for a sign that is not known


def sign(code: int, font: str) -> str:
    """What a font shows for a code, which may be in the private area; the character itself for any other font."""
    table = FONTS.get(font.strip().lower())
    at = code - 0xF000 if 0xF000 <= code < 0xF100 else code
    if table is None:
        return chr(code) if at == code else BULLETS.get(at, UNKNOWN)
    ascii_too = table is SYMBOL and 0x20 <= at < 0x7F
    return table.get(at) or (chr(at) if ascii_too else UNKNOWN)


def unicode_of(text: str, font: str, letters: bool = True) -> str:
    """A text with the signs that a font shows for characters of the private area.

    letters: whether a font of signs shows its signs for letters and figures too, as office programs let it.
    """
    coded = CODED if letters and font.strip().lower() in FONTS else PRIVATE
    return coded.sub(lambda found: sign(ord(found.group()), font), text)
