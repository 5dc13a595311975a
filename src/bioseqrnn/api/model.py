"""A model file as an object that predicts."""

from __future__ import annotations

import threading
from copy import deepcopy
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

import pyarrow as pa
from pydantic import ValidationError

from bioseqrnn.api.given import MEMORY, packed, path_of
from bioseqrnn.combination.model import CombinedScorer
from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.fasta.sources import find_fasta
from bioseqrnn.inference.device import choose_device, deterministic
from bioseqrnn.inference.records import NetworkScorer
from bioseqrnn.metrics.decision import deciding
from bioseqrnn.stages.prediction.predictor import Predictor
from bioseqrnn.stages.prediction.rows import Rows
from bioseqrnn.support.checked import problem
from bioseqrnn.support.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from bioseqrnn.api.given import Records

# PyTorch's number of threads and its settings are of the whole process, so computations take turns
_TURN = threading.RLock()


def load_model(
    path: str | PathLike[str],
    *,
    member: str | None = None,
    device: Literal["auto", "cpu", "cuda"] = "auto",
    threads: int = 1,
) -> Model:
    """Load a model of any kind: a network, an ensemble, a final model, an import from Keras.

    The file is all that is needed: it contains alphabet, classes, thresholds, the calibration, and
    all members. Nothing in it is executed.

    Parameters
    ----------
    path : str or path
        ``model.safetensors``.
    member : str, optional
        Name of the network or baseline of a final model that predicts alone.
    device : {"auto", "cpu", "cuda"}
        ``auto`` uses a CUDA GPU if there is one.
    threads : int
        CPU threads.

    Returns
    -------
    Model

    Raises
    ------
    InputError
        There is no such file, it is not a model, it is damaged or of a later version; there is no
        such member; or there is no GPU.

    Examples
    --------
    >>> model = bioseqrnn.load_model("model.safetensors")
    >>> model.task, model.alphabet, model.classes
    ('multiclass', 'dna', ['EI', 'IE', 'N'])
    """
    try:
        machine = MachineConfig(device=device, threads=threads)
    except ValidationError as error:
        raise InputError(problem(error)) from error
    file = Path(path)
    with _TURN, deterministic(machine.threads):
        predictor = Predictor.load(file, choose_device(machine.device), member)
    return Model(file, predictor, machine.threads)


