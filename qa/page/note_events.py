"""What happens when a note is written, removed, listed, opened or kept on the page."""

from __future__ import annotations

from typing import Any

import gradio as gr

from qa.page import notes
from qa.page.annotations import to_annotations
from qa.page.conversation import pane_html
from qa.page.events import PageEvents, Update, html_of, sent, text_sent


class NoteEvents:
    """The event handlers of notes, beside those of the page."""

    def __init__(self, events: PageEvents) -> None:
        self.events = events

    def change(self, asked: Any) -> dict[str, Any]:
        """A note added to or removed from the document that is shown, and what is then to be drawn anew."""
        of = self.events
        return of.of_document(asked, lambda document, shown: notes.change(of.qa, document, shown, asked, of.passages))

    def listed(self, asked: Any) -> dict[str, Any]:
        """The notes of all documents that the drawer's filter leaves, after a note was removed if one is named."""
        return {"html": html_of(lambda: notes.listed(self.events.qa, asked if isinstance(asked, dict) else {}))}

    def open(self, event: gr.EventData) -> tuple[str, str]:
        """The source pane for a note, and the drawer closed."""

        def source() -> str:
            note, document = notes.note_named(self.events.qa, text_sent(event, "note"))
            return self.events.opened(notes.citation_of(note, document), (-1, -1, 1))

        return pane_html(html_of(source), next(self.events.count), clicked=True), ""

    def keep(self, event: gr.EventData) -> tuple[Update, str]:
        """The notes that the drawer lists as a file, and a notice."""
        qa = self.events.qa
        return self.events.file("notes.jsonld", lambda: to_annotations((), notes.chosen(qa, sent(event)), qa.document))
