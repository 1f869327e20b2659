"""Keeping a conversation: the menu with the forms it can be kept in, and the file in one of them."""

from __future__ import annotations

from collections.abc import Sequence

from qa.page import export
from qa.page.annotations import to_annotations
from qa.page.bibliography import to_bibtex, to_csl, works_of
from qa.page.export import Asked, export_facts, to_html, to_markdown
from qa.store.notes import DocumentOf, Note

ANNOTATIONS, CSL, BIBTEX = "jsonld", "csl.json", "bib"

FORMS = {  # ending of the file's name -> as the menu calls it
    export.HTML: "HTML",
    export.MARKDOWN: "Markdown",
    ANNOTATIONS: "Web Annotations (JSON-LD)",
    CSL: "CSL-JSON",
    BIBTEX: "BibTeX",
}


def keep_html() -> str:
    """The menu; a choice sends the form."""
    items = "".join(
        f'<li><button type="button" class="v-act" data-form="{form}">Keep as {name}</button></li>'
        for form, name in FORMS.items()
    )
    return f'<details class="v-keep"><summary class="v-small">Keep</summary><ul>{items}</ul></details>'


def kept(form: str, asked: Sequence[Asked], notes: Sequence[Note], document_of: DocumentOf) -> str:
    """The text of a file in a form of FORMS. With the answers go the notes on the documents that they quote.

    document_of: the store's document of a name, None where it has none.
    """
    cited = {place.source.name for one in asked for span in one.answer.shown for place in span.places}
    noted = [note for note in notes if note.document in cited]
    if form == export.HTML:
        return to_html(export_facts(asked))
    if form == ANNOTATIONS:
        return to_annotations(asked, noted, document_of)
    if form == CSL:
        return to_csl(works_of(asked, noted, document_of))
    if form == BIBTEX:
        return to_bibtex(works_of(asked, noted, document_of))
    return to_markdown(export_facts(asked))
