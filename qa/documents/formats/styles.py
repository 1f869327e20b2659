"""The style sheets of a web page: how its elements look on a screen, as far as that decides what a reader sees."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import urljoin

from qa.documents.heartbeat import beat

Look = dict[str, str]  # what is stated of an element: property to value
Sheets = Callable[[str], str]  # the text of the style sheet at an address; "" where the file does not hold it
Stated = tuple[tuple[str, str, bool], ...]  # (property, value, whether it is important)
Colour = tuple[float, float, float]  # red, green, blue, from 0 to 1
Weight = tuple[bool, tuple[int, int, int], int]  # importance, specificity, place: the highest one is obeyed

PROPERTIES = frozenset({
    "display", "visibility", "opacity", "font-size", "text-decoration", "vertical-align", "position", "top", "left",
    "clip", "clip-path", "text-indent", "list-style", "white-space", "mso-hide", "transition", "animation",
    "content-visibility", "content", "counter-reset", "counter-increment", "counter-set", "font-family",
    "color", "background", "background-color", "background-image", "background-clip", "-webkit-background-clip",
    "-webkit-text-fill-color", "-webkit-text-stroke", "text-shadow", "mix-blend-mode", "color-scheme", "grid-area",
    "transform", "margin", "unicode-bidi", "direction", "width", "height", "overflow", "padding",
    "filter", "inset",
})  # fmt: skip
AS_WRITTEN = frozenset({"content", "counter-reset", "counter-increment", "counter-set"})  # capitals count in these
GENERATED = frozenset({"before", "after", "marker"})  # what style sheets may put into an element
SHORT = {"text-decoration-line": "text-decoration", "list-style-type": "list-style", "animation-name": "animation",
         "transition-property": "transition", "grid-row": "grid-area", "grid-column": "grid-area",
         "translate": "transform", "margin-top": "margin", "margin-left": "margin", "margin-bottom": "margin",
         "margin-right": "margin", "padding-left": "padding", "padding-right": "padding",
         "font": "font-size"}  # fmt: skip
BROWSER = """[hidden], [popover], dialog:not([open]), datalist, noframes, noembed, meter, progress { display: none }
svg[display=none], svg [display=none] { display: none } svg [visibility=hidden] { visibility: hidden }"""
SHEET_CHARS = 2_000_000  # of style sheets that are looked at
MOST_TRIED = 20_000_000  # elements that selectors are tried on: more would take minutes
MOST_IMPORTED = 20  # style sheets within a style sheet
WIDTH = 1280.0  # pixels: of the screen that the page is read on
ON_A_SCREEN = re.compile(
    r"\(\s*(?:(?:any-)?hover\s*:\s*hover|(?:any-)?pointer\s*:\s*fine"
    r"|orientation\s*:\s*landscape|color|scripting\s*:\s*enabled"
    r"|prefers-color-scheme\s*:\s*light|prefers-reduced-motion\s*:\s*no-preference|forced-colors\s*:\s*none)\s*\)"
)
BOUND = re.compile(r"\(\s*(min|max)-(?:device-)?width\s*:\s*([\d.]+)(px|r?em)\s*\)")
RANGE = re.compile(r"\(\s*width\s*(<=?|>=?)\s*([\d.]+)(px|r?em)\s*\)")
NAME = re.compile(r"([.#])((?:[\w-]|[^\x00-\x7f]|\\[^0-9a-fA-F\n])+)")
WITHIN = re.compile(
    r":[\w-]+\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\]]*\]"
)  # parts of a selector that may name what is not there
AT_TIMES = re.compile(  # of a part of an element, or of one that somebody points at or plays
    r"::|:(?:-|focus|popover|modal|full|autofill|user|target|placeholder|playing|paused|state|future|past|(?:in)?valid)"
)
COUNTING = re.compile(r"~|:(?:nth|has|first-of|last|only)")  # looks at all the elements beside each one
AS_COLOURS = frozenset({"color", "background", "background-color", "-webkit-text-fill-color"})  # may be variables
SIZE = re.compile(r"(?:^|\s)(0|[\d.]+(?:px|pt|r?em|%|vw))(?=\s*/|\s)")  # of letters, in the shorthand of a font
IN_STYLE = re.compile(  # a declaration that matters
    rf"(?<![\w-])(?:--[\w-]+|{'|'.join(sorted({*PROPERTIES, *SHORT} - {'font-family'}))})(?=\s*:)", re.IGNORECASE
)
ASIDE = re.compile(  # in which braces begin no rule
    r"""/\*.*?(?:\*/|\Z)|("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|url\([^)"']*\))""", re.DOTALL
)
SIGN = re.compile(r"\\?[{};]")
OF_NAMESPACE = re.compile(  # before a name; lxml's pages have none
    r"(?:^|(?<=[\s>+~(]))(?:(?:[\w-]+|\*)?\|(?=\w)|\*?\|(?=\*))|(?<=\[)\*?\|(?=\w)"
)
ATTRIBUTE = re.compile(r"(?<=\[)([\w-]+)\|(?=\w)")  # with a namespace: of a book, epub|type


