"""What a follow-up question refers to, found without generating text: it borrows the words of its predecessor."""

from __future__ import annotations

import re
from collections.abc import Sequence

# Words that point back to something said before, and beginnings that carry a question on.
POINTING = re.compile(
    r"(?i)\b(it|its|they|them|their|he|him|his|she|her|that|this|those|these|there|then|"
    r"hij|hem|zij|ze|hun|haar|dat|dit|die|deze|daar|toen|ervan|erover|daarvan|daarover)\b"
)
CARRYING = re.compile(r"(?i)^\W*(and|but|or|so|also|what about|how about|en|maar|of|dus|ook)\b")
SHORT = 3  # words; "Since when?" cannot stand alone


def resolve(question: str, history: Sequence[str]) -> str:
    """The question as it is searched and read: after its predecessor if it leans on it, else unchanged.

    history: the earlier questions, oldest first.
    """
    leaning = CARRYING.search(question) or POINTING.search(question) or len(question.split()) <= SHORT
    return f"{resolve(history[-1], history[:-1])} {question}" if history and leaning else question
