"""What is asked for becomes a project that the workflow accepts, or one line and no file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

from bioseqrnn.config.checks.run import Run, check_run
from bioseqrnn.config.checks.schema_errors import read_schema
from bioseqrnn.config.checks.settings import Origins, check_settings
from bioseqrnn.config.checks.yaml_file import check_yaml
from bioseqrnn.config.settings import Config
from bioseqrnn.project.change import take_up
from bioseqrnn.project.make import make_project
from bioseqrnn.project.request import read_request, safe_name
from bioseqrnn.support.errors import InputError

FASTA = ">1\nACGT\n"
SCHEMAS = ROOT / "workflow" / "schemas"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A user's folder with FASTA files."""
    for name in ("a.fa", "b.fa", "c.fa", "more/a.fa.gz", "more/d.fasta"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f">{name}\nACGT\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def checked(folder: Path, monkeypatch) -> Run:
    """What the workflow makes of a project, after its own checks."""
    with monkeypatch.context() as there:
        there.chdir(folder)
        config = check_yaml("config/config.yaml")
        origins = Origins([("config/config.yaml", config)])
        schemas = {
            name: read_schema(SCHEMAS / f"{name}.schema.json")
            for name in ("config", "datasets", "queries")
        }
        check_settings(config, origins, schemas["config"])
        whole = Config.model_validate(config).model_dump()
        options = {"dataset_options": config["dataset_options"]}
        return check_run(whole | options, origins, schemas, lambda _path: False)


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def make(folder: Path, *classes: str, queries: tuple[str, ...] = (), **more) -> None:
    make_project(folder, read_request(folder, classes, queries, **more))


def test_the_workflow_accepts_the_project(here, monkeypatch):
    options = {"alphabet": "dna", "strands": "both", "positive": None}
    make(Path("my-project"), "x=a.fa", "y=b.fa", "x=more", queries=("c.fa",), options=options)
    run = checked(here / "my-project", monkeypatch)
    (rows,) = run.datasets.values()
    assert [(row["label"], row["files"]) for row in rows] == [
        ("x", [f"{here}/a.fa"]),
        ("x", [f"{here}/more/a.fa.gz", f"{here}/more/d.fasta"]),
        ("y", [f"{here}/b.fa"]),
    ]
    assert run.queries == {"my-project": {"c": f"{here}/c.fa"}}
    config = yaml.safe_load((here / "my-project/config/config.yaml").read_text())
    assert config["dataset_options"] == {"my-project": {"alphabet": "dna", "strands": "both"}}


def test_settings_are_the_defaults_without_anything_of_the_bundled_data(here):
    make(Path("p"), "x=a.fa", "y=b.fa")
    text = (here / "p/config/config.yaml").read_text()
    config = yaml.safe_load(text)
    bundled = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    assert config.pop("dataset_options") == {}
    assert bundled.pop("dataset_options")
    # the same settings stand there, and each is the default
    assert config == bundled
    given = Config.model_validate(config)
    assert given == Config()
    for name in ("splice", "acp", "resources/"):
        for path, content in everything(here / "p").items():
            assert name not in content.decode(), path


def test_without_classes_the_sheets_have_their_headers_and_the_readme_says_the_rows(here):
    make(Path("p"))
    assert (here / "p/config/datasets.tsv").read_text() == "dataset\tfasta\tlabel\n"
    assert (here / "p/config/queries.tsv").read_text() == "query\tdataset\tfasta\n"
    readme = (here / "p/README.md").read_text()
    assert "    p\tdata/promoter.fa\tpromoter\n" in readme
    assert "bioseqrnn run\n" in readme
    make(Path("q"), "x=a.fa", "y=b.fa")
    assert "promoter" not in (here / "q/README.md").read_text()


def test_files_inside_the_project_are_named_from_it_so_that_it_can_be_moved(here, monkeypatch):
    make(here, "x=a.fa", "y=b.fa", queries=("more/d.fasta",), name="inside")
    assert "inside\ta.fa\tx\n" in (here / "config/datasets.tsv").read_text()
    moved = here.with_name(f"{here.name} moved")
    here.rename(moved)
    monkeypatch.chdir(moved)
    run = checked(moved, monkeypatch)
    assert run.queries == {"inside": {"d": "more/d.fasta"}}
    assert list(run.datasets) == ["inside"]


ODD = ["with blank", "quo'te\"", "-dash", "ü ñ", "$(x)", "a;b`c`", "#x", "a=b", "~x", "[ab]"]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("inside", [True, False])
def test_odd_names_of_files_classes_and_folders(here, odd, inside, monkeypatch):
    folder = here / odd / "project"
    data = folder if inside else here / "data" / odd
    data.mkdir(parents=True)
    for name in (odd, f"b{odd}"):
        (data / f"{name}.fa").write_text(FASTA)
    monkeypatch.chdir(data)
    label = odd.replace("=", "")
    file = f"./{odd}.fa" if odd.startswith("-") else f"{odd}.fa"
    make(folder, f"{label}={file}", f"y={data}/b{odd}.fa", queries=(file,),
         options={"positive": label})  # fmt: skip
    run = checked(folder, monkeypatch)
    monkeypatch.chdir(folder)
    (rows,) = run.datasets.values()
    assert [row["label"] for row in rows] == [label, "y"]
    for row, name in zip(rows, (odd, f"b{odd}"), strict=True):
        assert Path(row["files"][0]).samefile(data / f"{name}.fa")
    # the same again is the same project
    monkeypatch.chdir(data)
    before = everything(folder)
    take_up(folder, read_request(folder, [f"{label}={file}", f"y=b{odd}.fa"], [file]))
    assert everything(folder) == before


REFUSED = {
    "missing": (["x=a.fa", "y=none.fa"], [], "--class y: no such file 'none.fa'; relative paths "),
    "missing query": (["x=a.fa", "y=b.fa"], ["none.fa"], "--predict: no such file 'none.fa'"),
    "one class": (["x=a.fa", "x=b.fa"], [], "--class x: is the only class; a classifier needs two"),
    "file of two classes": (
        ["x=a.fa", "y=./a.fa"],
        [],
        "--class y: './a.fa' is the same file as 'a.fa' (class x); give each file once",
    ),
    "link of two classes": (["x=a.fa", "y=link"], [], "--class y: 'link' is the same file as 'a.f"),
    "file twice": (["x=a.fa", "x=a.fa", "y=b.fa"], [], "--class x: 'a.fa' is given twice; give"),
    "file in a folder": (["x=more", "y=more/d.fasta"], [], "--class y: 'more/d.fasta' is given tw"),
    "empty class": (["=a.fa", "y=b.fa"], [], "--class: the name of a class is empty"),
    "tab in a class": (["x\t=a.fa", "x\ty=b.fa"], [], "--class 'x\\ty': contains a control char"),
    "line break in a file": (["x=a\n.fa", "y=b.fa"], [], "--class x: "),
    "brace in a file": (["x={a}.fa", "y=b.fa"], [], "--class x: "),
    "blank at the end": (["x=a.fa ", "y=b.fa"], [], "--class x: 'a.fa ' ends with a space, which "),
    "no file": (["x=", "y=b.fa"], [], "--class x: the name of a file is empty"),
    "folder without FASTA": (
        ["x=empty", "y=b.fa"],
        [],
        "--class x: no FASTA file in the folder 'e",
    ),
    "glob without a file": (["x=*.faa", "y=b.fa"], [], "--class x: no file matches '*.faa'"),
    "pipe": (["x=pipe", "y=b.fa"], [], "--class x: 'pipe' is not a file"),
    "not Unicode": (["x=a\udcff.fa", "y=b.fa"], [], "--class x: "),
}


@pytest.mark.parametrize("case", list(REFUSED))
def test_one_line_before_anything_is_written(here, case):
    classes, queries, said = REFUSED[case]
    (here / "empty").mkdir()
    (here / "link").symlink_to("a.fa")
    os.mkfifo(here / "pipe")
    with pytest.raises(InputError) as found:
        make(here / "p", *classes, queries=tuple(queries))
    assert str(found.value).startswith(said)
    assert len(str(found.value).splitlines()) == 1
    assert not (here / "p").exists()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"name": "../x"}, "--name ../x: may contain only letters"),
        ({"name": "x\n"}, "--name x\n: may contain only letters"),
        ({"options": {"positive": "z"}}, "--positive z: no such class; known: x, y"),
    ],
)
def test_names_and_options_are_checked(here, more, said):
    with pytest.raises(InputError) as found:
        make(here / "p", "x=a.fa", "y=b.fa", **more)
    assert str(found.value).startswith(said)
    assert not (here / "p").exists()