def no_sheet(_address: str) -> str:
    """For a page whose style sheets are not at hand."""
    return ""


class Looks(NamedTuple):
    """What is stated of a page; elements of which nothing is stated that matters are left out."""

    own: dict[Any, Look]  # of each element
    added: dict[tuple[Any, str], Look]  # of what is put into one: "before" or "after" its text, or its "marker"
    whole: bool = True  # whether all rules were looked at
    missing: int = 0  # style sheets for screens that are not at hand
    coloured: bool = True  # whether all rules that state a colour could be followed


def looks_of(tree: Any, sheets: Sheets = no_sheet) -> Looks:
    """How the elements of a page look. sheets: the style sheets that the page refers to."""
    found: dict[tuple[Any, str], dict[str, tuple[Weight, str]]] = {}
    missing: set[str] = set()

    def sheet(address: str) -> str:
        text = sheets(address)
        if not text and "font" not in address.lower():  # letters of icons, which are no text
            missing.add(address)
        return text

    named = named_in(tree)
    names = frozenset(named)
    given = (rule for text in sheets_of(tree, sheet) for rule in rules_of(pruned(text, names)))
    rules = [*rules_of(BROWSER), *given]
    size, most_beside = sum(1 for _ in tree.iter()), max(map(len, tree.iter("*")), default=0)
    left, whole, coloured = MOST_TRIED, True, True
    for place, (selectors, stated) in enumerate(rules):
        for selector in selectors:
            if not needed(selector) <= names:
                continue
            beat()
            starts = min((named[name] for name in first_named(selector)), key=len, default=None)
            steps = sum(1 for _ in COUNTING.finditer(selector))  # each goes over the elements beside what is found
            cost = (size if starts is None else len(starts)) * max(1, most_beside) ** steps
            if cost > left:
                whole = False
                continue
            left -= cost
            specificity, find, where = compiled(selector)
            if find is None and not AT_TIMES.search(WITHIN.sub("", selector)):
                coloured = coloured and not any("color" in name or "background" in name for name, _, _ in stated)
            for start in (starts or [tree]) if find else ():
                for element in found_by(find, start):
                    for name, value, important in stated:
                        keep(found.setdefault((element, where), {}), name, value, (important, specificity, place))
    for element in tree.xpath("//*[@style]"):
        for name, value, important in stated_in(element.get("style")):
            keep(found.setdefault((element, ""), {}), name, value, (important, (99, 0, 0), 0))
    looks = {place: {name: value for name, (_, value) in look.items()} for place, look in found.items()}
    own = {element: look for (element, where), look in looks.items() if not where}
    return Looks(own, {place: look for place, look in looks.items() if place[1]}, whole, len(missing), coloured)


def keep(look: dict[str, tuple[Weight, str]], name: str, value: str, weight: Weight) -> None:
    if name not in look or weight >= look[name][0]:
        look[name] = weight, value


# ---- style sheets ----


def sheets_of(tree: Any, sheets: Sheets) -> Iterator[str]:
    """The style sheets of a page in their order, each within the media that it is for."""
    left = SHEET_CHARS
    for element in tree.iter("style", "link"):
        if any(True for _ in element.iterancestors("noscript", "template")) or not on_screen(
            element.get("media") or ""
        ):
            continue
        if element.tag == "style":
            text = with_imported(re.sub(r"<!\[CDATA\[|\]\]>", "", "".join(element.itertext())), "", sheets)
        else:
            kind = (element.get("rel") or "").lower().split()
            if "stylesheet" not in kind or "alternate" in kind or not element.get("href"):
                continue
            text = with_imported(sheets(element.get("href")), element.get("href"), sheets)
        text, left = text[:left], left - len(text[:left])
        if text.strip():
            yield text


def with_imported(text: str, address: str, sheets: Sheets, depth: int = 3) -> str:
    """A style sheet with those that it imports before it."""
    if "@import" not in text or not depth:
        return text
    import tinycss2

    before: list[str] = []
    for rule in tinycss2.parse_rule_list(text, skip_comments=True, skip_whitespace=True):
        if rule.type != "at-rule" or rule.lower_at_keyword != "import" or len(before) >= MOST_IMPORTED:
            continue
        first, *others = [token for token in rule.prelude if token.type not in ("whitespace", "comment")] or [None]
        place = first.value if first is not None and first.type in ("string", "url") else ""
        if first is not None and first.type == "function" and first.arguments:
            place = getattr(first.arguments[0], "value", "")
        if place and on_screen(tinycss2.serialize(others)):
            at = urljoin(address, place) if ":" in address else posixpath.join(posixpath.dirname(address), place)
            before.append(with_imported(sheets(at), at, sheets, depth - 1))
    return "\n".join([*before, text])


