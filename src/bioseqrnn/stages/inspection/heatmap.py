"""``{record}.svg``: the change of the logit by every single change of a record, as a heat map.

A cell takes a few bytes: cells of one colour are one path, in which neighbours are one line.
"""

from __future__ import annotations

from functools import cache
from html import escape

import numpy as np

from bioseqrnn.stages.inspection.scan import Scan
from bioseqrnn.support.arrays import Doubles, Ints
from bioseqrnn.support.console import shown

# positions of a line, and the size of a cell
COLUMNS, WIDTH, HEIGHT = 100, 9, 10
LEFT, RIGHT, TOP, BOTTOM = 26, 10, 34, 40
# above each panel its class, above each line the residues, and below it the positions
HEADING, LETTERS, NUMBERS, GAP = 18, 11, 13, 6
# a number below every tenth position
TICK = 10
# colours on each side of 0; a colour of ColorBrewer that colour-blind readers can tell apart
LEVELS, MAP = 12, "RdBu"
# longest id in the picture
LONGEST = 60
FONT = 'font-family="sans-serif" font-size="9" fill="#333"'
MONOSPACE = 'font-family="monospace" font-size="9" fill="#333" text-anchor="middle"'


def heatmap(scan: Scan) -> str:
    """Draw a panel for each class: a row for each residue that is put in, a column a position.

    The observed residues are marked by dots. All panels have one scale, which is symmetric.

    Returns
    -------
    str
        SVG; the same numbers give the same text.
    """
    length, symbols = len(scan.record), len(scan.symbols)
    lines = -(-length // COLUMNS)
    line = LETTERS + symbols * HEIGHT + NUMBERS + GAP
    panel = HEADING + lines * line
    # the scale of the colours needs some room
    width = LEFT + max(min(length, COLUMNS), 28) * WIDTH + RIGHT
    height = TOP + len(scan.classes) * panel + BOTTOM
    largest = float(np.abs(scan.differences).max(initial=0))
    name = shown(scan.record.name)
    short = name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img"><title>Single changes of {escape(name)}</title>'
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text x="{LEFT}" y="16" font-family="sans-serif" font-size="12">{escape(short)}</text>'
        f'<text x="{LEFT}" y="29" {FONT}>{length:,} residues; a dot marks the residue that is there'
        "</text>",
    ]
    for place in range(len(scan.classes)):
        top = TOP + place * panel
        parts.append(_heading(scan, place, top + 13))
        levels = _levels(scan.matrix(place), largest)
        parts += [
            _line(scan, levels, number * COLUMNS, top + HEADING + number * line)
            for number in range(lines)
        ]
    what = "logit" if scan.probabilistic else "value"
    parts.append(_scale(largest, what, height - BOTTOM + 8))
    return "".join(parts) + "</svg>\n"


def _heading(scan: Scan, place: int, y: int) -> str:
    score, name = scan.logits[place], shown(scan.classes[place])
    if scan.position is not None:
        name += f" at residue {scan.position:,}"
    text = f"{name}: {score:.3g}"
    if scan.probabilistic:
        text = f"{name}: logit {score:.2f}, p = {1 / (1 + np.exp(-score)):.3g}"
    return f'<text x="{LEFT}" y="{y}" {FONT} font-weight="bold">{escape(text)}</text>'


def _levels(matrix: Doubles, largest: float) -> Ints:
    """Number of the colour of each cell, 0 in the middle: int64 [residues, symbols]."""
    scaled = matrix / largest if largest > 0 else matrix
    levels: Ints = np.rint(scaled * LEVELS).astype(np.int64)
    return levels


def _line(scan: Scan, levels: Ints, start: int, top: int) -> str:
    """Draw up to 100 positions: residues of the record, cells, and numbers of positions."""
    part = levels[start : start + COLUMNS]
    count, symbols = part.shape
    above, below = top + LETTERS, top + LETTERS + symbols * HEIGHT
    columns = " ".join(f"{LEFT + (i + 0.5) * WIDTH:g}" for i in range(count))
    found = [
        f'<text x="{columns}" y="{above - 3}" {MONOSPACE}>'
        f"{scan.record.text[start : start + count]}</text>",
        f'<rect x="{LEFT}" y="{above}" width="{count * WIDTH}" height="{symbols * HEIGHT}" '
        f'fill="{_colour(0)}"/>',
        f'<g transform="translate({LEFT} {above}) scale({WIDTH} {HEIGHT})" fill="none">',
        *(
            f'<path stroke="{_colour(level)}" d="{_runs(part == level)}"/>'
            for level in np.unique(part[part != 0]).tolist()
        ),
        "</g>",
        f'<path d="{_dots(scan, start, count, above)}" stroke="#000" stroke-width="3" '
        'stroke-linecap="round"/>',
    ]
    rows = " ".join(f"{above + (i + 0.8) * HEIGHT:g}" for i in range(symbols))
    beside = " ".join([str(LEFT - 8)] * symbols)
    found.append(f'<text x="{beside}" y="{rows}" {MONOSPACE}>{scan.symbols}</text>')
    for i in range(count):
        position = start + i + 1
        if position == 1 or position % TICK == 0:
            x = LEFT + (i + 0.5) * WIDTH
            found.append(
                f'<path d="M{x:g} {below}v3" stroke="#333"/>'
                f'<text x="{x:g}" y="{below + 11}" text-anchor="middle" {FONT}>{position}</text>'
            )
    return "".join(found)


def _runs(cells: Doubles) -> str:
    """Path through the middle of cells [columns, rows] that are True, one line a run."""
    words = []
    for row, line in enumerate(cells.T):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], line, [0]])))
        for begin, end in edges.reshape(-1, 2).tolist():
            words.append(f"M{begin} {row}.5h{end - begin}")
    return "".join(words)


def _dots(scan: Scan, start: int, count: int, top: int) -> str:
    """Path of dots at the observed residues; an ambiguous residue has none."""
    places = {letter: row for row, letter in enumerate(scan.symbols)}
    return "".join(
        f"M{LEFT + (i + 0.5) * WIDTH:g} {top + (places[letter] + 0.5) * HEIGHT:g}h0"
        for i, letter in enumerate(scan.record.text[start : start + count])
        if letter in places
    )


def _scale(largest: float, what: str, top: int) -> str:
    """Draw the colours with their numbers, and what they mean."""
    cells = "".join(
        f'<rect x="{LEFT + 20 + (level + LEVELS) * 6}" y="{top}" width="6.2" height="9" '
        f'fill="{_colour(level)}"/>'
        for level in range(-LEVELS, LEVELS + 1)
    )
    middle, end = LEFT + 20 + (LEVELS + 0.5) * 6, LEFT + 20 + (2 * LEVELS + 1) * 6
    numbers = "".join(
        f'<text x="{x:g}" y="{top + 19}" text-anchor="middle" {FONT}>{text}</text>'
        for x, text in (
            (LEFT + 20, f"-{largest:.2g}"), (middle, "0"), (end, f"+{largest:.2g}"),
        )
    )  # fmt: skip
    return cells + numbers + f'<text x="{end + 8}" y="{top + 8}" {FONT}>change of the {what}</text>'


@cache
def _colour(level: int) -> str:
    """Colour of a level from -LEVELS (red: lower) to LEVELS (blue: higher)."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    return to_hex(colormaps[MAP](0.5 + level / LEVELS / 2))
