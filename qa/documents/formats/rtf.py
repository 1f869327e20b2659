"""RTF: the text as a word processor shows it; notes, comments and text boxes below the paragraph that they hang on."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from qa.documents.decoding import decode
from qa.documents.extract import Builder, Extract, one_cell, one_line
from qa.documents.formats.rtf_looks import State, is_left_out, with_look
from qa.documents.formats.rtf_tables import Edge, Row, in_columns
from qa.documents.formats.word_text import CHECKED, UNCHECKED
from qa.documents.formulas import GAP
from qa.documents.header import completed
from qa.documents.heartbeat import beat
from qa.documents.raised import levelled, settled
from qa.documents.symbols import FONTS, sign, unicode_of
from qa.errors import UnreadableFile

TOKEN = re.compile(
    r"\\(?P<word>[a-zA-Z]{1,32})(?P<number>-?\d{1,10})? ?|\\'(?P<hex>[0-9a-fA-F]{2})|\\(?P<sign>[^a-zA-Z])"
    r"|(?P<brace>[{}])|[\r\n\x00]+|(?P<text>[^\\{}\r\n\x00]+)|\\"
)
SIGNS = {"line": "\n", "tab": "\t", "emdash": "\u2014", "endash": "\u2013", "emspace": " ", "enspace": " ",
         "qmspace": " ", "bullet": "\u2022", "lquote": "\u2018", "rquote": "\u2019", "ldblquote": "\u201c",
         "rdblquote": "\u201d", "lbr": "\n", "softline": "\n"}  # fmt: skip
ESCAPED = {"~": " ", "_": "-", "{": "{", "}": "}", "\\": "\\", "\t": "\t"}
ENDS = {"par", "sect", "page", "column"}  # of a paragraph
HELD = {"footnote": "note", "annotation": "comment", "shptxt": "box", "dptxbxtext": "box"}
MARGINS = {which + side for which in ("header", "footer") for side in ("", "l", "r", "f")}
INLINE = {"fldrslt", "listtext", "pntext", "result", "shp", "shpgrp", "field", "object"}  # read in their place
SKIPPED = {"fonttbl", "stylesheet", "info", "fldinst", "pict", "nonshppict", "objdata", "upr", "shpinst",
           "listtable", "listoverridetable", "revtbl", "rsidtbl", "xe", "tc", "ftnsep", "ftnsepc", "aftnsep", "private",
           "template", "sp", "sn", "sv",
           "mmath", "moMath", "moMathPara", "shppict", "background", "do", "shprslt"}  # fmt: skip
FORMULAS = {"mmath", "moMath", "moMathPara"}
FACTS = {"title", "atnauthor"}  # kept as such
CODECS = {0: "cp1252", 77: "mac_roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "gb18030", 136: "big5",
          161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251",
          222: "cp874", 238: "cp1250", 254: "cp437", 255: "cp850"}  # fmt: skip  # of the sets of characters of fonts
STEP = 50_000  # tokens between two heartbeats


class Font(NamedTuple):
    codec: str | None = None
    name: str = ""


@dataclass(slots=True)
class Block:
    """A paragraph, or a table as it is read, of the body, a note or a margin."""

    said: str = ""
    cells: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)  # of the cells of a row
    edge: Edge = field(default=Edge(0))  # what has been said of the next one
    left: int = 0  # where the row begins
    in_table: bool = False
    nested: bool = False  # a row of a table in the cell has ended
    head: bool = False
    heading: bool = False
    first_letter: bool = False  # the paragraph is the large first letter of the next one
    hung: list[str] = field(default_factory=list)  # notes, comments and boxes of the paragraph
    below: list[str] = field(default_factory=list)  # those of the table


def load_rtf(data: bytes) -> Extract:
    """RTF: the text with tracked changes accepted; headings are found as in a plain text where none is marked."""
    if not data.lstrip().startswith(b"{\\rtf"):
        text = decode(data)
        raise UnreadableFile("is not an RTF file" + (": it is plain text, rename it to .txt" if text else ""))
    reader = Rtf(data.decode("latin-1"))
    reader.run()
    found = reader.made.finish(reader.facts.get("title"))
    return completed(found, headings=not any(mark.kind == "heading" for mark in found.marks))


class Rtf:
    """Adds the text of an RTF file to `made`; `facts` gets its title."""

    def __init__(self, source: str) -> None:
        self.made = Builder()
        self.source = source
        self.state = State()
        self.stack: list[State] = []
        self.fonts: dict[int, Font] = {}
        self.colours: list[list[int]] = [[]]  # red, green and blue of each, as far as they are stated
        self.usual = "cp1252"
        self.block = Block()
        self.facts: dict[str, str] = {}
        self.held: list[tuple[int, str, Block]] = []  # depth, kind and outer block of notes, comments and boxes
        self.margins: dict[str, None] = {}
        self.bytes = b""  # characters of a font that are not yet decoded
        self.left_out = 0
        self.pictures = self.objects = self.formulas = 0
        self.to_skip = 0
        self.form = ""  # the type of a field of a form
        self.starred = self.begun = False

    def run(self) -> None:
        """Reads the file."""
        at = count = 0
        while at < len(self.source) and (token := TOKEN.match(self.source, at)):
            at, count = token.end(), count + 1
            if count % STEP == 0:
                beat()
            if token["word"]:
                at += self.word(token["word"], token["number"])
            elif token["brace"]:
                self.open() if token["brace"] == "{" else self.close()
            elif token["hex"] or token["text"]:
                self.characters(token["text"] or chr(int(token["hex"], 16)))
            elif token["sign"]:
                self.escaped(token["sign"])
        while self.stack:
            self.close()
        self.end_paragraph()
        self.end_table()
        for margin in self.margins:
            if re.search(r"[^\W\d_]", margin):
                self.made.add(margin)
        self.say_what_is_missing()

    def say_what_is_missing(self) -> None:
        notes = (
            (self.left_out, "struck-out or hidden text is left out ({} pieces)"),
            (self.pictures, "text in pictures is not read ({} pictures)"),
            (self.objects, "embedded objects are not read ({}): save them as files of their own"),
            (self.formulas, "formulas are not read ({})"),
        )
        self.made.notes += [note.format(count) for count, note in notes if count]

    # ---- groups and destinations ----

    def open(self) -> None:
        self.flush()
        self.stack.append(self.state)
        self.begun, self.starred = True, False

    def close(self) -> None:
        self.flush()
        if self.stack:
            if self.held and self.held[-1][0] == len(self.stack):
                self.let_go()
            self.state = self.stack.pop()
        self.begun = self.starred = False

    def destination(self, word: str, starred: bool) -> bool:
        """Whether a word at the beginning of a group says where its text goes; begins that."""
        here = self.state.into
        if word in HELD or word in MARGINS:
            if here == "body" or (HELD.get(word) == "box" and self.state.above):
                self.held.append((len(self.stack), HELD.get(word, "margin"), self.block))
                self.block = Block()
                self.state = replace(self.state, into="body")
        elif word == "colortbl":
            self.state = replace(self.state, into="colours")
        elif word in FACTS:
            self.facts[word] = ""
            self.state = replace(self.state, into=word)
        elif word == "ud":
            self.state = replace(self.state, into=self.state.above)
        elif word in INLINE:
            self.objects += word == "object" and here == "body"
        elif word in SKIPPED or starred:
            self.skip(word)
        else:
            return False
        return True

    def skip(self, word: str) -> None:
        """Begins a group that is left out; what a reader misses in it is counted."""
        here = self.state.into
        if word in FORMULAS and here == "body":
            self.formulas += 1
            self.say(GAP)
        self.pictures += (word in ("pict", "shppict") and here == "body") or (word == "pict" and self.state.why == "sv")
        above = "" if word == "shprslt" else here or self.state.above
        self.state = replace(self.state, into="fonts" if word == "fonttbl" else "", above=above, why=word)

    def let_go(self) -> None:
        """Ends a note, comment, text box or margin: it is added behind the paragraph that it hangs on."""
        _, kind, outer = self.held[-1]
        self.end_paragraph()
        self.end_table()
        self.held.pop()
        said = "\n".join(self.block.hung)
        self.block = outer
        if kind == "margin":
            self.margins.setdefault(said)
        elif said and kind == "comment":
            by = one_line(self.facts.pop("atnauthor", ""))
            outer.hung.append(f"Comment by {by}: {said}" if by else f"Comment: {said}")
        elif said:
            outer.hung.append(said)

    # ---- words and characters ----

    def word(self, word: str, number: str | None) -> int:
        """Does what a control word says; returns how many characters of raw data follow it."""
        begun, starred = self.begun, self.starred
        self.begun = self.starred = False
        if word == "bin":
            return max(0, int(number or 0))
        if word == "u" and number:
            self.unicode(int(number))
            return 0
        self.flush()
        if (begun or starred) and self.destination(word, starred):
            return 0
        if self.state.into == "fonts":
            self.font_fact(word, int(number or 0))
        elif self.state.into == "colours":
            self.colours[-1] += [int(number or 0)] if word in ("red", "green", "blue") else []
        elif not self.look(word, number):
            self.structure(word, number)
        return 0

    def look(self, word: str, number: str | None) -> bool:
        """Whether a word says how the following letters look."""
        found = with_look(self.state, word, number, self.colours)
        self.state = found or self.state
        return found is not None

    def structure(self, word: str, number: str | None) -> None:
        """Begins and ends paragraphs, cells and rows."""
        if word == "ansicpg" and number:
            self.usual = f"cp{number}" if known_codec(f"cp{number}") else self.usual
        elif word in ("mac", "pc", "pca"):
            self.usual = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}[word]
        elif word == "fftype":
            self.form = number or ""
        elif word in ("ffres", "ffdefres") and self.form == "1" and self.state.above == "body":
            if number in ("0", "1"):
                self.block.said += CHECKED if number == "1" else UNCHECKED
                self.form = ""
        elif word == "nestrow":
            self.block.said, self.block.nested = f"{self.block.said.rstrip()};\n", True
        elif self.state.into != "body":
            return
        elif word in SIGNS:
            self.say(SIGNS[word])
        elif word in ENDS:
            if word != "par" or not (self.state.deleted or self.state.hidden or self.block.first_letter):
                self.end_paragraph()  # else it goes on in the next one
        elif word == "pard":
            self.block.in_table = self.block.heading = self.block.first_letter = False
        elif word == "dropcapli":
            self.block.first_letter = True
        elif word == "intbl":
            self.block.in_table = True
        elif word == "outlinelevel":
            self.block.heading = number in tuple("012345678")
        elif word in ("cell", "nestcell"):
            self.end_cell(word == "nestcell")
        elif word == "row":
            self.end_row()
        elif word == "trowd":
            self.block.edges, self.block.edge, self.block.left = [], Edge(0), 0
        elif word == "trleft":
            self.block.left = int(number or 0)
        elif word == "trhdr":
            self.block.head = self.block.head or not self.block.rows
        elif word in ("clvmrg", "clmrg"):
            self.block.edge = self.block.edge._replace(**{"below" if word == "clvmrg" else "beside": True})
        elif word == "cellx":
            self.block.edges.append(self.block.edge._replace(right=int(number or 0)))
            self.block.edge = Edge(0)

    def font_fact(self, word: str, number: int) -> None:
        """Takes note of the set of characters of a font."""
        if word == "f":
            self.state = replace(self.state, font=number)
            self.fonts[number] = Font()
        elif word == "fcharset" and number in CODECS:
            self.fonts[self.state.font] = self.fonts.get(self.state.font, Font())._replace(codec=CODECS[number])
        elif word == "cpg" and known_codec(f"cp{number}"):
            self.fonts[self.state.font] = self.fonts.get(self.state.font, Font())._replace(codec=f"cp{number}")

    def escaped(self, character: str) -> None:
        if character == "*":
            self.starred = True
        elif character in "\r\n":
            self.flush()
            if self.state.into == "body":
                self.end_paragraph()
        elif character in ESCAPED:
            self.flush()
            self.say(ESCAPED[character])

    def characters(self, text: str) -> None:
        """Takes characters in the encoding of their font."""
        self.begun = False
        skipped = min(self.to_skip, len(text))
        self.to_skip -= skipped
        if self.state.into:
            self.bytes += text[skipped:].encode("latin-1")

    def unicode(self, number: int) -> None:
        self.flush()
        self.say(unicode_of(chr(number % 0x10000), self.fonts.get(self.state.font, Font()).name))
        self.to_skip = self.state.skipped

    def flush(self) -> None:
        """Decodes the characters that were collected, in the encoding of their font."""
        self.to_skip = 0
        if not self.bytes:
            return
        data, self.bytes = self.bytes, b""
        font = self.fonts.get(self.state.font, Font())
        if font.name in FONTS and self.state.into == "body":
            self.say("".join(sign(code, font.name) for code in data))
        else:
            self.say(data.decode(font.codec or self.usual, "replace"))

    def say(self, text: str) -> None:
        """Adds text where it goes at this place."""
        into = self.state.into
        if into == "fonts":
            known = self.fonts.get(self.state.font, Font())
            self.fonts[self.state.font] = known._replace(name=(known.name + text).strip(" ;").lower())
        elif into in FACTS:
            self.facts[into] = self.facts.get(into, "") + text
        elif into == "body":
            on_paper = not self.block.in_table and all(kind != "box" for _, kind, _ in self.held)
            if is_left_out(self.state, on_paper):
                self.left_out += bool(text.strip()) and not self.state.deleted
            else:
                self.block.said += levelled(text, self.state.height)

        elif into == "colours":
            self.colours += [[] for _ in range(text.count(";"))]

    # ---- paragraphs and tables ----

    def end_paragraph(self) -> None:
        said = settled(whole(self.block.said), opens=True)
        if self.block.in_table or self.block.cells:
            self.block.said += "\n"  # a paragraph within a cell
            return
        self.block.said = ""
        self.end_table()
        self.add(said)
        self.add_hung()

    def add(self, said: str) -> None:
        if self.held:
            self.block.hung.append(said)
        else:
            self.made.add(said, "heading" if self.block.heading else None)

    def add_hung(self) -> None:
        """Adds what hangs on a paragraph; of a note it is part of the note."""
        if not self.held:
            for one in self.block.hung:
                self.made.add(one)
            self.block.hung = []

    def end_cell(self, nested: bool) -> None:
        if nested:
            self.block.said += "\n"
            return
        self.block.cells.append(
            one_cell(settled(whole(self.block.said))).removesuffix(";" if self.block.nested else "")
        )
        self.block.said = ""

    def end_row(self) -> None:
        block = self.block
        block.rows.append(Row(block.cells, tuple(block.edges), block.left))
        block.cells, block.said, block.in_table = [], "", False
        if not self.held:
            block.below, block.hung = [*block.below, *block.hung], []

    def end_table(self) -> None:
        block = self.block
        if block.cells:
            self.end_row()
        rows, block.rows = list(in_columns(block.rows)), []
        if not rows:
            return
        if self.held:
            block.hung += [" | ".join(row) for row in rows]
        else:
            self.made.table(rows, head=block.head or None)
            for one in block.below:
                self.made.add(one)
            block.below = []
        block.head = False


def whole(text: str) -> str:
    """A text whose signs beyond 16 bits, which RTF writes in two halves, are put together."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def known_codec(name: str) -> bool:
    try:
        codecs.lookup(name)
    except LookupError:
        return False
    return True
