"""Which encoding a text is in that states none: candidates by letter pairs (chardet), judged by the words they make.

What a wrong encoding makes of a text looks wrong: letters of two alphabets in one word, signs within words, letters
that its language does not have. Where two encodings make equally good words of it, the text is not taken for either.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from qa.language import language_of

CHARSETS = (
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257"),
    *("cp850", "cp852", "cp866", "cp874"),
    *("iso8859-2", "iso8859-4", "iso8859-5", "iso8859-6", "iso8859-7", "iso8859-8", "iso8859-9", "iso8859-13"),
    *("iso8859-15", "koi8-r", "koi8-u", "mac-roman", "mac-cyrillic"),
    *("cp857", "cp861", "mac-latin2", "mac-turkish"),
    *("cp932", "euc_jis_2004", "gb18030", "big5hkscs", "cp949"),
)
USUAL = "cp1252"  # taken, with a note, where another encoding would do as well
FAVOUR = 1.3  # for the usual one: most texts are in it
UNSURE = 0.03  # the confidence that it has at least
CLEARLY = 1.4  # times as good as the next best
MOST_FAULTS = 0.5  # for each word with letters outside ASCII
LETTERS = {  # beside a to z, of each language that is told by its letters
    "en": "\xe9\xe8\xea\xeb\xef\xf6\xfc\xf1\xe7\xe0",
    "fr": "\xe0\xe2\xe6\xe7\xe9\xe8\xea\xeb\xee\xef\xf4\u0153\xf9\xfb\xfc\xff",
    "de": "\xe4\xf6\xfc\xdf\xe9",
    "nl": "\xe9\xe8\xeb\xef\xf6\xfc\xe1\xf3\xea\xe7",
    "es": "\xe1\xe9\xed\xf3\xfa\xfc\xf1\xbf\xa1\xaa\xba",
    "ca": "\xe0\xe7\xe8\xe9\xed\xef\xf2\xf3\xfa\xfc",
    "gl": "\xe1\xe9\xed\xf3\xfa\xfc\xf1",
    "pt": "\xe1\xe2\xe3\xe0\xe7\xe9\xea\xed\xf3\xf4\xf5\xfa\xfc\xaa\xba",
    "it": "\xe0\xe8\xe9\xec\xed\xee\xf2\xf3\xf9\xfa",
    "sv": "\xe5\xe4\xf6\xe9\xfc",
    "no": "\xe5\xe6\xf8\xe9\xf2\xf4\xfc",
    "da": "\xe5\xe6\xf8\xe9\xfc",
    "fi": "\xe4\xf6\xe5\u0161\u017e",
    "et": "\xe4\xf6\xfc\xf5\u0161\u017e",
    "is": "\xe1\xe9\xed\xf3\xfa\xfd\xf0\xfe\xe6\xf6",
    "fo": "\xe1\xed\xf3\xfa\xfd\xf0\xe6\xf8",
    "ga": "\xe1\xe9\xed\xf3\xfa",
    "cy": "\xe2\xea\xee\xf4\xfb\xef\u0175\u0177",
    "lb": "\xe4\xeb\xe9\xfc\xf6\xe8",
    "eu": "\xf1",
    "sq": "\xeb\xe7",
    "af": "\xea\xeb\xe9\xe8\xef\xf4\xf6\xfb\xee",
    "cs": "\xe1\u010d\u010f\xe9\u011b\xed\u0148\xf3\u0159\u0161\u0165\xfa\u016f\xfd\u017e",
    "sk": "\xe1\xe4\u010d\u010f\xe9\xed\u013a\u013e\u0148\xf3\xf4\u0155\u0161\u0165\xfa\xfd\u017e",
    "pl": "\u0105\u0107\u0119\u0142\u0144\xf3\u015b\u017a\u017c",
    "hu": "\xe1\xe9\xed\xf3\xf6\u0151\xfa\xfc\u0171",
    "ro": "\u0103\xe2\xee\u015f\u0163\u0219\u021b",
    "hr": "\u010d\u0107\u0111\u0161\u017e",
    "sl": "\u010d\u0161\u017e",
    "tr": "\xe7\u011f\u0131\xf6\u015f\xfc\xe2\xee\xfb",
    "az": "\xe7\u0259\u011f\u0131\xf6\u015f\xfc",
    "lv": "\u0101\u010d\u0113\u0123\u012b\u0137\u013c\u0146\u0161\u016b\u017e",
    "lt": "\u0105\u010d\u0119\u0117\u012f\u0161\u0173\u016b\u017e",
    "ru": (
        "\u0430\u0431\u0432\u0433\u0434\u0435\u0451\u0436\u0437\u0438\u0439\u043a\u043b\u043c\u043d\u043e"
        "\u043f\u0440\u0441\u0442\u0443\u0444\u0445\u0446\u0447\u0448\u0449\u044a\u044b\u044c\u044d\u044e"
        "\u044f"
    ),
    "uk": (
        "\u0430\u0431\u0432\u0433\u0491\u0434\u0435\u0454\u0436\u0437\u0438\u0456\u0457\u0439\u043a\u043b"
        "\u043c\u043d\u043e\u043f\u0440\u0441\u0442\u0443\u0444\u0445\u0446\u0447\u0448\u0449\u044c\u044e"
        "\u044f"
    ),
    "be": (
        "\u0430\u0431\u0432\u0433\u0434\u0435\u0451\u0436\u0437\u0456\u0439\u043a\u043b\u043c\u043d\u043e"
        "\u043f\u0440\u0441\u0442\u0443\u045e\u0444\u0445\u0446\u0447\u0448\u044b\u044c\u044d\u044e\u044f"
    ),
    "bg": (
        "\u0430\u0431\u0432\u0433\u0434\u0435\u0436\u0437\u0438\u0439\u043a\u043b\u043c\u043d\u043e\u043f"
        "\u0440\u0441\u0442\u0443\u0444\u0445\u0446\u0447\u0448\u0449\u044a\u044c\u044e\u044f"
    ),
    "sr": (
        "\u0430\u0431\u0432\u0433\u0434\u0452\u0435\u0436\u0437\u0438\u0458\u043a\u043b\u0459\u043c\u043d"
        "\u045a\u043e\u043f\u0440\u0441\u0442\u045b\u0443\u0444\u0445\u0446\u0447\u045f\u0448"
    ),
    "mk": (
        "\u0430\u0431\u0432\u0433\u0434\u0453\u0435\u0436\u0437\u0455\u0438\u0458\u043a\u043b\u0459\u043c"
        "\u043d\u045a\u043e\u043f\u0440\u0441\u0442\u045c\u0443\u0444\u0445\u0446\u0447\u045f\u0448"
    ),
}
LOANED = frozenset(
    "\xe0\xe1\xe2\xe3\xe4\xe5\xe6\xe7\xe8\xe9\xea\xeb\xec\xed\xee\xef\xf1\xf2\xf3\xf4\xf6\xf5\xf8\xf9\xfa\xfb"
    "\xfc\xdf\u0153"
)  # in names and words of other languages, anywhere
SIGNS = frozenset(
    "\xa0\xa3\xa5\xa7\xa9\xab\xae\xb0\xb1\xb2\xb3\xb5\xb6\xb7\xb9\xbb\xbc\xbd\xbe\xd7\xf7\u2009\u2011\u2013"
    "\u2014\u2018\u2019\u201a\u201c\u201d\u201e\u2020\u2021\u2022\u2026\u202f\u2030\u2039\u203a\u20ac\u2116"
    "\u2122\u2212"
)  # that stand in ordinary text
OF_A_LANGUAGE = frozenset("\xaa\xba\xbf\xa1")  # signs that only some languages write
OPENING = frozenset("\u201a\u201e\xab\u2039")
BEHIND = frozenset("\xb9\xb2\xb3\xbd\xbc\xbe")  # what is behind a figure or word
RARE_SIGNS = frozenset("\u2020\u2021\xb6")
WORDS = frozenset(  # of one letter
    "\xe0\xe8\xe9\xec\xf2\xf3\xf4\xe5\xf6\xed\xe1\xfa\xf9\xe6\xf8"
    "\u0430\u0438\u0432\u0441\u043e\u0443\u043a\u044f\u0454\u0456\u0457\u0437\u0436"
)
FOREIGN_SIGNS = frozenset("\u060c\u061b\u061f\u05f3\u05f4")  # commas and the like of other alphabets
FIRST_ODD = re.compile(rb"[\x80-\xff]")
UNLIKELY = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff\ue000-\uf8ff]")
# Tables that are drawn with signs of DOS, which are the same in all its encodings.
RULED = re.compile(rb"\xc4{4}|\xcd{4}")
DRAWN = re.compile(rb"[\xb0-\xb4\xb9-\xbc\xbf-\xc5\xc8-\xce\xd9-\xdc\xdf]")
CORNERS = re.compile(rb"[\xb3\xba\xc9\xda]")
OF_DOS = ("cp850", "cp437", "cp852", "cp866")
SAMPLE = 16_384  # bytes from which the encoding is told


class Guess(NamedTuple):
    """What an encoding makes of a sample."""

    codec: str
    text: str
    language: str  # that its words are in; "" where they do not tell
    confidence: float  # chardet's, of the letter pairs
    faults: float  # what looks wrong in its words


def told_charset(data: bytes) -> tuple[str | None, tuple[str, ...]]:
    """(the encoding that `data` is in, others that would do as well); (None, some) where none is clearly the best.

    (None, ()) where no encoding makes text of it.
    """
    sample = odd_sample(data)
    if RULED.search(data) and CORNERS.search(data):
        return told_of_dos(data)
    found = [guess for guess in guesses(sample, data) if UNLIKELY.subn("", guess.text)[1] <= 1 + len(guess.text) // 200]
    found = [guess for guess in found if guess.codec != "cp874" or is_thai(guess.text)]
    if not found:
        return None, ()
    fewest = min(guess.faults for guess in found)
    found.sort(key=lambda guess: -worth(guess, fewest))
    best = found[0]
    near = [guess for guess in found if is_near(guess, best, fewest)]
    if best.faults > MOST_FAULTS * len(odd_words(best.text)):
        return None, tuple(guess.codec for guess in found[:3])
    if len(near) == 1:
        return best.codec, ()
    if best.codec == USUAL and is_western(best):
        return USUAL, tuple(guess.codec for guess in near[1:])
    return None, tuple(guess.codec for guess in near)


def told_of_dos(data: bytes) -> tuple[str | None, tuple[str, ...]]:
    """As `told_charset`, for a text with tables that are drawn: its words without the lines tell the encoding."""
    words = DRAWN.sub(b" ", data)[: 4 * SAMPLE]
    found: dict[str, tuple[float, str]] = {}
    for codec in OF_DOS:
        text = decoded(words, codec)
        if text is not None and decoded(data, codec) is not None:
            language = language_of(text, "", letters=1)
            latin = sum("a" <= char <= "z" for char in text.lower()) * 2 >= sum(map(str.isalpha, text))
            total = sum(faults(word, language, latin) for word in odd_words(text))
            found.setdefault(text, (total, codec))
    ranked = sorted(found.values())
    if len(ranked) == 1 or ranked[0][0] * CLEARLY < ranked[1][0]:
        return ranked[0][1], ()
    return None, tuple(codec for _, codec in ranked[:3])


def is_thai(text: str) -> bool:
    """Whether most letters of a text are Thai."""
    return sum("\u0e00" < char < "\u0e7f" for char in text) * 2 >= sum(map(str.isalpha, text))


def is_near(guess: Guess, best: Guess, fewest: float) -> bool:
    """Whether a guess may be right though it is not the best one: hardly worse, or with fewer faults."""
    fewer = guess.faults < best.faults and guess.confidence * 4 >= best.confidence
    return fewer or worth(guess, fewest) * CLEARLY >= worth(best, fewest)


def is_western(guess: Guess) -> bool:
    """Whether a text has the letters and signs of Western Europe only, and is in no language that needs others."""
    short = not guess.language and len(guess.text.split()) < 3
    own = "e" if short else LETTERS.get(guess.language, "")
    usual = bool(own) and own.encode(USUAL, "ignore").decode(USUAL) == own
    return usual and all(char < "\x80" or char.lower() in LOANED or char in SIGNS for char in guess.text)


def worth(guess: Guess, fewest: float) -> float:
    """How good a guess is, among others of which the best has `fewest` faults."""
    believed = FAVOUR * max(guess.confidence, UNSURE) if guess.codec == USUAL else guess.confidence
    return believed / (1 + guess.faults - fewest)


def odd_sample(data: bytes) -> bytes:
    """The part of `data` around its first byte outside ASCII, which tells most about the encoding; whole words."""
    first = FIRST_ODD.search(data)
    start = max(0, first.start() - 1000) if first else 0
    sample = data[start : start + SAMPLE]
    cut = sample.rfind(b"\n") + 1 or sample.rfind(b" ") + 1  # never within a character
    return sample[:cut] if len(sample) == SAMPLE and cut else sample


def guesses(sample: bytes, data: bytes) -> Iterator[Guess]:
    """Each text that an encoding in which all of `data` is valid makes of a sample, once, the likeliest first."""
    from chardet import detect_all

    ranked = detect_all(sample, include_encodings=CHARSETS, ignore_threshold=True, compat_names=False)
    named = [(str(one["encoding"]), float(one["confidence"]), one["language"] or "") for one in ranked]
    usual = decoded(sample, USUAL) if decoded(data, USUAL) is not None else None
    seen: set[str] = set()
    for codec, confidence, language in [*named, (USUAL, 0.0, "")]:
        text = decoded(sample, codec)
        if text is not None and text not in seen and decoded(data, codec) is not None:
            seen.add(text)
            odd = Counter(odd_words(text))
            spoken = language_of(text, "", letters=1)
            latin = sum("a" <= char <= "z" for char in text.lower()) * 2 >= sum(map(str.isalpha, text))
            total = sum(faults(word, spoken or language, latin) * number for word, number in odd.items())
            yield Guess(USUAL if text == usual else codec, text, spoken, confidence, total)


def odd_words(text: str) -> list[str]:
    """The words with characters outside ASCII."""
    return [word for word in text.split() if not word.isascii()]


def decoded(data: bytes, codec: str | None) -> str | None:
    """`data` decoded; None if it is not valid in that encoding, or no encoding has that name."""
    try:
        return data.decode(codec) if codec else None
    except (UnicodeError, LookupError):
        return None


# ---- what looks wrong ----


def faults(word: str, language: str, latin: bool) -> float:
    """How much in a word is as no language writes it, or as `language` does not.

    latin: most letters of the text are a to z.
    """
    total = 0.0
    for before, char, after in zip(" " + word, word, word[1:] + " ", strict=False):
        if char < "\x80":
            continue
        if is_letter(char):
            total += letter_faults(before, char, after, language)
            total += lone_faults(char, latin) if not before.isalpha() and not after.isalpha() else 0
        else:
            total += 1 if latin and char in FOREIGN_SIGNS else sign_faults(before, char, after, language)
    return total


def is_letter(char: str) -> bool:
    return char.isalpha() and char not in OF_A_LANGUAGE


def letter_faults(before: str, char: str, after: str, language: str) -> float:
    """Faults of a letter outside ASCII: its place between others, and whether the language has it."""
    alphabet = script(char)
    if alphabet == "HALFWIDTH":
        return 1
    total = sum(1.0 for other in (before, after) if other.isalpha() and script(other) != alphabet)
    total += (char.isupper() and before.islower()) or (char.islower() and after.isupper())
    total += 0.5 * (before.isdigit() or after.isdigit())
    if alphabet not in ("LATIN", "CYRILLIC"):
        return total
    own, small = LETTERS.get(language), char.lower()[0]
    if own is None:
        return total + (0.2 if small in LOANED else 0.5)
    if small in own or (char == "\u0130" and "\u0131" in own):
        return total
    return total + (0.4 if small in LOANED and "\u0431" not in own else 1)


def lone_faults(char: str, latin: bool) -> float:
    """Faults of a letter that is a word of its own."""
    alphabet = script(char)
    if latin and alphabet != "LATIN":
        return 2
    return 0.5 if alphabet in ("LATIN", "CYRILLIC") and char.lower() not in WORDS else 0


def sign_faults(before: str, char: str, after: str, language: str) -> float:
    """Faults of a sign outside ASCII: whether ordinary text has it, and at that place."""
    kind = unicodedata.category(char)
    if char in OF_A_LANGUAGE:
        return float(char not in LETTERS.get(language, ""))
    if kind in ("Mn", "Mc") or char in FOREIGN_SIGNS or "\u3000" <= char < "\u3040" or "\uff00" <= char < "\uff61":
        return 0
    if char not in SIGNS:
        return 1
    if (char in OPENING and before.isalnum()) or (char in BEHIND and after.isalpha()):
        return 1
    if before.isalpha() and after.isalpha() and char not in "\u2019\xa0\xb7":
        return float(not (char in "\u2013\u2014" and after.isupper()))
    return 0.5 if char in RARE_SIGNS else 0


@lru_cache(maxsize=4096)
def script(char: str) -> str:
    """The writing system of a letter, by its name in Unicode; the ones of China and Japan are one."""
    name = unicodedata.name(char, "?").split()[0].split("-")[0]
    return "CJK" if name in ("CJK", "HIRAGANA", "KATAKANA", "FULLWIDTH", "IDEOGRAPHIC", "BOPOMOFO") else name