class Model:
    """A model that predicts; ``load_model`` makes it.

    It can be used by several threads: their computations take turns.

    Attributes
    ----------
    path : Path
        The file.
    name : str
        Name of the model, like ``gru`` or ``combined``.
    task : {"binary", "multiclass", "multilabel", "regression", "per_position"}
    alphabet : {"dna", "protein"}
    strands : {"single", "both"}
        Whether both strands of DNA get the same scores.
    classes : list of str
        In the order of the columns of their probabilities; empty in regression.
    positive : str or None
        The positive class, if there are two.
    threshold : float or None
        Calibrated probability from which the positive class is called. None: the more probable
        class is called.
    thresholds : dict of str to float
        All thresholds that make calls, by class; in multilabel, of each label.
    temperature : float
        By which logits are divided for the calibration of the probabilities.
    window : int or None
        Residues of the windows into which longer records are cut; only in per_position.
    members : dict of str to float
        Weight of each network and baseline of a final model; a network alone has weight 1.
    trained_on : int or None
        Number of training records; None if the file does not say.
    trained_lengths : tuple of int, or None
        Lengths of the shortest and the longest training record, in residues.
    card : dict
        A copy of everything that the file says about the model (docs/formats.md).
    """

    def __init__(self, path: Path, predictor: Predictor, threads: int) -> None:
        card, scorer = predictor.card, predictor.scorer
        self._predictor, self._threads, self.path = predictor, threads, path
        self.name: str = card["model"]
        self.task: str = predictor.task.name
        self.alphabet: str = card["alphabet"]
        self.strands: str = card.get("strands", "single")
        self.classes: list[str] = list(card["classes"])
        self.positive = self.classes[1] if predictor.task.two_classes else None
        self.thresholds = deciding(predictor.task, self.classes, card.get("thresholds") or {})
        self.threshold = None if self.positive is None else self.thresholds.get(self.positive)
        self.temperature = float(card.get("temperature") or 1.0)
        self.members = {self.name: 1.0}
        parts = [scorer]
        if isinstance(scorer, CombinedScorer):
            weights = map(float, scorer.combination.weights)
            self.members = dict(zip(scorer.members, weights, strict=True))
            parts = list(scorer.used.values())
        windows = [one.network.window for one in parts if isinstance(one, NetworkScorer)]
        self.window = min((window for window in windows if window is not None), default=None)
        self.trained_on: int | None = card.get("trained_on")
        lengths = card.get("trained_lengths")
        self.trained_lengths = None if lengths is None else (int(lengths[0]), int(lengths[1]))

    @property
    def card(self) -> dict[str, Any]:
        """See above."""
        return deepcopy(self._predictor.card)

    def __repr__(self) -> str:
        trained = "" if self.trained_on is None else f", trained on {self.trained_on:,} records"
        what = f": {', '.join(self.classes)}" if self.classes else ""
        return f"<bioseqrnn.Model {self.name} ({self.alphabet}, {self.task}{what}{trained})>"

    @overload
    def predict(
        self,
        records: Records,
        *,
        members: bool = False,
        output: Literal["pandas"] = "pandas",
        quiet: bool = False,
    ) -> pd.DataFrame: ...
    @overload
    def predict(
        self,
        records: Records,
        *,
        members: bool = False,
        output: Literal["arrow"],
        quiet: bool = False,
    ) -> pa.Table: ...
    def predict(
        self,
        records: Records,
        *,
        members: bool = False,
        output: Literal["pandas", "arrow"] = "pandas",
        quiet: bool = False,
    ) -> pd.DataFrame | pa.Table:
        """Predict records: one row for each, in their order.

        Parameters
        ----------
        records : str, path, or collection
            One of:

            - a sequence, or a list of sequences, which are numbered from 1;
            - a dictionary of sequences by id;
            - records of Biopython, as a list or an iterator, or one of them;
            - a FASTA file, or a folder or glob of several. A text is a path if it contains ``/``,
              ends like a FASTA file (``.fa``, ``.fasta.gz``, …) or is the name of a file;
            - a DataFrame or an Arrow table with the columns ``sequence`` and, if there are ids,
              ``id``; a Series of sequences, whose index has the ids.

            Letters are converted as in FASTA files (docs/fasta.md): case, gaps, the stop at the end
            of a protein, U in DNA, IUPAC codes.
        members : bool
            Whether the scores of each network and baseline of a final model get columns, too.
        output : {"pandas", "arrow"}
        quiet : bool
            Whether nothing is printed. Otherwise standard error says what was converted, which
            records the model cannot take, and which are longer or shorter than all training
            records.

        Returns
        -------
        pandas.DataFrame or pyarrow.Table
            The columns that ``bioseqrnn predict`` writes (docs/formats.md, "query predictions"),
            with the same numbers: ``id``, ``length`` (residues), ``call``,
            ``probability_{class}`` (calibrated, 0 to 1) or ``value``, ``threshold_{class}``,
            ``status`` and ``reason``. A record that the model cannot take has the status
            ``refused``, its reason, and no call. A model per position has lists of probabilities,
            one number a residue; there, a record of more than a million residues has several rows,
            which begin at residue ``start`` (from 0).

        Raises
        ------
        InputError
            The records are of no known kind, a table has no such column, a file is not FASTA, or a
            record does not fit in memory.

        Examples
        --------
        >>> table = model.predict({"donor": "CTGGGGCGCAG", "typo": "CTGG1"}, quiet=True)
        >>> table[["id", "length", "status", "reason"]].to_dict("records")[1]["reason"]
        "position 5: '1' is not a DNA letter (line numbers or text? keep only the letters)"
        """
        if output not in ("pandas", "arrow"):
            raise InputError(f"output '{output}' is not known; choose pandas or arrow")
        scorer = self._predictor.scorer
        names = list(self._predictor.members) if members else []
        if isinstance(scorer, CombinedScorer) and members:
            names, scorer = list(scorer.members), replace(scorer, every=True)
        predictor = replace(self._predictor, scorer=scorer)
        path = path_of(records)
        paths = [path] if path is None else find_fasta(str(path), "records")
        rows = Rows(
            predictor.task, predictor.card, names, several=len(paths) > 1, added=predictor.added
        )
        tables = [rows.content.schema.empty_table()]
        with _TURN, deterministic(self._threads):
            for file in paths:
                rows.begin(str(file))
                blocks = (
                    packed(records, predictor.alphabet) if file is None else predictor.read(file)
                )
                where = file or MEMORY
                tables += [t for t, _ in predictor.tables(blocks, rows, where, quiet=quiet)]
        table = pa.concat_tables(tables)
        return table if output == "arrow" else table.to_pandas()
