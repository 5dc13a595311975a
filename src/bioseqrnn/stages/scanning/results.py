"""What the scores of a scan say: rows of windows, called regions, values of bins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from bioseqrnn.metrics.decision import record_calls
from bioseqrnn.stages.scanning.calling import Calling, Chance, Regions
from bioseqrnn.stages.scanning.store import Scores, Singles
from bioseqrnn.support.arrays import Doubles, Ints
from bioseqrnn.tables.declared.scanning import FALSE_POSITIVES, SCAN_REGIONS
from bioseqrnn.tables.predictions import score_columns


@dataclass(frozen=True)
class Scanned:
    """A finished scan.

    Attributes
    ----------
    scores : Scores
    calling : Calling
    strands : str
        ``+``, ``-``, both, or ``.`` for one score of both strands.
    """

    scores: Scores
    calling: Calling
    strands: str

    @property
    def score_names(self) -> list[str]:
        """Columns of the scores."""
        return score_columns(self.calling.task, self.calling.classes)

    def units(self, record: int) -> range:
        """Units of a record."""
        records = self.scores.units.records
        return range(
            int(np.searchsorted(records, record)), int(np.searchsorted(records, record, "right"))
        )

    def unit(self, unit: int) -> tuple[Ints, int, Singles]:
        """First residues, size and scores of the windows of a unit."""
        units = self.scores.units
        size = units.layout.size(int(units.records[unit]))
        return units.starts(unit), size, self.scores.of(unit)

    def schema(self) -> pa.Schema:
        """Columns of the table of windows."""
        fields = [("sequence", pa.string()), ("start", pa.int64()), ("end", pa.int64())]
        fields.append(("strand", pa.string()))
        if self.calling.task.probabilistic:
            fields.append(("call", pa.string()))
        return pa.schema([*fields, *((name, pa.float32()) for name in self.score_names)])

    def tables(self) -> Iterator[pa.Table]:
        """Yield the rows of all windows with a score, unit after unit."""
        units, schema, calling = self.scores.units, self.schema(), self.calling
        for unit in np.flatnonzero(~units.shuffled).tolist():
            starts, size, scores = self.unit(unit)
            flat = scores.reshape(-1, scores.shape[2])
            kept = ~np.isnan(flat[:, 0])
            flat = flat[kept]
            begins = np.repeat(starts, len(self.strands))[kept]
            strands = np.tile(np.array(list(self.strands)), len(starts))[kept]
            name = units.layout.names[int(units.records[unit])]
            columns = {
                "sequence": pa.repeat(name, len(flat)),
                "start": pa.array(begins),
                "end": pa.array(begins + size),
                "strand": pa.array(strands, pa.string()),
            }
            if calling.task.probabilistic:
                calls = record_calls(
                    calling.task, calling.classes, flat.astype(np.float64), calling.thresholds
                )
                columns["call"] = pa.array(calls, pa.string())
            columns |= dict(zip(self.score_names, map(pa.array, flat.T.copy()), strict=True))
            yield pa.table([columns[field.name] for field in schema], schema=schema)

    def skipped(self) -> tuple[int, int]:
        """Number of windows without a score, and of runs of them."""
        windows = runs = 0
        units, before = self.scores.units, (-1, False)
        for unit in np.flatnonzero(~units.shuffled).tolist():
            none = np.isnan(self.scores.of(unit)[:, 0, 0])
            windows += int(none.sum())
            record = int(units.records[unit])
            begins = none & ~np.append(before == (record, True), none[:-1])
            runs += int(begins.sum())
            before = (record, bool(none[-1]))
        return windows, runs

    def regions(self, chance: Chance | None) -> Iterator[str]:
        """Yield the lines of a BED file, in the order of the records and of the places."""
        layout, calling = self.scores.units.layout, self.calling
        assert SCAN_REGIONS.columns[-1].name == FALSE_POSITIVES
        for record, name in enumerate(layout.names):
            found = self._of_units([u for u in self.units(record) if not self._shuffled(u)])
            rows = []
            for (code, place), own in found.items():
                rates = [""] * len(own)
                if chance is not None:
                    rates = [f"\t{rate:.6g}" for rate in chance.per_megabase(code, own.scores)]
                each = zip(
                    own.starts.tolist(), own.ends.tolist(), own.windows.tolist(),
                    own.scores.tolist(), rates, strict=True,
                )  # fmt: skip
                rows += [
                    (start, end, code, place, score, windows, rate)
                    for start, end, windows, score, rate in each
                ]
            for start, end, code, place, score, windows, rate in sorted(rows):
                label = " ".join(calling.classes[code].split())
                yield (
                    f"{name}\t{start}\t{end}\t{label}\t{round(1000 * score)}\t"
                    f"{self.strands[place]}\t{score:.6f}\t{windows}{rate}\n"
                )

    def chance(self) -> Chance | None:
        """The regions that are called in shuffled sequence, if any was scored."""
        units = self.scores.units
        if not units.shuffled.any():
            return None
        scores: dict[int, list[Doubles]] = {code: [] for code in self.calling.shown}
        for unit in np.flatnonzero(units.shuffled).tolist():
            for (code, _), own in self._of_units([unit]).items():
                scores[code].append(own.scores)
        return Chance(
            {code: np.sort(np.concatenate(own)) for code, own in scores.items()},
            units.shuffled_bases / 1e6,
        )

    def _shuffled(self, unit: int) -> bool:
        return bool(self.scores.units.shuffled[unit])

    def _of_units(self, units: list[int]) -> dict[tuple[int, int], Regions]:
        """Regions of consecutive units by class and strand."""
        keys = [(code, place) for code in self.calling.shown for place in range(len(self.strands))]
        found: dict[tuple[int, int], list[Regions]] = {key: [] for key in keys}
        for unit in units:
            starts, size, scores = self.unit(unit)
            for place in range(len(self.strands)):
                called = self.calling.called(scores[:, place])
                for code in self.calling.shown:
                    own = Regions.of_windows(starts, size, called[:, code], scores[:, place, code])
                    found[code, place].append(own)
        return {key: Regions.joined(parts) for key, parts in found.items()}

    def bins(self, record: int, code: int, place: int) -> tuple[Ints, Ints, Doubles]:
        """First residue, end and value of the bins of a record; bins without a value are left out.

        A bin has ``stride`` residues, the last one those that are left. Its value is the mean score
        of all windows that contain the residue in its middle.
        """
        layout = self.scores.units.layout
        values = np.concatenate(
            [self.scores.of(u)[:, place, code] for u in self.units(record) if not self._shuffled(u)]
        ).astype(np.float64)
        length, size, stride = int(layout.lengths[record]), layout.size(record), layout.stride
        starts = layout.starts(record, 0, len(values))
        begins = np.arange(0, length, stride)
        ends = np.minimum(begins + stride, length)
        middles = (begins + ends) // 2
        known = ~np.isnan(values)
        sums = np.concatenate([[0.0], np.cumsum(np.where(known, values, 0.0))])
        counts = np.concatenate([[0], np.cumsum(known)])
        first = np.searchsorted(starts, middles - size, side="right")
        last = np.searchsorted(starts, middles, side="right")
        number = counts[last] - counts[first]
        there = number > 0
        means = (sums[last] - sums[first])[there] / number[there]
        return begins[there], ends[there], means
