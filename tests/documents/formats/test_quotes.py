"""Letters that quote letters: who says what, and when; signatures and notices."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest

from qa.documents.extract import Extract
from tests.documents.making import assert_sound, extract_of, marked

HEAD = """From: Jan de Vries <jan@vries.example>
To: Eva Lund <eva@lund.example>
Date: Thu, 12 Sep 2024 10:31:00 +0200
Subject: Re: The roof
Content-Type: text/{}; charset=utf-8

"""
OWN = ("Jan de Vries", None)
EVA, JAN = ("Eva Lund", "2024-09-11"), ("Jan de Vries", "2024-09-10")


def letter_of(body: str, kind: str = "plain") -> Extract:
    found = extract_of(HEAD.format(kind) + body, ".eml")
    assert_sound(found)
    return found


def said(found: Extract, words: str) -> tuple[str | None, str | None]:
    """Who says those words, and when."""
    at = found.text.index(words)
    turn = max((turn for turn in found.turns if turn.start <= at), key=lambda turn: turn.start)
    return turn.speaker, turn.date


INTRODUCTIONS = {
    "Gmail": "On Wed, 11 Sep 2024 at 18:04, Eva Lund <eva@lund.example> wrote:",
    "wrapped": "On Wednesday, September 11th, 2024 at 6:04 PM, Eva Lund\n<eva2001@lund.example> wrote:",
    "mutt": "On Wed, Sep 11, 2024 at 06:04:00PM +0200, Eva Lund wrote:",
    "Thunderbird": "On 9/11/24 18:04, Eva Lund wrote:",
    "Dutch": "Op wo 11 sep 2024 om 18:04 schreef Eva Lund <eva@lund.example>:",
    "Dutch, in figures": "Op 11-09-2024 om 18:04 schreef Eva Lund:",
    "Dutch, Apple": "Op 11 sep. 2024 om 18:04 heeft Eva Lund <eva@lund.example> het volgende geschreven:",
    "German": "Am Mi., 11. Sept. 2024 um 18:04 Uhr schrieb Eva Lund <eva@lund.example>:",
    "German, the name first": "Eva Lund schrieb am 11.09.2024 um 18:04:",
    "French": "Le mer. 11 sept. 2024 \u00e0 18:04, Eva Lund <eva@lund.example> a \u00e9crit :",
    "without a verb": "2024-09-11 18:04 GMT+02:00 Eva Lund <eva@lund.example>:",
}


@pytest.mark.parametrize("line", INTRODUCTIONS.values(), ids=list(INTRODUCTIONS))
def test_marked_lines_are_the_words_of_whom_the_line_above_names(line: str) -> None:
    found = letter_of(f"It costs 400 euros.\n\n{line}\n> What does\n> it cost?\n>\n> Eva\nBye.\n")
    assert "What does\nit cost?\n\nEva" in found.text
    assert said(found, "What does") == EVA
    assert said(found, "Bye") == said(found, "It costs") == OWN
    assert said(found, line.split("\n")[0])[0] is None


BLOCKS = {
    "English": "-----Original Message-----\nFrom: Eva Lund [mailto:eva@lund.example]\nSent: Wednesday, "
    "September 11, 2024 "
    "6:04 PM\nTo: Jan; Piet;\n Klaas\nSubject: The roof",
    "Dutch": "Van: Eva Lund <eva@lund.example>\nVerzonden: woensdag 11 september 2024 18:04\nAan: Jan\nOnderwerp: Dak",
    "German": "Von: Eva Lund\nGesendet: Mittwoch, 11. September 2024 18:04\nAn: Jan\nCc: Piet\nBetreff: Dach",
    "French": "De : Eva Lund <eva@lund.example>\nEnvoy\u00e9 : mercredi 11 septembre 2024 18:04\n\u00c0 : "
    "Jan\nObjet : toit",
    "forwarded": "---------- Forwarded message ---------\nFrom: *Eva Lund* <eva@lund.example>\nDate: Wed, "
    "11 Sept 2024 at 18:04"
    "\nSubject: The roof\nTo: Jan",
    "Apple": "Begin forwarded message:\n\nFrom: Eva Lund <eva@lund.example>\nSubject: The roof\nDate: 11 "
    "September 2024 at "
    "18:04:00 CEST\nTo: Jan",
}


@pytest.mark.parametrize("block", BLOCKS.values(), ids=list(BLOCKS))
def test_what_follows_a_block_of_fields_is_the_words_of_its_sender(block: str) -> None:
    found = letter_of(
        f"See below.\n\n{block}\n\nThe roof is red.\n\nOp 10-09-2024 om 09:15 schreef Jan de Vries:\n> Rood?\n"
    )
    assert said(found, "See below") == OWN
    assert said(found, "The roof is red") == EVA
    assert said(found, "Rood?") == JAN
    assert said(found, block.split("\n")[-1])[0] is None


PAGES = {
    "Gmail": '<div>See below.</div><div class="gmail_quote"><div class="gmail_attr">On Wed, 11 Sep 2024 at '
    "18:04, Eva Lund "
    '&lt;<a href="mailto:eva@lund.example">eva@lund.example</a>&gt; wrote:<br></div><blockquote class="gmail_quote">'
    "<p>The roof is red.</p></blockquote></div><div>Bye.</div>",
    "Apple": '<div>See below.</div><blockquote type="cite"><div>On 11 Sep 2024, at 18:04, Eva Lund '
    "&lt;eva@lund.example&gt; "
    "wrote:</div><br><div>The roof is red.</div></blockquote><div>Bye.</div>",
    "indented": "<p>See below.</p><p>Eva Lund schrieb am 11.09.2024 um 18:04:</p><blockquote>The roof is "
    "red.</blockquote>"
    "<p>Bye.</p><blockquote>My own indented words.</blockquote>",
    "Outlook": "<p>See below. Bye.</p><div style='border:none;border-top:solid #E1E1E1 "
    "1.0pt'><p><b>From:</b> Eva Lund<br>"
    "<b>Sent:</b> Wednesday, September 11, 2024 6:04 PM<br><b>To:</b> Jan<br><b>Subject:</b> Roof</p></div>"
    "<p>The roof is red.</p>",
}


@pytest.mark.parametrize("page", PAGES.values(), ids=list(PAGES))
def test_quotations_in_html(page: str) -> None:
    found = letter_of(f"<html><body>{page}</body></html>", "html")
    assert said(found, "The roof is red.") == EVA
    assert said(found, "See below.") == said(found, "Bye.") == OWN
    if "indented" in page:
        assert said(found, "My own indented words.") == OWN


def test_levels_of_a_thread_and_answers_between_the_lines() -> None:
    found = letter_of(
        "On 11 Sep 2024, at 18:04, Eva Lund <eva@lund.example> wrote:\n> On 10 Sep 2024, at 09:15, Jan de "
        "Vries wrote:\n"
        ">> The roof is red.\n> Is it old?\nIt is new.\n> And dry?\nIt is dry.\n"
    )
    assert [said(found, words) for words in ("The roof is red", "Is it", "It is new", "And dry", "It is dry")] == [
        JAN, EVA, OWN, EVA, OWN,
    ]  # fmt: skip


def test_what_is_not_stated_is_not_guessed() -> None:
    found = letter_of(
        "> Somebody's words.\nMine.\n\nOn 9/8/2024 6:04 PM, Eva Lund wrote:\n> Eighth or ninth?\n\nThe "
        "mayor wrote:\n> Stop.\n"
    )
    assert said(found, "Somebody's words") == (None, "")
    assert said(found, "Eighth or ninth?") == ("Eva Lund", "")
    assert said(found, "The mayor wrote:") == OWN
    assert said(found, "Stop.") == (None, "")


def test_marks_that_belong_to_the_text_stay() -> None:
    found = letter_of(
        "Limits:\n\n> 50 km: orange\n> 80 km: red\n\n>From here on it is ours.\n\nOn 3 May 2024 he wrote:\nNo.\n"
    )
    assert "> 50 km: orange\n> 80 km: red\n\nFrom here on it is ours.\n\nOn 3 May 2024 he wrote:\nNo." in found.text
    assert {said(found, words) for words in ("50 km", "From here", "No.")} == {OWN}


def test_flowed_lines_are_joined() -> None:
    body = (
        HEAD.format("plain").replace("utf-8", "utf-8; format=flowed")
        + "One line \nof text.\n> Another \n> one.\n-- \nJan\n"
    )
    text = extract_of(body, ".eml").text
    assert "One line of text." in text
    assert "Another one." in text


# ---- signatures and notices ----

CONTACTS = (
    "Jan de Vries\nSenior adviseur\nBureau De Vries B.V.\nDorpsstraat 12\n"
    "1234 AB Utrecht\nT: 030-1234567\nwww.vries.example"
)
DISCLAIMERS = (
    "This e-mail and any attachment are confidential and intended solely for the addressee. If you are not "
    "the intended "
    "recipient, please notify the sender and delete this message. Any disclosure or copying is prohibited.",
    "De informatie in dit e-mailbericht is vertrouwelijk en uitsluitend bestemd voor de geadresseerde. "
    "Indien u dit bericht "
    "ten onrechte ontvangt, verzoeken wij u de afzender te informeren en het bericht te vernietigen.",
)


@pytest.mark.parametrize(
    "closing", ["-- ", "Met vriendelijke groet,\n", "Kind regards,", "Mit freundlichen Gr\u00fc\u00dfen"]
)
@pytest.mark.parametrize("disclaimer", DISCLAIMERS, ids=["English", "Dutch"])
def test_signature_and_disclaimer_are_kept_and_never_quoted(closing: str, disclaimer: str) -> None:
    found = letter_of(f"The price is 400 euros.\n\n{closing}\n{CONTACTS}\n\n{disclaimer}\n\nSent from my iPhone\n")
    aside = " ".join(marked(found, "furniture"))
    assert all(line in aside for line in (*CONTACTS.split("\n"), disclaimer, "Sent from my iPhone"))
    assert "The price" not in aside


CONTENT = (
    "Kind regards,\nJan de Vries\n\nThe price is 400 euros.",
    "Kind regards,\nJan de Vries\nTel. 030-1234567\n\nPS: the roof is red.",
    "Kind regards,\nJan de Vries\nTel. 030-1234567\n\nWe deliver on Friday, and the roof will be red.",
    "-- \nThe roof is red, and it was made in 2015.",
    "--\nTotal: 400 euros\nDelivery: Rotterdam",
    "This message is confidential and only for the addressee: the price is 4 million euros, delete it at once.",
    'The court found that "this message is confidential, intended for the addressee, and to be deleted".',
    "Thanks\nfor the roof.",
)


@pytest.mark.parametrize("end", CONTENT)
def test_content_at_the_end_of_a_letter_stays_content(end: str) -> None:
    found = letter_of(f"Dear Eva,\n\nHello.\n\n{end}\n")
    last = end.rsplit("\n", 1)[-1]
    assert last in found.text
    assert last not in " ".join(marked(found, "furniture"))


# ---- harm ----

HOSTILE = {
    "levels": "".join(
        f"{'>' * n} On 11 Sep 2024 at 18:04, Eva <e@e.example> wrote:\n{'>' * (n + 1)} text\n" for n in range(800)
    ),
    "introductions": "On 11 Sep 2024 at 18:04, Eva Lund <e@e.example> wrote:\nx\n" * 2000,
    "blocks": "From: a\nTo: b\n" * 5000 + "To: x\n" + "x;\n" * 20_000,
    "one line": "On " + "1:11 a@" * 100_000 + " wrote:\n> x\n",
    "closings": "Kind regards,\nJan\n030-1234567\n" * 5000,
    "figures": "-- \n" + "0 1-2 3 4." * 100_000,
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=list(HOSTILE))
def test_a_hostile_letter_is_quickly_read(body: str) -> None:
    start = time.process_time()
    found = letter_of(body)
    assert time.process_time() - start < 10
    assert all(one.start < other.start for one, other in pairwise(found.turns))


@pytest.mark.parametrize(
    ("own", "told"),
    [
        ("My answers are in red below.", False),
        ("See in blue for my comments.", False),
        ("Mijn reacties staan hieronder in het rood.", False),
        ("Meine Antworten stehen unten in Rot.", False),
        ("Replies inline.", False),
        ("The answer is no. We painted it in red.", True),
        ("Thanks for the response.", True),
    ],
)
def test_where_answers_stand_between_quoted_lines_nobody_is_named_for_them(own: str, told: bool) -> None:
    head = "From: Piet Mulder <p@m.example>\nTo: Lena Brandt <l@b.example>\nDate: Wed, 8 May 2024 08:15:00 +0200"
    block = "From: Lena Brandt\nSent: Tuesday, 7 May 2024 09:31\nTo: Piet Mulder\nSubject: Roof"
    found = extract_of(f"{head}\nSubject: RE: Roof\n\n{own}\n\n{block}\n\nIs it with tax? No, without.\n", ".eml")
    speaker = [turn.speaker for turn in found.turns if turn.start <= found.text.index("Is it with")][-1]
    assert speaker == ("Lena Brandt" if told else None)
    assert [note.partition(":")[0] for note in found.notes] == (
        [] if told else ["the letter has answers between the lines that it quotes"]
    )


def test_answers_that_are_told_apart_leave_the_quoted_lines_their_sender() -> None:
    quoted = (
        "On Wed, 11 Sep 2024 at 18:04, Eva Lund <eva@lund.example> wrote:\n> Is it dry?\n\nYes.\n\n> And warm?\n\nNo.\n"
    )
    found = letter_of(f"My replies are in-line.\n\n{quoted}")
    assert (said(found, "Is it dry"), said(found, "Yes"), said(found, "And warm")) == (EVA, OWN, EVA)
    assert not found.notes
