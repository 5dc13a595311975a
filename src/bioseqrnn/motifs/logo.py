"""Logos of motifs as small SVG: letters are paths, so they look the same everywhere."""

from __future__ import annotations

from functools import cache
from html import escape

import numpy as np

from bioseqrnn.motifs.comparison import excess
from bioseqrnn.support.arrays import Doubles

# of DNA as usual; of proteins by chemistry, in colours of Okabe and Ito for colour-blind readers
DNA_COLOURS = {"A": "#109648", "C": "#255C99", "G": "#F7B32B", "T": "#D62839"}
CHEMISTRY = {
    "AGILMPVW": "#444444",
    "F": "#444444",
    "CNQSTY": "#009E73",
    "DE": "#D55E00",
    "HKR": "#0072B2",
}
# size of a column in units of the picture, and of the box that letters are drawn in
COLUMN, HEIGHT, BOX = 20, 60, 100
LEFT, TOP, GAP, BOTTOM = 34, 12, 26, 16
# lower letters cannot be seen and are left out
LEAST = 3.0
FONT = 'font-family="sans-serif" font-size="9" fill="#333"'


def logo(information: Doubles, contributions: Doubles, symbols: str, title: str, name: str) -> str:
    """Draw the information of a motif, and below it the contributions, as SVG.

    Parameters
    ----------
    information : float64 [width, symbols]
        Height of each residue in bits (``heights``).
    contributions : float64 [width, symbols]
        In logits.
    symbols : str
        Alphabet.
    title : str
        Text that is shown when the pointer rests on the picture, and read aloud.
    name : str
        Letters and digits; makes the ids in the file unique on a page.
    """
    columns = len(information)
    width, height = LEFT + columns * COLUMN + 6, TOP + 2 * HEIGHT + GAP + BOTTOM
    below = TOP + HEIGHT + GAP
    used = sorted({s for m in (information, contributions) for s in _drawn(m, symbols)})
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img"><title>{escape(title)}</title>',
        f"<defs>{''.join(_symbol(s, name, _colour(s, symbols)) for s in used)}</defs>",
        _row(information, symbols, name, TOP, "bits"),
        _row(contributions, symbols, name, below, "logit"),
    ]
    # a number under the first column, and under every fifth
    for column in range(columns):
        if column == 0 or column % 5 == 4:
            x = LEFT + column * COLUMN + COLUMN / 2
            parts.append(
                f'<text x="{x:g}" y="{height - 4}" text-anchor="middle" {FONT}>{column + 1}</text>'
            )
    return "".join(parts) + "</svg>\n"


def heights(frequencies: Doubles, background: Doubles) -> Doubles:
    """Height of each residue in a logo in bits: its share of the information of the column."""
    return np.asarray(frequencies * excess(frequencies, background).sum(axis=1, keepdims=True))


def _scale(matrix: Doubles) -> tuple[float, float, float]:
    """Highest and lowest stack, and units of the picture per unit of the matrix."""
    top = float(np.where(matrix > 0, matrix, 0).sum(axis=1).max(initial=0))
    low = float(np.where(matrix < 0, matrix, 0).sum(axis=1).min(initial=0))
    return top, low, HEIGHT / max(top - low, 1e-12)


def _drawn(matrix: Doubles, symbols: str) -> set[str]:
    scale = _scale(matrix)[2]
    seen = np.flatnonzero((np.abs(matrix) * scale >= LEAST).any(axis=0))
    return {symbols[i] for i in seen}


def _row(matrix: Doubles, symbols: str, name: str, top: int, unit: str) -> str:
    """One row: stacks of letters, the highest letter on top; negative ones hang down, grey."""
    high, low, scale = _scale(matrix)
    zero = top + high * scale
    parts = [
        f'<path d="M{LEFT - 2} {top}V{top + HEIGHT}M{LEFT - 2} {zero:.1f}h'
        f'{len(matrix) * COLUMN + 4}" stroke="#999" fill="none"/>'
    ]
    ticks = {high: top, low: top + HEIGHT} if low < 0 else {high: top, 0.0: top + HEIGHT}
    parts += [
        f'<text x="{LEFT - 5}" y="{y + 4}" text-anchor="end" {FONT}>{value:.2g}</text>'
        for value, y in ticks.items()
    ]
    parts.append(
        f'<text transform="translate(9 {top + HEIGHT / 2:g}) rotate(-90)" text-anchor="middle" '
        f"{FONT}>{unit}</text>"
    )
    for column, values in enumerate(matrix):
        x = LEFT + column * COLUMN
        for positive in (True, False):
            y = zero
            for i in np.argsort(np.abs(values), kind="stable"):
                size = abs(values[i]) * scale
                if (values[i] > 0) != positive or size < LEAST:
                    continue
                y += -size if positive else 0
                turned = "" if positive else ' opacity=".45"'
                parts.append(
                    f'<use href="#{name}{symbols[i]}" transform="matrix({COLUMN / BOX:g} 0 0 '
                    f'{size / BOX:.3f} {x} {y:.1f})"{turned}/>'
                )
                y += 0 if positive else size
    return "".join(parts)


def _colour(letter: str, symbols: str) -> str:
    if symbols == "ACGT":
        return DNA_COLOURS[letter]
    return next((colour for group, colour in CHEMISTRY.items() if letter in group), "#444444")


def _symbol(letter: str, name: str, colour: str) -> str:
    return f'<path id="{name}{letter}" fill="{colour}" d="{_outline(letter)}"/>'


@cache
def _outline(letter: str) -> str:
    """Outline of a letter that fills the box, from the font that Matplotlib has."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    path = TextPath(
        (0, 0), letter, size=100, prop=FontProperties(family="DejaVu Sans Mono", weight="bold")
    )
    points = path.vertices - path.vertices[path.codes != 79].min(axis=0)
    points = points / points[path.codes != 79].max(axis=0) * (0.96 * BOX, BOX) + (0.02 * BOX, 0)
    words, at = [], 0
    names = {1: ("M", 1), 2: ("L", 1), 3: ("Q", 2), 4: ("C", 3), 79: ("Z", 1)}
    while at < len(points):
        command, count = names[int(path.codes[at])]
        numbers = points[at : at + count] if command != "Z" else points[:0]
        words.append(command + " ".join(f"{x:.0f} {BOX - y:.0f}" for x, y in numbers))
        at += count
    return "".join(words)