def pruned(sheet: str, names: frozenset[str]) -> str:
    """A style sheet without the rules that state nothing that matters or need other names than the page has.

    Parsing it whole would take a second for 60,000 characters.
    """
    sheet = ASIDE.sub(lambda match: SIGN.sub(escaped, match[1] or " "), sheet)
    kept = []
    depth = 0  # how many braces are open; one that closes none spoils the rule behind it
    *pieces, rest = sheet.split("}")
    for piece in pieces:
        before, brace, body = piece.rpartition("{")
        at = max(before.rfind("{"), before.rfind(";")) + 1
        selectors = parts(before[at:]) if "(" in before[at:] else before[at:].split(",")
        spoilt = depth < 0
        if not brace or spoilt:
            kept.append(f"{piece}}}")
        elif IN_STYLE.search(body) and any(needed(one) <= names for one in selectors):
            kept.append(f"{before}{{{mattering(body)}}}")
        else:
            kept.append(before[:at])
        depth = max(depth, 0) + piece.count("{") - 1
    return "".join([*kept, rest])


def mattering(body: str) -> str:
    """The declarations of a rule that matter."""
    return ";".join(one for one in body.split(";") if IN_STYLE.search(one) or "font-family" in one.lower())


def escaped(sign: re.Match[str]) -> str:
    """A brace or semicolon of a string by its number, so that it is not taken for the end of a rule."""
    return f"\\{ord(sign[0][-1]):x} "


@lru_cache(maxsize=16)
def rules_of(sheet: str) -> tuple[tuple[tuple[str, ...], Stated], ...]:
    """The rules of a style sheet that hold on a screen and state something that matters."""
    import tinycss2

    try:
        return tuple(rules_in(tinycss2.parse_stylesheet(sheet, skip_comments=True, skip_whitespace=True), ()))
    except RecursionError:  # a thousand brackets within each other
        return ()


def rules_in(nodes: Sequence[Any], around: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Stated]]:
    """around: the selectors of the rule that these stand in."""
    import tinycss2

    for node in nodes:
        if node.type == "qualified-rule":
            selectors = tuple(nested(one, around) for one in parts(tinycss2.serialize(node.prelude)))
            inner = tinycss2.parse_blocks_contents(node.content, skip_comments=True, skip_whitespace=True)
            if stated := tuple(declared(inner)):
                yield selectors, stated
            yield from rules_in(inner, selectors)
        elif node.type == "at-rule" and node.content is not None:
            asked = tinycss2.serialize(node.prelude)
            keyword = node.lower_at_keyword
            if (keyword == "media" and on_screen(asked)) or (
                keyword in ("supports", "layer", "container", "scope") and not asked.strip().lower().startswith("not")
            ):
                inner = tinycss2.parse_blocks_contents(node.content, skip_comments=True, skip_whitespace=True)
                if around and (stated := tuple(declared(inner))):
                    yield around, stated
                yield from rules_in(inner, around)


def nested(selector: str, around: tuple[str, ...]) -> str:
    """The selector of a rule that may stand in another one."""
    if not around:
        return selector
    outer = around[0] if len(around) == 1 else f":is({', '.join(around)})"
    return selector.replace("&", outer) if "&" in selector else f"{outer} {selector}"


def parts(selectors: str) -> list[str]:
    """The selectors of a list."""
    found, depth, at = [], 0, 0
    for place, sign in enumerate(selectors):
        depth += (sign in "([") - (sign in ")]")
        if sign == "," and depth == 0:
            found.append(selectors[at:place].strip())
            at = place + 1
    return [*found, selectors[at:].strip()]


def declared(nodes: Sequence[Any]) -> Iterator[tuple[str, str, bool]]:
    """What matters of the declarations of a rule."""
    import tinycss2

    for node in nodes:
        if node.type != "declaration":
            continue
        variable = node.name.startswith("--")
        name = node.name if variable else SHORT.get(node.lower_name, node.lower_name)
        if variable or name in PROPERTIES:
            value = tinycss2.serialize(node.value).strip()
            value = value if variable or name in AS_WRITTEN else value.lower()
            if node.lower_name == "font":
                size = SIZE.search(value)
                value = size[1] if size else ""
            if value and ("var(" not in value or variable or name == "content" or name in AS_COLOURS):
                yield name, value, node.important


