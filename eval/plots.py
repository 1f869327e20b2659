"""The pictures of the report as SVG text that takes its colours from the page: light or dark."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.figure import Figure

Points = Sequence[Sequence[Any]]

INK, FAINT, ONE, TWO = "#010101", "#020202", "#030303", "#040404"
"""Stand-ins in what matplotlib draws, for the style variables of the page."""
VARIABLES = {INK: "currentColor", FAINT: "var(--faint)", ONE: "var(--one)", TWO: "var(--two)"}
ON_PAPER = {"currentColor": "#1b1f24", "var(--faint)": "#a8b0b9", "var(--one)": "#0b62c4", "var(--two)": "#c2410c"}

STYLE: Any = {
    "svg.fonttype": "none",
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": FAINT,
    "grid.alpha": 0.35,
    "grid.linewidth": 0.6,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
}


def recall_by_k(points: Points, units: str) -> Markup:
    """points: (k, recall, low, high); units: what k of are looked at."""
    with matplotlib.rc_context(STYLE):
        chart, axes = blank(f"{units} looked at", "recall")
        known = [point for point in points if point[1] is not None]
        k, value, low, high = zip(*known, strict=True) if known else ((), (), (), ())
        if known and None not in (*low, *high):
            axes.fill_between(k, low, high, color=ONE, alpha=0.18, linewidth=0)
        axes.plot(k, value, color=ONE, marker="o", markersize=3)
        axes.set(xlim=(0.5, max(k, default=1) + 0.5), ylim=(0, 1.02), xticks=(1, 5, 10, 15, 20))
        return drawn(chart, "recall", f"Recall by number of {units}, with its 95 % interval")


def risk_coverage(points: Points, threshold: float | None) -> Markup:
    """points: (coverage, risk, threshold), coverage rising; the threshold in use is marked."""
    with matplotlib.rc_context(STYLE):
        chart, axes = blank("share of questions answered", "share of those answers that are wrong")
        coverage, risk = [point[0] for point in points], [point[1] for point in points]
        axes.plot(coverage, risk, color=ONE, drawstyle="steps-post")
        used = [point for point in points if threshold is not None and point[2] >= threshold]
        if used:
            axes.plot(used[-1][0], used[-1][1], "o", color=TWO, markersize=6, label=f"threshold {threshold:.2f}")
            axes.legend(loc="upper left")
        axes.set(xlim=(0, 1.02), ylim=(0, 1.02))
        return drawn(chart, "risk", "Share of wrong answers by share of questions answered")


def calibration(points: Points) -> Markup:
    """points: (mean confidence, share right, n) of each bin."""
    with matplotlib.rc_context(STYLE):
        chart, axes = blank("confidence", "share of best answers that are right")
        axes.plot([0, 1], [0, 1], color=FAINT, linestyle="--", linewidth=1)
        axes.plot([p[0] for p in points], [p[1] for p in points], color=ONE, marker="o", markersize=4)
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        return drawn(
            chart, "calibration", "Share right by confidence, in 15 groups of equal size; dashed: as it should be"
        )


def latency(seconds: Mapping[str, Sequence[float]]) -> Markup:
    """seconds: of each question, by stage; drawn as the share of the questions that took no longer."""
    with matplotlib.rc_context(STYLE):
        chart, axes = blank("seconds a question", "share of questions done by then")
        for (stage, taken), colour, line in zip(
            seconds.items(), (ONE, TWO, INK, FAINT), ("-", "-", ":", "-."), strict=False
        ):
            rising = np.sort(np.asarray(taken, float))
            axes.step(rising, np.arange(1, len(rising) + 1) / len(rising), color=colour, linestyle=line, label=stage)
        if seconds:
            axes.legend(loc="lower right")
        axes.set(ylim=(0, 1.02))
        axes.set_xlim(left=0)
        return drawn(chart, "latency", "Share of questions answered by seconds")


def differences(names: Sequence[str], values: Mapping[str, Points], x: str) -> Markup:
    """values: for each measure a (difference, low, high) for each of the names, drawn below one another."""
    with matplotlib.rc_context(STYLE):
        chart, axes = blank(x, "")
        chart.set_size_inches(6.4, 0.8 + 0.5 * len(names))
        axes.axvline(0, color=INK, linewidth=1)
        apart = 0.3  # of a line, between the measures
        for number, (label, points) in enumerate(values.items()):
            known = [(at, *point) for at, point in enumerate(points) if None not in point]
            at, middle, low, high = np.array(known, float).reshape(-1, 4).T
            axes.errorbar(
                middle, at + (number - (len(values) - 1) / 2) * apart, xerr=[middle - low, high - middle],
                fmt="os"[number % 2], color=(ONE, TWO)[number % 2], markersize=5, capsize=3, label=label,
            )  # fmt: skip
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.4, -0.6)
        chart.legend(loc="outside upper right", ncols=len(values))
        return drawn(chart, "differences", f"{x}, with its 95 % interval")


def bars(names: Sequence[str], panels: Mapping[str, Mapping[str, Sequence[float | None]]]) -> Markup:
    """panels: for each figure and each of at most two sets a value for each of the names; None is left out."""
    with matplotlib.rc_context(STYLE):
        chart = Figure(figsize=(2.4 + 1.7 * len(panels), 1.0 + 0.42 * len(names)), layout="constrained")
        chart.patch.set_visible(False)
        side_by_side = np.ravel(chart.subplots(1, len(panels), sharey=True))
        for axes, (title, sets) in zip(side_by_side, panels.items(), strict=True):
            axes.patch.set_visible(False)
            wide = 0.8 / len(sets)
            for number, (label, values) in enumerate(sets.items()):
                at = np.arange(len(names)) + (number - (len(sets) - 1) / 2) * wide
                known = [np.nan if value is None else value for value in values]
                axes.barh(at, known, wide * 0.9, color=(ONE, TWO)[number % 2], label=label)
            axes.set(xlabel=title, ylim=(len(names) - 0.4, -0.6))
            axes.set_yticks(range(len(names)), names)
        handles, labels = axes.get_legend_handles_labels()
        chart.legend(handles, labels, loc="outside upper right", ncols=len(labels))
        return drawn(chart, "bars", f"{', '.join(panels)} of {', '.join(names)}")


def blank(x: str, y: str) -> tuple[Figure, Axes]:
    chart = Figure(figsize=(4.8, 3.3), layout="constrained")
    chart.patch.set_visible(False)
    axes = chart.add_subplot()
    axes.patch.set_visible(False)
    axes.set(xlabel=x, ylabel=y)
    return chart, axes


def drawn(chart: Figure, name: str, says: str) -> Markup:
    """The picture as an <svg> element; its ids begin with `name`, since several stand in one page."""
    out = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": name}):  # ids, and so the file, are the same at every run
        chart.savefig(out, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    svg = out.getvalue()[out.getvalue().index("<svg") :]
    svg = re.sub(r'(id="|url\(#|href="#)', rf"\g<1>{name}-", svg)
    svg = re.sub(r' (width|height)="[\d.]+pt"', "", svg, count=2)
    for stand_in, variable in VARIABLES.items():
        svg = svg.replace(stand_in, variable)
    label = f'<svg role="img" aria-label="{escape(says)}"'
    return Markup(svg.replace("<svg", label, 1))  # drawn from numbers and the words above only


def on_paper(picture: Markup) -> str:
    """The picture as a file of its own: dark on white, whatever shows it."""
    svg = str(picture).replace("<svg", '<svg style="background: #fff; font-family: sans-serif"', 1)
    for variable, colour in ON_PAPER.items():
        svg = svg.replace(variable, colour)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + svg
