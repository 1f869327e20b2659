"""The errors that a user can act on; each message says what happened and what to do."""

from __future__ import annotations


class VerbatimError(Exception):
    """Anything this program reports in one sentence instead of a traceback."""


class UsageError(VerbatimError):
    """The request cannot be carried out as it was made: a wrong path, folder or setting."""


class UnknownSpeaker(UsageError):
    """Nobody of that name speaks in the documents; the message names some who do, in the documents' words."""


class UnreadableFile(VerbatimError):
    """One file cannot be read; the message is the reason, without the file's name."""


class NoStore(UsageError):
    """There is no store at the given place, or nothing has been published in it yet."""


class StoreMismatch(UsageError):
    """The store was made with another model, schema or setting than the one now asked for."""


class StoreDamaged(VerbatimError):
    """The store's files contradict each other or cannot be read."""


class StoreBusy(VerbatimError):
    """Another process is writing to the store."""


class TooManyRemovals(UsageError):
    """A root is missing, or has lost so many documents that it is more likely a mistake."""


class ModelUnavailable(VerbatimError):
    """A model's weights are missing, incomplete or not the ones expected."""