def test_nothing_is_overwritten(here):
    for name in ("config/config.yaml", "config/queries.tsv", "profiles/slurm/config.yaml"):
        folder = here / name.replace("/", "-")
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text("of the user")
        with pytest.raises(InputError, match=rf"{name}: exists already; nothing was written"):
            make(folder, "x=a.fa", "y=b.fa")
        assert everything(folder) == {str(folder / name): b"of the user"}
    (here / "README.md").write_text("of the user")
    make(here, "x=a.fa", "y=b.fa")
    assert (here / "README.md").read_text() == "of the user"


def test_profiles_are_those_of_the_workflow_with_paths_of_the_project(here):
    for path in (ROOT / "workflow" / "profiles").iterdir():
        folder = here / path.name
        make_project(folder, read_request(folder), profile=path.name)
        text = (folder / "profiles" / path.name / "config.yaml").read_text()
        assert "workflow/" not in text
        assert yaml.safe_load(text) == yaml.safe_load((path / "config.yaml").read_text())
    with pytest.raises(InputError, match="no such profile; did you mean 'slurm'"):
        make_project(here / "new", read_request(here / "new"), profile="slrum")
    assert not (here / "new").exists()


def test_names_of_queries_differ(here):
    request = read_request(here, queries=["a.fa", "more", "a.fa", "more/d.fasta"])
    assert list(request.queries) == ["a", "a_2", "d"]
    names = {"Müller 1": "Muller_1", "..x": "x", "日本": "none", "": "none", "-a-": "a"}
    assert {name: safe_name(name, "none") for name in names} == names


