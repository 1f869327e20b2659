"""Page furniture: what is recognised, and what may be content and is kept."""

from __future__ import annotations

import pytest

from qa.documents.extract import HEADER_LINES
from qa.documents.furniture import furniture_marks
from tests.documents.making import OTHER, PROSE, extract_of, marked

FURNITURE = [
    "NEXT NEWS",
    "Next article \u00bb",
    "Volgende bericht",
    "Read also:",
    "Read also: Ten locks you should have seen",
    "Lees ook: Tien sluizen die je gezien moet hebben",
    "Read also: One thing\nRead also: Another thing",
    "Related articles",
    "Gerelateerde artikelen",
    "Meest gelezen",
    "Advertisement",
    "Advertentie",
    "Back to top",
    "Share on Facebook",
    "Share this article on Facebook, Twitter and LinkedIn",
    "Deel dit artikel via WhatsApp",
    "Share this story: Facebook | X | Copy link",
    "Share | Print | Comments",
    "Facebook\nTwitter\nWhatsApp",
    "Follow us on Mastodon and Bluesky",
    "Volg ons ook via de app",
    "Photo: Jane Doe / Harbour News",
    "Foto: Jan de Vries",
    "Source:\xa0 HARBOUR",
    "\xa9 Jane Doe",
    "The lock at night\nSource: Harbour News",
    "\xa9 2021 Harbour News. All rights reserved.",
    "\u2022",
    "- |",
    "* * *",
    "- [Engels](#)\n- Nederlands",
    "[Frans](#)",
    "[\u2022 Oekra\xefens](#)",
    "- Duits \u2022",
    "Sign up for our newsletter",
    "Subscribe to the Harbour newsletter and never miss a ship.",
    "Meld je aan voor onze nieuwsbrief",
    "Schrijf u in voor de nieuwsbrief van de haven.",
    "Based on your location you may want the Dutch edition.\nWould you like to switch?",
    "Uw browser staat op Nederlands. Lees deze pagina in het Nederlands?",
    "This article is also available in Dutch and French.",
    "Dit artikel is ook beschikbaar in het Engels",
]
KEPT = [
    "She mentioned sharing the photos on Facebook with her friends.",
    "Share prices on Facebook fell.",
    "Share",
    "Next",
    "Home",
    "English",
    "The newsletter will come out every Friday, said the harbour master.",
    "Subscribe to the newsletter before 1 March at the town hall.",
    '"Sign up for our newsletter," the letter to the skippers began.',
    "Read also the small print, the skipper says.",
    "Read more about this in the report. It names three causes.",
    "Read more: three causes\nThe gate was old, the motor was weak and nobody looked.",
    "See also Article 5 of the harbour rules",
    "Source: the harbour master, who wants to stay unnamed",
    "Source: 1,200 ships counted in 2020",
    "Photo: a skipper shakes hands with the mayor",
    "Photos of the lock were taken by Jane Doe.",
    "A bus at the lock. Skippers waited an hour.\nSource: Harbour News",
    "\xa9 2021 Harbour News",
    "Based on your description, the lock is of the old kind.",
    "This page is also available in print at the town hall.",
    "Category 3 locks take ships of 1,500 tonnes.",
    "Author\nJane Doe",
    "- 12 May 2021 -",
    "- 12 May 2021 -\n- |\n- Last updated: 13 May 2021 19:19",
    "Publication date\n12 May 2021",
    "(As delivered)",
    "We follow the ships on a screen.",
    "Volg ons",
    "Advertisement for the lock was banned.",
]


@pytest.mark.parametrize("block", FURNITURE)
def test_furniture_is_recognised(block: str) -> None:
    text = f"Lock closed\n\n{PROSE}\n\n{block}\n\n{OTHER}\n"
    assert [text[mark.start : mark.end] for mark in furniture_marks(text)] == [block]
    assert [text[mark.start : mark.end] for mark in furniture_marks(text.replace("\n", "\r\n"))] != []


@pytest.mark.parametrize("block", KEPT)
def test_what_may_be_content_is_kept(block: str) -> None:
    assert furniture_marks(f"Lock closed\n\n{PROSE}\n\n{block}\n\n{OTHER}\n") == ()
    assert furniture_marks(f"{block}\n\n{PROSE}") == ()