@lru_cache(maxsize=4096)
def stated_in(style: str) -> Stated:
    """What matters of a style attribute."""
    import tinycss2

    if not IN_STYLE.search(style):
        return ()
    return tuple(declared(tinycss2.parse_blocks_contents(style, skip_comments=True, skip_whitespace=True)))


def pieces_of(content: str) -> Iterator[tuple[str, str, list[str]]]:
    """(string, ident or function; its text or name; names and strings within) of each piece of a `content` for the eye.

    What programs read instead, behind a stroke, is left out.
    """
    import tinycss2

    for token in tinycss2.parse_component_value_list(content, skip_comments=True):
        if token.type == "literal" and token.value == "/":
            return
        if token.type in ("string", "ident"):
            yield token.type, token.value, []
        elif token.type == "function":
            words = [one.value for one in token.arguments if one.type in ("ident", "string")]
            yield token.type, token.lower_name, words


@lru_cache(maxsize=4096)
def colour_in(value: str) -> tuple[Colour, float] | None:
    """(colour, from 0 for clear to 1) of a colour as style sheets write it; None where it cannot be told."""
    import tinycss2.color4

    try:
        found = tinycss2.color4.parse_color(value)
        if found is None or isinstance(found, str):
            return None
        red, green, blue = (min(1.0, max(0.0, float(part or 0))) for part in found.to("srgb").coordinates)
    except (ValueError, NotImplementedError, TypeError):
        return None
    return (red, green, blue), float(found.alpha)


def on_screen(media: str) -> bool:
    """Whether a list of media queries holds on an ordinary screen."""
    return not media.strip() or any(query_holds(query.strip().lower()) for query in media.split(","))


def query_holds(query: str) -> bool:
    turned = query.startswith("not ")
    for part in re.split(r"\band\b", query.removeprefix("not ").removeprefix("only ")):
        if not term_holds(part.strip()):
            return turned
    return not turned


def term_holds(term: str) -> bool:
    if bound := BOUND.fullmatch(term):
        size = float(bound[2]) * (1 if bound[3] == "px" else 16)
        return size <= WIDTH if bound[1] == "min" else size >= WIDTH
    if bound := RANGE.fullmatch(term):
        size = float(bound[2]) * (1 if bound[3] == "px" else 16)
        return size > WIDTH if bound[1].startswith("<") else size < WIDTH
    return term in ("screen", "all", "") or ON_A_SCREEN.fullmatch(term) is not None


# ---- selectors ----


def named_in(tree: Any) -> dict[str, list[Any]]:
    """The outermost elements of each class, with a full stop, and of each id, with a number sign."""
    every: dict[str, list[Any]] = {}
    for element in tree.xpath("//*[@class or @id]"):
        for name in {f".{name}" for name in (element.get("class") or "").split()} | {f"#{element.get('id')}"}:
            every.setdefault(name, []).append(element)
    return {name: outermost(elements) for name, elements in every.items()}


def outermost(elements: Sequence[Any]) -> list[Any]:
    """Those of the elements, which are in the order of the page, that stand in none of the others."""
    found: list[Any] = []
    for element in elements:
        if not found or not any(up is found[-1] for up in element.iterancestors()):
            found.append(element)
    return found


@lru_cache(maxsize=20_000)
def needed(selector: str) -> frozenset[str]:
    """Classes and ids without which a selector finds nothing."""
    return frozenset(sign + name.replace("\\", "") for sign, name in NAME.findall(WITHIN.sub("", selector)))


def first_named(selector: str) -> frozenset[str]:
    """Classes and ids of the element that a selector begins with: it finds nothing that is not reached from there."""
    return needed(re.split(r"[\s>+~]", WITHIN.sub("", selector).strip(), maxsplit=1)[0])


def found_by(find: Any, start: Any) -> Any:
    """The elements that a compiled selector means; none where it names a namespace, which lxml's pages do not have."""
    from lxml import etree

    try:
        return find(start)
    except etree.XPathError:
        return ()


@lru_cache(maxsize=20_000)
def compiled(selector: str) -> tuple[tuple[int, int, int], Any, str]:
    """(specificity, function from a tree to the elements that are meant, what of each: all of it or one of GENERATED).

    The function is None where the selector cannot be followed.
    """
    from cssselect import HTMLTranslator, SelectorError, parse
    from lxml import etree

    try:
        first = parse(ATTRIBUTE.sub(r"\1\\:", OF_NAMESPACE.sub("", selector)))[0]
        where = first.pseudo_element or ""
        if where and where not in GENERATED:
            return (0, 0, 0), None, ""
        return first.specificity(), etree.XPath(HTMLTranslator().selector_to_xpath(first)), str(where)
    except (SelectorError, etree.XPathError, IndexError, RecursionError):
        return (0, 0, 0), None, ""
