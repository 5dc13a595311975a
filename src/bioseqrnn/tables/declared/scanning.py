"""Files of the stage scanning."""

from __future__ import annotations

from bioseqrnn.tables.declared.table import COUNT, LIST, NUMBER, OBJECT, TEXT, Column, Table

FALSE_POSITIVES = "false_positives_per_mb"

SCAN_WINDOWS = Table(
    "scan_windows", "windows.parquet",
    "One row for each window and strand with a score ([scan](scan.md)), also as TSV. `--output` "
    "gives the name of the file.",
    "scan", (),
    (
        Column("sequence", TEXT, "id of the record"),
        Column("start", COUNT, "first residue of the window in its record, from 0"),
        Column("end", COUNT, "end of the window, excluded"),
        Column("strand", TEXT, "`+`, `-`, or `.` where a window has one score for both strands"),
        Column("call", TEXT, "class by the thresholds of the model, as in `predict`", True),
        Column("probability_{class}", NUMBER, "calibrated probability", True),
        Column("value", NUMBER, "for regression, instead of these: the predicted value", True),
    ),
    format=1,
    metadata=(
        Column("task", TEXT, "task of the model"),
        Column("classes", LIST, "its classes"),
        Column("scan", OBJECT, "model, genome and settings, with checksums of the files"),
    ),
)  # fmt: skip

SCAN_REGIONS = Table(
    "scan_regions", "regions.bed",
    "One line for each called region ([scan](scan.md)), without a header: BED with three more "
    "columns. `--output` gives the name of the file.",
    "scan", (),
    (
        Column("chrom", TEXT, "id of the record"),
        Column("start", COUNT, "first residue, from 0"),
        Column("end", COUNT, "end, excluded"),
        Column("name", TEXT, "class"),
        Column("score", COUNT, "highest probability among the windows of the region, in "
               "thousandths"),
        Column("strand", TEXT, "`+`, `-`, or `.`"),
        Column("probability", NUMBER, "the same probability"),
        Column("windows", COUNT, "number of called windows"),
        Column(
            FALSE_POSITIVES, NUMBER,
            "regions of this class in a megabase of shuffled sequence that score at least as much; "
            "only with `--false-positive-rate`",
            optional=True,
        ),
    ),
)  # fmt: skip