NOTICES = [
    "By visiting our site you agree to our use of cookies.",
    "We use cookies to give you the best experience. Accept all / Manage choices",
    "This website uses cookies.",
    "Accept all cookies",
    "Cookie settings",
    "Wij gebruiken cookies om uw bezoek prettiger te maken.",
    "Door verder te surfen gaat u akkoord met onze cookies.",
    "Alle cookies accepteren",
]


@pytest.mark.parametrize("notice", NOTICES)
def test_cookie_notices_are_recognised_at_the_edges(notice: str) -> None:
    for text in (f"{notice}\n\nLock closed\n\n{PROSE}", f"Lock closed\n\n{PROSE}\n\n{notice}"):
        assert [text[mark.start : mark.end] for mark in furniture_marks(text)] == [notice]


@pytest.mark.parametrize("notice", NOTICES)
def test_a_text_about_cookies_loses_nothing(notice: str) -> None:
    subject = "The harbour's page sets a cookie on every visit, and the skippers do not like it."
    assert furniture_marks(f"Cookies at the lock\n\n{subject}\n\n{notice}") == ()
    assert furniture_marks(f"Privacy\n\n{notice}\n\nWhat is a cookie\n\n{PROSE}") == ()
    middle = [PROSE] * 6
    assert furniture_marks("\n\n".join([*middle, notice, *middle])) == ()


@pytest.mark.parametrize(
    "block",
    [
        "The site used cookies without asking, the regulator found.",
        '"By visiting our site you agree to cookies," the banner read.',
        "We use cookies and accept all blame, said the mayor.",
        "Grandmother's cookies were eaten before noon.",
    ],
)
def test_cookies_in_prose_are_kept(block: str) -> None:
    assert furniture_marks(f"Lock closed\n\n{PROSE}\n\n{block}") == ()


def test_labels_below_the_title_are_furniture_but_not_the_title() -> None:
    found = extract_of(f"Lock closed\nCategory\nHarbour life\nPublication date\n\n{PROSE}\n")
    assert marked(found, "furniture") == ["Category\nHarbour life\nPublication date"]
    assert marked(found, "heading") == ["Lock closed"]


def test_lone_labels_are_furniture_only_at_the_top() -> None:
    assert len(furniture_marks(f"Category\n\n{PROSE}")) == 1
    assert furniture_marks(f"{PROSE}\n\n" * HEADER_LINES + "Category") == ()


def test_a_breadcrumb_is_furniture() -> None:
    text = f"The Veerhaven Post\nHome > News > Harbour\n\nLock closed\n\n{PROSE}"
    assert [text[mark.start : mark.end] for mark in furniture_marks(text)] == [
        "The Veerhaven Post\nHome > News > Harbour"
    ]


def test_a_language_menu_without_links_is_furniture_only_next_to_other_furniture() -> None:
    assert len(furniture_marks(f"\u2022\n\n- English\n- Dutch\n\n{PROSE}")) == 2
    assert furniture_marks(f"Languages of the harbour\n\n- English\n- Dutch\n\n{PROSE}") == ()
    assert furniture_marks(f"The crew speaks:\n\n- [English](#)\n- [Dutch](#)\n\n{PROSE}") == ()


def test_a_long_block_is_never_furniture() -> None:
    assert furniture_marks("Read also: " + PROSE * 4) == ()
    assert furniture_marks("We use cookies, you agree to that. " * 10) == ()


def test_heads_and_feet_of_pages_are_furniture_and_pages_are_counted() -> None:
    bodies = [f"{PROSE}\n\nOn 1{n} May the gauge read 4{n}0.\n\nTotal: {n * n}12\n" for n in range(3)]
    text = "\f".join(
        f"Gauges of Veerhaven        May 2021\n\n{body}\n\n\nLund & Okoro        [Page {n}]\n"
        for n, body in enumerate(bodies, start=1)
    )
    found = extract_of(text + "\f")
    assert found.text == text + "\f"
    assert [text[at:].startswith("Gauges") for at in found.pages] == [True] * 3
    assert marked(found, "furniture") == [
        "Lund & Okoro        [Page 1]",
        *(line for n in (2, 3) for line in ("Gauges of Veerhaven        May 2021", f"Lund & Okoro        [Page {n}]")),
    ]
    assert extract_of(text.replace("\f", "\n")).pages == ()
