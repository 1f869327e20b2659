"""What happens in the Find view: words come in, more passages are fetched, everything is downloaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gradio as gr

from qa.page.events import PageEvents, sent, text_sent, told
from qa.page.find_view import finds_html, mentions_html, more_html
from qa.page.finds import FACETS, Asked
from qa.text import encodable
from qa.types import Within


class FindEvents:
    """The handlers of the view, over the searches that the page's events hold."""

    def __init__(self, events: PageEvents) -> None:
        self.qa = events.qa
        self.finds = events.finds

    def find(self, token: str, within: Within | None, event: gr.EventData) -> str:
        """The view after words were asked for, or narrowed, or sorted."""
        return self.view(token, asked_in(sent(event), within))

    def like(self, token: str, within: Within | None, event: gr.EventData) -> str:
        """The view with the passages like one that was shown."""
        given = sent(event)
        start = given.get("start")
        at = start if type(start) is int and start >= 0 else 0
        return self.view(token, Asked(like=(encodable(text_sent(event, "document")), at), within=within))

    def view(self, token: str, asked: Asked) -> str:
        """The view. Where something is wrong, what was typed stays."""
        if not (asked.words.strip() or asked.like):
            return finds_html(None, asked)

        def made() -> str:
            search = self.finds.start(token, asked)
            like = self.qa.passages_within(asked.like[0], asked.like[1], asked.like[1] + 1) if asked.like else []
            return finds_html(search, first=mentions_html(search.more(), search), like=like[0].text if like else "")

        return told(made, lambda problem: finds_html(None, asked, problem=problem))

    # ---- what the view asks the server without being drawn anew ----

    def more(self, given: Any) -> dict[str, Any]:
        """The next passages of a search; a problem where there is none of that number any more."""
        search = self.finds.of(str(given.get("token")), given.get("turn"))
        if search is None:
            return {"other": True}

        def made() -> dict[str, Any]:
            return {"html": mentions_html(search.more(), search), "below": more_html(search)}

        return told(made, lambda problem: {"problem": problem})


def asked_in(given: Mapping[str, Any], within: Within | None) -> Asked:
    """What the page sent; what is not understood of it is left out."""
    only = given.get("only")
    narrowed = tuple(
        (facet, encodable(only[facet]))
        for facet in FACETS
        if isinstance(only, dict) and isinstance(only.get(facet), str)
    )
    sort = given.get("sort")
    words = given.get("words")
    return Asked(
        words=encodable(words) if isinstance(words, str) else "",
        exact=given.get("exact") is True,
        sort=sort if sort in ("date", "document") else "relevance",
        within=within,
        narrowed=narrowed,
    )
