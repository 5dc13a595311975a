"""Inputs and results in a bucket: a server on this machine that speaks S3."""

from __future__ import annotations

import socket
import subprocess
import time
import urllib.request
from contextlib import suppress

import boto3
import pytest
from conftest import BIN, ROOT
from safetensors.torch import load
from waiting import wait_until

from .conftest import DATASETS, make_dna_project, make_project

pytestmark = pytest.mark.workflow
KEYS = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
MODEL = "results/dna/models/gru/fold-0/seed-1/model.safetensors"


@pytest.fixture(scope="module")
def bucket():
    """Client and address of an S3 server with the bucket ``lab``."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        [BIN / "moto_server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_until(lambda: answers(url), "an answer of the server", server, pause=0.1)
        client = boto3.client("s3", endpoint_url=url, **KEYS)
        client.create_bucket(Bucket="lab")
        yield client
    finally:
        server.kill()
        server.wait()


def answers(url) -> bool:
    with suppress(OSError):
        urllib.request.urlopen(url, timeout=60).close()
        return True
    return False


@pytest.fixture
def run(bucket, monkeypatch):
    """Run the workflow with that server."""
    monkeypatch.setenv("SNAKEMAKE_STORAGE_S3_ACCESS_KEY", KEYS["aws_access_key_id"])
    monkeypatch.setenv("SNAKEMAKE_STORAGE_S3_SECRET_KEY", KEYS["aws_secret_access_key"])

    def snakemake(project, *words):
        done = project.snakemake(*server(bucket), *words)
        assert done.code == 0, done.err

    return snakemake


def server(bucket) -> list[str]:
    words = ["--storage-s3-endpoint-url", bucket.meta.endpoint_url]
    return [*words, "--storage-s3-region", KEYS["region_name"]]


def upload(bucket, project, prefix) -> None:
    for path in (project.folder / "data").iterdir():
        bucket.upload_file(str(path), "lab", f"{prefix}data/{path.name}")


def test_everything_in_a_bucket(bucket, run, tmp_path):
    local, project = (make_dna_project(tmp_path / name) for name in ("local", "remote"))
    for each in (local, project):
        config = each.read_config()
        each.write_config(config | {"models": {"gru": config["models"]["gru"]}})
    assert local.snakemake(MODEL).code == 0
    upload(bucket, project, "mine/")
    for path in (project.folder / "data").iterdir():
        path.unlink()
    storage = ["--default-storage-provider", "s3", "--default-storage-prefix", "s3://lab/mine"]
    run(project, *storage)
    # nothing of it is left here
    assert not (project.folder / "results").exists()
    for key in ("report/report.html", "evaluation/summary.tsv", "predictions/new.tsv.gz"):
        assert bucket.head_object(Bucket="lab", Key=f"mine/results/dna/{key}")["ContentLength"]
    model = bucket.get_object(Bucket="lab", Key=f"mine/{MODEL}")["Body"].read()
    assert_same_weights(model, (local.folder / MODEL).read_bytes())
    assert not project.planned(*server(bucket), *storage)

    time.sleep(1.1)
    bucket.upload_file(str(local.folder / "data" / "query.fa"), "lab", "mine/data/query.fa")
    planned = project.planned(*server(bucket), *storage)
    assert planned == {"predict_query dna new": 1, "report_queries dna": 1}


def test_inputs_by_their_address(bucket, run, tmp_path):
    project = make_project(tmp_path / "project")
    upload(bucket, project, "theirs/")
    sheet = project.folder / "config" / "datasets.tsv"
    sheet.write_text(sheet.read_text().replace("data/", "s3://lab/theirs/data/"))
    for path in (project.folder / "data").glob("[!q]*"):
        path.unlink()
    run(project, "--", "results/dna/sequences.parquet", "results/pep/intake.tsv")
    assert (project.folder / "results/dna/sequences.parquet").stat().st_size


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize(
    ("profile", "names"),
    [
        ("kubernetes", []),
        (
            "aws-batch",
            [
                "--aws-batch-region", "eu-central-1", "--aws-batch-job-queue", "queue",
                "--aws-batch-job-role", "role",
            ],
        ),
    ],
)  # fmt: skip
def test_clouds_plan_what_a_local_run_plans(bucket, project, profile, names):
    # explained and predicted by one network: every file is looked for in the bucket
    project.write_sheet("datasets", *(row for row in DATASETS if not row.startswith("pep")))
    config = project.read_config()
    config["models"] = {"gru": config["models"]["gru"]}
    project.write_config(config | {"dataset_options": {}})
    planned = project.planned()
    upload(bucket, project, "")
    words = ["--profile", ROOT / "workflow" / "profiles" / profile, *names]
    words += ["--default-storage-prefix", "s3://lab", "--container-image", "bioseqrnn:0.1.0"]
    assert project.planned(*server(bucket), *words) == planned


def test_a_folder_in_a_bucket_is_refused(run, tmp_path):
    project = make_project(tmp_path / "project")
    sheet = project.folder / "config" / "datasets.tsv"
    sheet.write_text(sheet.read_text().replace("data/EI.fa", "s3://lab/data"))
    done = project.snakemake("--dry-run")
    assert done.code != 0
    assert "line 4: 's3://lab/data': files on remote storage must be named one by one" in done.err


def assert_same_weights(one: bytes, other: bytes) -> None:
    """Cards differ in the names of the sources."""
    first, second = load(one), load(other)
    assert first.keys() == second.keys()
    for name, weight in first.items():
        assert weight.equal(second[name])
