"""What happens in the List view: questions come in, answers are fetched as they come, the table is downloaded."""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Callable
from typing import Any

import gradio as gr

from qa.answering.questions import text_in
from qa.answering.tables import writer_for
from qa.errors import UsageError, VerbatimError
from qa.page.events import PageEvents, html_of, text_sent
from qa.page.list_view import head_html, list_html, row_html
from qa.page.lists import objects_of
from qa.types import Within


class ListEvents:
    """The handlers of the view, over the lists that the page's events hold."""

    def __init__(self, events: PageEvents) -> None:
        self.lists = events.lists

    def view(self, token: str, last: str = "", problem: str = "", text: str = "") -> str:
        """The whole view. last: of the visitor before, whose list a new tab goes on with."""

        def made() -> str:
            asked = self.lists.of(token, last or token)
            outdated = asked is not None and not asked.running and self.lists.is_outdated(asked)
            return list_html(asked, outdated, problem, text)

        return html_of(made)

    def show(self, token: str) -> str:
        return self.view(token)

    def begin(self, token: str, within: Within | None, event: gr.EventData) -> str:
        """The view once the questions that were typed or read are being asked."""
        text = text_sent(event, "text")
        try:
            return self.view(token, problem="; ".join(self.lists.start(token, text, text_sent(event, "name"), within)))
        except VerbatimError as error:
            return self.view(token, problem=str(error), text=text)

    def act(self, token: str, event: gr.EventData) -> str:
        """The view after one of its buttons."""
        does: dict[str, Callable[[str], None]] = {
            "stop": self.lists.stop,
            "goon": self.lists.go_on,
            "again": self.lists.again,
            "clear": self.lists.clear,
        }
        chosen = text_sent(event, "act")
        if chosen in does:
            does[chosen](token)
        return self.view(token)

    # ---- what the view asks the server without being drawn anew ----

    def rows(self, sent: Any) -> dict[str, Any]:
        """What has changed since a version of the list: its head and rows; nothing where it is another list."""
        asked = self.lists.of(str(sent.get("token")))
        if asked is None or asked.id != sent.get("id"):
            return {"other": True}
        with asked.lock:
            since = sent.get("since")
            seen = since if type(since) is int else -1
            changed = [(n, row_html(row, n)) for n, row in enumerate(asked.rows) if row.stamp > seen]
            return {"version": asked.version, "running": asked.running, "head": head_html(asked), "rows": changed}

    def read(self, sent: Any) -> dict[str, str]:
        """The text of a file of questions, or why it cannot be read."""
        try:
            text, notes = text_in(base64.b64decode(str(sent.get("data"))), str(sent.get("name")))
        except (UsageError, binascii.Error) as error:
            return {"problem": str(error)}
        return {"text": text, "problem": "; ".join(notes)}

    def file(self, sent: Any) -> dict[str, str]:
        """The table as a file of the form that was asked for."""
        asked = self.lists.of(str(sent.get("token")))
        if asked is None:
            return {"problem": "there is no list"}
        name = f"answers.{sent.get('form')}"
        stream = io.BytesIO()
        try:
            writer_for(name)(objects_of(asked), stream)
        except VerbatimError as error:
            return {"problem": str(error)}
        return {"name": name, "data": base64.b64encode(stream.getvalue()).decode()}
