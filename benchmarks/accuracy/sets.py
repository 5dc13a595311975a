"""Every public set of the benchmark, the most telling first.

The data are not part of the repository: paths are relative to ``--data``. Folds, labels, published
figures and targets are written down here and nowhere else, and no setting of a model is: all DNA
sets and all protein sets are run by the default recipe.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from .entry import Bar, Entry, Part, given_parts, two_classes

GUE_SOURCE = "GUE (DNABERT-2); wds-seu/DeepGene@486343e, data/GUE, Apache-2.0"
PEPTIDES_SOURCE = "spaenigs/peptidereactor, data/{name}, MIT"
MODLAMP_SOURCE = "modlAMP 4.3.3, modlamp/data, BSD-3-Clause"
FASTSK_SOURCE = "QData/FastSK@d275a23, data, Apache-2.0"
CNNPROM_SOURCE = "solovictor/CNNPromoterData@b4d2949, no licence file"
GIVEN = {"train": "train", "dev": "validation", "test": "test"}
POOLED = dict.fromkeys(GIVEN)
BOTH = {"strands": "both"}
WARN_OF_LEAKS = {"leakage": {"action": "warn"}}
# AUROC of a classifier on frozen embeddings of five models, Nat Commun 2025, s41467-025-65823-8
EMBEDDINGS = "embeddings of DNA language models ≤ {}"


def _gue(name: str, role_of: Mapping[str, str | None]) -> tuple[Part, ...]:
    return given_parts(f"gue/{name}/{{split}}.label{{label}}.fa.gz", role_of)


def _fastsk(file: str) -> tuple[Part, ...]:
    splits: tuple[Literal["train", "test"], ...] = ("train", "test")
    return tuple(
        Part(f"fastsk/{file}.{split}.fasta.gz", class_in_header=True, split=split)
        for split in splits
    )


def _binding(name: str, length: int, bar: Bar, note: str, audit: dict[str, Any]) -> Entry:
    return Entry(
        name.lower(),
        f"{name} binding, {length} nt",
        "dna",
        _fastsk(name),
        (bar,),
        # many peaks overlap or are repeats: equal sequences alone would not keep them together
        grouping="homology",
        options=BOTH,
        audit=audit,
        note=note,
        source=FASTSK_SOURCE,
    )


def _remote_homologs(family: str, positives: int, bar: Bar) -> Entry:
    return Entry(
        f"scop_{family.replace('.', '_')}",
        f"remote homologs, SCOP {family}, 16–905 aa",
        "protein",
        _fastsk(family),
        (bar,),
        note=f"{positives} test positives",
        source=FASTSK_SOURCE,
    )


def _peptides(name: str, about: str, reach: float | None = None) -> Entry:
    folder = f"peptidereactor/{name}"
    return Entry(
        name,
        about,
        "protein",
        (Part(f"{folder}/seqs.fasta", classes=f"{folder}/classes.txt"),),
        (Bar("auroc", reach),),
        folds=5,
        grouping="homology",
        source=PEPTIDES_SOURCE.format(name=name),
    )


MOUSE_2 = Bar(
    "auroc",
    0.982,
    EMBEDDINGS.format(".947"),
    "k-mer LR .976 (MCC .848), CNN .965, ls-gkm .964",
)
TATA = Bar(
    "auroc",
    0.977,
    EMBEDDINGS.format(".810"),
    "LightGBM .967 (MCC .783), one-hot LR .945, CNN .911, k-mer LR .830",
)
CNNPROM = (
    Bar(
        "auroc",
        0.985,
        "–",
        "ls-gkm .980, k-mer LR .970, CNN .951, LightGBM .949, GC alone .906",
    ),
    Bar("mcc", 0.84, "CNN .84 (protocol unclear)", "k-mer LR .771"),
)
CNNPROM_PARTS = two_classes("cnnprom/Ecoli_prom.fa", "cnnprom/Ecoli_non_prom.fa")

ENTRIES: tuple[Entry, ...] = (
    Entry(
        "splice",
        "splice junctions: EI, IE, neither; 60 nt",
        "dna",
        tuple(Part(f"splice/{name}.fa", name) for name in ("EI", "IE", "N")),
        (
            Bar(
                "accuracy",
                0.972,
                "boosting .973, CNN .945, RNN .939 (set not named); radial basis functions .959",
                "LightGBM .966, one-hot LR .955, CNN .778, k-mer LR .697",
            ),
            Bar("auroc", None, "–", "LightGBM .9944 (macro)"),
        ),
        folds=10,
        unique_ids=True,
        source="UCI Molecular Biology (Splice-junction Gene Sequences), CC BY 4.0",
    ),
    Entry(
        "mouse_2",
        "mouse TF binding, 101 nt",
        "dna",
        _gue("mouse_2", GIVEN),
        (MOUSE_2,),
        options=BOTH,
        audit=WARN_OF_LEAKS,
        note="94 of 164 test positives share a 31-mer with training",
        source=GUE_SOURCE,
    ),
    Entry(
        "prom_core_tata",
        "core promoters with TATA box, 70 nt",
        "dna",
        _gue("prom_core_tata", GIVEN),
        (TATA,),
        audit=WARN_OF_LEAKS,
        note="16 test records stand in training",
        source=GUE_SOURCE,
    ),
    Entry(
        "acp",
        "anticancer peptides or random fragments, 8–28 aa",
        "protein",
        two_classes(
            "modlamp/ACP_CancPPD_vs_Random.ACP.fa", "modlamp/ACP_CancPPD_vs_Random.neg_Random.fa"
        ),
        (Bar("auroc", 0.986, "–", "k-mer LR .976 (MCC .882), CNN .972, Lys fraction alone .821"),),
        folds=5,
        source=MODLAMP_SOURCE,
    ),
    Entry(
        "amp_scanner",
        "antimicrobial peptides, 11–183 aa",
        "protein",
        (
            *two_classes("amp-scanner/AMP.tr.fa", "amp-scanner/DECOY.tr.fa", "train"),
            *two_classes("amp-scanner/AMP.eval.fa", "amp-scanner/DECOY.eval.fa", "test"),
        ),
        (
            Bar("accuracy", 0.935, "conv + LSTM .910 (its test part)", "k-mer LR .895 (test part)"),
            Bar("auroc", 0.970, "–", "k-mer LR .953 (test part)"),
        ),
        audit=WARN_OF_LEAKS,
        note="trained on tr, tested on eval",
        source="AMP Scanner vr.2 (Veltri 2018); zhanglabNKU/APIN@11f50b4, no licence file",
    ),
    Entry(
        "nfe2",
        "NF-E2 ChIP-seq peaks, 59–247 nt",
        "dna",
        two_classes("nfe2/Nfe2.tr.fa", "nfe2/Nfe2.neg.tr.fa"),
        (Bar("auroc", 0.992, "–", "ls-gkm .991, k-mer LR .981, CNN .981"),),
        folds=5,
        options=BOTH,
        source="Dongwon-Lee/lsgkm@d7ef90f, tests, GPL-3",
    ),
    Entry(
        "nfe2_test",
        "NF-E2 ChIP-seq peaks, 59–247 nt",
        "dna",
        (
            *two_classes("nfe2/Nfe2.tr.fa", "nfe2/Nfe2.neg.tr.fa", "train"),
            *two_classes("nfe2/Nfe2.test.fa", "nfe2/Nfe2.neg.test.fa", "test"),
        ),
        (Bar("auroc", None, "–", "ls-gkm .996, k-mer LR .991, CNN .972"),),
        options=BOTH,
        audit=WARN_OF_LEAKS,
        source="as nfe2",
    ),
    Entry(
        "cnnprom",
        "E. coli σ70 promoters or coding sequence, 81 nt",
        "dna",
        CNNPROM_PARTS,
        CNNPROM,
        folds=5,
        note="65 % of test records share a 31-mer with training",
        source=CNNPROM_SOURCE,
    ),
    Entry(
        "tf_2",
        "human TF binding, 101 nt",
        "dna",
        _gue("tf_2", GIVEN),
        (
            Bar(
                "auroc",
                0.968,
                EMBEDDINGS.format(".825"),
                "CNN .937, k-mer LR .905 (MCC .642), ls-gkm .894, one-hot LightGBM .683",
            ),
        ),
        options=BOTH,
        audit=WARN_OF_LEAKS,
        source=GUE_SOURCE,
    ),
    _peptides("hiv_protease", "cut by HIV-1 protease or not, 8 aa", 0.935),
    _peptides("hem_hemopi", "haemolytic peptides"),
    _peptides("cpp_mlcpp", "cell-penetrating peptides"),
    Entry(
        "amp_vs_uniprot",
        "antimicrobial peptides or UniProt, 7–174 aa",
        "protein",
        two_classes("modlamp/AMPvsUniProt.AMP.fa", "modlamp/AMPvsUniProt.neg_UniProt.fa"),
        (Bar("auroc"),),
        folds=5,
        grouping="homology",
        note="61 % of negatives start with M, 2 % of positives",
        source=MODLAMP_SOURCE,
    ),
    _binding("CTCF", 100, Bar("auroc", 0.985, "gkmSVM .971, LSTM .747"), "", {}),
    _binding(
        "EP300",
        100,
        Bar("auroc", 0.992, "FastSK .991, LSTM .675"),
        "46 of 2,000 test records are near-identical to one that trains",
        {},
    ),
    _binding(
        "JUND",
        100,
        Bar("auroc", 0.973, "FastSK .969, LSTM .881"),
        "1 test record stands in training",
        WARN_OF_LEAKS,
    ),
    _binding(
        "TP53",
        200,
        Bar("auroc", 0.890, "FastSK .824, LSTM .498"),
        "half of the records overlap another one, 3 of 494 test records one that trains",
        {},
    ),
    _remote_homologs("1.1", 8, Bar("auroc", 0.937, "LSTM .937, FastSK .853")),
    _remote_homologs("2.19", 9, Bar("auroc", 0.895, "FastSK .895, LSTM .677")),
    _remote_homologs("3.25", 11, Bar("auroc", 0.963, "FastSK .963, LSTM .761")),
    Entry(
        "mouse_2_homology",
        "mouse TF binding, 101 nt",
        "dna",
        _gue("mouse_2", POOLED),
        (MOUSE_2,),
        folds=5,
        grouping="homology",
        options=BOTH,
        note="all parts pooled",
        variant=True,
        source=GUE_SOURCE,
    ),
    Entry(
        "prom_core_tata_new",
        "core promoters with TATA box, 70 nt",
        "dna",
        _gue("prom_core_tata", GIVEN),
        (TATA,),
        without_twins=True,
        note="without the 18 test records that stand in training (16) or validation",
        variant=True,
        source=GUE_SOURCE,
    ),
    Entry(
        "cnnprom_homology",
        "E. coli σ70 promoters or coding sequence, 81 nt",
        "dna",
        CNNPROM_PARTS,
        CNNPROM,
        folds=5,
        grouping="homology",
        variant=True,
        source=CNNPROM_SOURCE,
    ),
    Entry(
        "ct_genes",
        "coding forwards, backwards or not at all, each base of a genome of 1.04 Mb",
        "dna",
        (Part("ct-genes/ct_3line.fa.gz"),),
        (Bar("accuracy", 0.95, "–", "Glimmer .972, majority .457"),),
        folds=5,
        options={"task": "per_position", "block": 20_000, "opposite": {"F": "R"}},
        note="blocks of 20,000 bases",
        source="seqinr (r-cran-seqinr 4.2-23), ct.fasta and ct.gbk, GPL-2 or later",
    ),
)