# --- A project that exists ----------------------------------------------------------------------


@pytest.fixture
def project(here):
    make(here / "p", "x=a.fa", "y=b.fa", queries=("c.fa",), options={"strands": "both"})
    return here / "p"


def test_new_queries_are_added_and_known_ones_are_not(project, here, monkeypatch):
    before = everything(project)
    take_up(project, read_request(project, ["y=b.fa", "x=./a.fa"], ["c.fa"]))
    assert everything(project) == before
    sheet = project / "config" / "queries.tsv"
    # as a user might have edited it
    sheet.write_bytes(f"fasta\tquery\tdataset\r\n{here}/c.fa\tc\tp".encode())
    (here / "new").mkdir()
    (here / "new" / "c.fa").write_text(FASTA)
    take_up(project, read_request(project, [], ["more/d.fasta", "new/c.fa", "c.fa"]))
    assert checked(project, monkeypatch).queries == {
        "p": {"c": f"{here}/c.fa", "d": f"{here}/more/d.fasta", "c_2": f"{here}/new/c.fa"}
    }
    sheet.unlink()
    take_up(project, read_request(project, [], ["c.fa"]))
    assert checked(project, monkeypatch).queries == {"p": {"c": f"{here}/c.fa"}}


OTHERS = {
    "another class": (["x=a.fa", "y=b.fa", "z=c.fa"], {}, "datasets.tsv: does not have '"),
    "another name": (["x=a.fa", "z=b.fa"], {}, "datasets.tsv: does not have '"),
    "a file fewer": (["x=a.fa", "y=more/d.fasta"], {}, "datasets.tsv: does not have '"),
    "another option": (
        ["x=a.fa", "y=b.fa"],
        {"strands": "single"},
        "config.yaml: dataset_options.p.strands is both, not single; edit it there and leave out",
    ),
    "an option with its default": ([], {"alphabet": "dna"}, "p.alphabet is auto, not dna; edit"),
}


@pytest.mark.parametrize("case", list(OTHERS))
def test_another_project_in_the_same_folder_is_refused(project, case):
    classes, options, said = OTHERS[case]
    before = everything(project)
    with pytest.raises(InputError) as found:
        take_up(project, read_request(project, classes, ["a.fa"], options=options))
    assert said in str(found.value)
    assert len(str(found.value).splitlines()) == 1
    assert everything(project) == before


def test_the_dataset_of_queries_is_certain(project, here):
    sheet = project / "config" / "datasets.tsv"
    text = sheet.read_text()
    sheet.write_text(text + f"q\t{here}/a.fa\tx\nq\t{here}/b.fa\ty\n")
    asked = read_request(project, [], ["a.fa"])
    with pytest.raises(InputError, match="has 2 datasets; say with --name which is meant"):
        take_up(project, asked)
    with pytest.raises(InputError, match="--name r: no such dataset"):
        take_up(project, asked, name="r")
    take_up(project, asked, name="q")
    assert f"a\tq\t{here}/a.fa\n" in (project / "config" / "queries.tsv").read_text()
    sheet.write_text("dataset\tfasta\tlabel\n")
    with pytest.raises(InputError, match="has no dataset; list the FASTA files there"):
        take_up(project, asked)
    (project / "config" / "config.yaml").write_text("queries: null\n")
    sheet.write_text(text)
    with pytest.raises(InputError, match=r"queries is null; write queries: config/queries.tsv"):
        take_up(project, asked)
