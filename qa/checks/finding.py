"""What a check says: whether something is as it should be, and if not, what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from qa.errors import StoreBusy, VerbatimError


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `qa doctor`."""

    about: str  # the part of the program that was looked at
    state: Literal["ok", "note", "fault"]  # a note costs no answer, but somebody may want to know it
    what: str
    mend: str = ""  # what to do; of each fault


def ok(about: str, what: str) -> Finding:
    return Finding(about, "ok", what)


def note(about: str, what: str, mend: str = "") -> Finding:
    return Finding(about, "note", what, mend)


def fault(about: str, what: str, mend: str) -> Finding:
    return Finding(about, "fault", what, mend)


def guarded(about: str, check: Callable[[], Iterable[Finding]], mend: str) -> Iterator[Finding]:
    """What a check finds; that it cannot go on is a fault as well.

    mend: what to do where the error does not say it. Errors of this program do: behind a semicolon.
    """
    try:
        yield from check()
    except ImportError as error:
        yield fault(about, f"cannot be looked at: {error}", "mend what is said of packages first")
    except StoreBusy as error:
        yield fault(about, str(error), "wait until it has finished, then run qa doctor again")
    except VerbatimError as error:
        what, _, told = str(error).partition("; ")
        if what.endswith(": start it, then try again"):  # of a server
            what, told = what.removesuffix(": start it, then try again"), f"start it, then try again; {told}"
        yield fault(about, what, told or mend)
    except (ValueError, LookupError, TypeError) as error:  # what a damaged file of ours leads to
        yield fault(about, f"something is not as it was written: {error}", mend)
    except OSError as error:
        yield fault(about, f"{error.filename or about} cannot be read: {error.strerror}", "check its permissions")
