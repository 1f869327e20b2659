"""The Find view: the field for words, counts that narrow, and the passages found, as HTML with every text escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from qa.page.answer import (
    CHANGED,
    Citation,
    cite_html,
    clipped,
    details_html,
    json_attribute,
    like_html,
    shaded,
    where_html,
)
from qa.page.documents import within_text
from qa.page.finds import FACETS, MOST_LIKE, Asked, Facet, Search, facets
from qa.text import escaped, number_of
from qa.types import Mention

NAMED = 4  # values of a facet that are offered at once
LISTED = 200  # and with those that are folded
PERIODS = 12  # days shown at most before they are counted by month, and months before they are by year
NAMES: dict[Facet, str] = {"document": "Document", "speaker": "Speaker", "dated": "Date", "language": "Language"}
SORTS = (("relevance", "relevance"), ("date", "date"), ("document", "document"))
GRAMMAR = (
    ("flood barrier", "both words, in any of their forms"),
    ('"flood barrier"', "one behind the other"),
    ("flood OR storm", "one of them, or both"),
    ("barrier NOT repair", "without a word"),
    ("(flood OR storm) barrier", "with parentheses"),
    ("evacu*", "words that begin so"),
    ('"gate closed"~5', "near each other, with at most five words between them"),
)


def finds_html(
    search: Search | None, asked: Asked | None = None, first: str = "", like: str = "", problem: str = ""
) -> str:
    """The view.

    first: the first passages as HTML; like: the text of the passage that they are like; problem: what is to be said
    instead of a result.
    """
    asked = search.asked if search else asked or Asked()
    said = f'<p class="v-warning" role="status">{escaped(problem)}</p>' if problem else ""
    found = result_html(search, first, like) if search else "" if problem else HELP
    only = json_attribute(asked.only)
    turn = search.turn if search else -1
    return (
        f'<section class="v-finds" aria-label="Find" data-turn="{turn}" data-only="{only}">'
        f"{form_html(asked)}{said}{found}</section>"
    )


HELP = '<p class="v-note">Finds every place where words stand, and marks them.</p><dl class="v-grammar">' + "".join(
    f"<div><dt><code>{escaped(typed)}</code></dt><dd>{meaning}</dd></div>" for typed, meaning in GRAMMAR
) + "</dl>"  # fmt: skip


def form_html(asked: Asked) -> str:
    """The field for words, and how they are compared and sorted."""
    choices = "".join(
        f'<option value="{value}"{" selected" if asked.sort == value else ""}>{label}</option>'
        for value, label in SORTS
    )
    return (
        '<form class="v-finds-form" role="search"><div class="v-finds-asks"><input type="search" class="v-finds-words" '
        f'aria-label="Words to find" placeholder="Words to find" autocomplete="off" value="{escaped(asked.words)}">'
        '<button type="submit" class="v-list-ask">Find</button></div>'
        '<div class="v-finds-how"><label><input type="checkbox" class="v-finds-exact"'
        f"{' checked' if asked.exact else ''}>Only as they are written</label>"
        f'<label>Sort by <select class="v-show v-finds-sort">{choices}</select></label></div></form>'
    )


def result_html(search: Search, first: str, like: str) -> str:
    """What was found: how much, what it is narrowed to, counts, and the first passages."""
    asked, total, counts = search.asked, search.total, search.counts
    part = f'<p class="v-note">Found only in {escaped(within_text(asked.within))}.</p>' if asked.within else ""
    if asked.like:
        which = "The" if total == MOST_LIKE else "All"
        title = f"{which} {number_of(total, 'passage')} like this one, most alike first"
        part = (
            f'<p class="v-like"><q dir="auto">{clipped(like)}</q> <bdi>{clipped(asked.like[0])}</bdi> '
            f'<button type="button" class="v-act" data-back="1" hidden>Back to what was found</button></p>{part}'
        )
    elif counts and total:
        title = f"{number_of(total, 'passage')} in {number_of(len(counts.documents), 'document')}"
    else:
        title = "Nothing is found"
    named = facets_html(search) if counts else ""
    table = '<button type="button" class="v-act" data-table="1">Download all as CSV</button>' if total else ""
    return (
        f'<div class="v-finds-head"><h2 class="v-finds-title" tabindex="-1">{title}</h2>{table}</div>{part}'
        f"{only_html(asked)}{named}"
        f'<ol class="v-mentions" role="list">{first}</ol>{more_html(search)}'
    )


def only_html(asked: Asked) -> str:
    """What the result is narrowed to; each is taken away by a click."""
    only = asked.only
    chips = "".join(
        f'<button type="button" class="v-facet v-facet-on" data-wider="{facet}" '
        f'aria-label="{NAMES[facet]}: {value_html(facet, only[facet])}, no longer only this">{NAMES[facet]}: '
        f"<bdi>{value_html(facet, only[facet])}</bdi> <span aria-hidden='true'>&times;</span></button>"
        for facet in FACETS
        if facet in only
    )
    return f'<div class="v-only" role="group" aria-label="Only">{chips}</div>' if chips else ""


def facets_html(search: Search) -> str:
    """How many passages each document, speaker, date and language has; a click narrows to one."""
    assert search.counts is not None
    only = search.asked.only
    rows = [
        facet_html(facet, by)
        for facet, by in facets(search.counts, PERIODS).items()
        if (len(by) > 1 or (by and facet == "speaker")) and (facet not in only or facet == "dated")
    ]
    return f'<div class="v-facets">{"".join(rows)}</div>' if rows else ""


def facet_html(facet: Facet, by: Mapping[str, int]) -> str:
    values = [
        f'<button type="button" class="v-facet" data-narrow="{json_attribute([facet, value])}">'
        f"<bdi>{value_html(facet, value)}</bdi> <b>{count:,}</b></button>"
        for value, count in islice(by.items(), LISTED)
    ]
    shown, folded = values[:NAMED], values[NAMED:]
    more = details_html(f"{len(by) - NAMED:,} more", "".join(folded) + unlisted(by), facet) if folded else ""
    return (
        f'<div role="group" aria-label="{NAMES[facet]}"><span class="v-facet-name">{NAMES[facet]}</span>'
        f'<div class="v-facet-values">{"".join(shown)}{more}</div></div>'
    )


def unlisted(by: Mapping[str, int]) -> str:
    return f'<span class="v-note">and {len(by) - LISTED:,} with fewer passages</span>' if len(by) > LISTED else ""


def value_html(facet: Facet, value: str) -> str:
    return clipped(value) or ("no date" if facet == "dated" else "none")


# ---- passages ----


def mentions_html(found: Iterable[tuple[Mention, Citation]], search: Search) -> str:
    """Passages with what was found in them marked, each with the button that opens it."""
    return "".join(mention_html(one, cited, search.turn) for one, cited in found)


def mention_html(one: Mention, cited: Citation, turn: int) -> str:
    assert cited.number is not None
    text = shaded(one.text, one.start, marks(one.marks))
    changed = f' &middot; <b class="v-state">{CHANGED}</b>' if cited.changed else ""
    return (
        f'<li><figure class="v-mention"><blockquote dir="auto">{text}</blockquote><figcaption>'
        f"{cite_html(cited, turn, cited.number - 1)} {where_html(cited)}{changed} "
        f"{like_html(one.source.name, one.at)}</figcaption></figure></li>"
    )


def marks(found: Sequence[tuple[int, int]]) -> list[tuple[int, int, str]]:
    return [(start, end, "v-span") for start, end in found]


def more_html(search: Search) -> str:
    """How many of the passages are shown, and the button that shows more."""
    shown, total = len(search.shown), search.total
    if shown >= total:
        return ""
    return (
        f'<p class="v-finds-more"><button type="button" class="v-act" data-more="1">Show more</button> '
        f"{shown:,} of {total:,} are shown</p>"
    )
