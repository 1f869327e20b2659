"""What a browser would make of the page's HTML, and a store of two texts to make it from."""

from __future__ import annotations

import html.parser

GATE = "Gate three stopped at 22:37."
NOTE = "A note.\n\nOn the night of the storm " + GATE + " Nobody was hurt.\n"
COPY = "A copy.\n\nThey say it too: " + GATE + "\n"
QUESTION = "When did gate three stop?"
NASTY = (
    "<script>window.__pwned=1</script> <img src=x onerror=alert(1)> ${7*7} {{7*7}} ![b](http://beacon.example/x.png) "
    "\"'><b>bold</b> \u202eevil\u202c zero\u200bwidth $$\\href{javascript:alert(1)}{x}$$ &amp; `code`"
)


class Seen(html.parser.HTMLParser):
    """What a browser would see: the elements and the text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.marked = ""
        self.open: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("input", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        self.marked += data if "mark" in self.open else ""


OURS = {
    "p", "h2", "h3", "div", "span", "mark", "bdi", "time", "figure", "figcaption", "blockquote", "button", "section",
    "details", "summary", "ul", "li", "form", "input", "a", "b", "q", "label", "textarea",
}  # fmt: skip
ATTRIBUTES = {
    "class", "dir", "type", "title", "tabindex", "role", "aria-label", "hidden", "disabled", "href", "download",
    "data-turn", "data-number", "data-opened", "data-clicked", "data-key", "data-copy", "data-judge", "data-o",
    "data-start", "data-end", "data-place", "data-like", "data-edge", "data-page", "data-alone", "placeholder",
    "maxlength", "autocomplete", "rows", "rel", "target",
}  # fmt: skip
