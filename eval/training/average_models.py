"""The mean of two trained readers, weight by weight (Wortsman et al. 2022, Model soups).

python -m eval.training.average_models FIRST SECOND OUT
Both must go back to the same training; their mean reads as well as the better one or better, at no cost.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from transformers import AutoModelForQuestionAnswering


def average(first: Path, second: Path, out: Path) -> None:
    """Writes a model folder whose weights are the means of two others'. Raises ValueError on unlike shapes."""
    model, other = (AutoModelForQuestionAnswering.from_pretrained(folder) for folder in (first, second))
    own, theirs = model.state_dict(), other.state_dict()
    if {name: w.shape for name, w in own.items()} != {name: w.shape for name, w in theirs.items()}:
        raise ValueError(f"{first} and {second} are not of one shape")
    model.load_state_dict({name: (w + theirs[name]) / 2 if w.is_floating_point() else w for name, w in own.items()})
    out.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(out)
    shutil.copy(first / "tokenizer.json", out)


def main() -> None:
    parser = argparse.ArgumentParser(description="The mean of two trained readers, weight by weight.")
    parser.add_argument("first", type=Path, help="folder of a model")
    parser.add_argument("second", type=Path, help="folder of a model")
    parser.add_argument("out", type=Path, help="where the mean goes")
    options = parser.parse_args()
    average(options.first, options.second, options.out)


if __name__ == "__main__":
    main()
