"""How the letters of an RTF file look, as far as that decides what a reader sees of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

TINY = 2  # half points: letters that nobody can read
WHITE = [255, 255, 255]
HEIGHTS = {"super": "superscript", "up": "superscript", "sub": "subscript", "dn": "subscript", "nosupersub": ""}
SWITCHES = {"strike": "struck", "striked": "struck", "v": "hidden", "deleted": "deleted"}
GROUNDS = {"highlight", "cb", "chcbpat", "chshdng", "cbpat", "shading"}  # may colour what is behind letters


@dataclass(frozen=True, slots=True)
class State:
    """What holds within a group."""

    into: str = "body"  # where text goes; "" where it is left out
    above: str = "body"  # where it went before a group that is left out began
    why: str = ""  # the word that began that group
    font: int = -1
    skipped: int = 1  # characters that stand behind a Unicode sign for older programs
    struck: bool = False
    hidden: bool = False
    deleted: bool = False
    white: bool = False
    shaded: bool = False  # something may colour what is behind the letters
    tiny: bool = False
    height: str = ""


def with_look(state: State, word: str, number: str | None, colours: Sequence[list[int]]) -> State | None:
    """The state behind a word that says how the following letters look; None where it does not.

    colours: red, green and blue of those of the file.
    """
    on, value = number != "0", int(number or 0)
    if word in SWITCHES:
        return changed(state, SWITCHES[word], on)
    if word in HEIGHTS:
        return changed(state, "height", HEIGHTS[word] if on else "")
    if word == "cf":
        return changed(state, "white", colours[value : value + 1] == [WHITE])
    if word == "fs":
        return changed(state, "tiny", number is not None and value <= TINY)
    if word in GROUNDS:
        return changed(state, "shaded", on)
    if word == "f":
        return changed(state, "font", value)
    if word == "uc":
        return changed(state, "skipped", max(0, int(number or 1)))
    if word == "plain":
        return State(state.into, state.above, state.why, state.font, state.skipped)
    return None


def changed(state: State, name: str, value: Any) -> State:
    """The state with another value; most words only say again what holds."""
    return state if getattr(state, name) == value else replace(state, **{name: value})


def is_left_out(state: State, on_paper: bool) -> bool:
    """Whether letters are struck out, deleted, hidden, or cannot be seen. on_paper: not in a table or box."""
    unseen = state.tiny or (state.white and not state.shaded and on_paper)
    return state.struck or state.hidden or state.deleted or unseen
