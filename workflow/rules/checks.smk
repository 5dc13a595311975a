# The checks of configuration and sheets are modules of the package, which need not be installed where
# Snakemake runs. They are loaded from the repository, one file at a time, since Snakemake fetches the
# files of a remote workflow so.
import hashlib
import sys
from pathlib import Path
from types import ModuleType

# in the order in which they import one another
CHECKS = (
    "support.errors",
    "support.console",
    "config.checks.text",
    "config.checks.yaml_file",
    "config.checks.schema_errors",
    "config.checks.files",
    "config.checks.columns",
    "config.checks.tables",
    "config.checks.settings",
    "config.checks.labels",
    "config.checks.sheets",
    "config.checks.ranges",
    "config.checks.scored",
    "config.checks.run",
)


def load_checks(files):
    """Load modules from {name: file} under the name of a package that only their content has.

    So an installed package, or another version of this workflow in the same process, has its own.
    """
    sources = {name: Path(path).read_bytes() for name, path in files.items()}
    content = hashlib.sha256(repr(sources).encode()).hexdigest()
    package = f"bioseqrnn_checks_{content[:16]}"
    if package not in sys.modules:
        for name in ("", ".support", ".config", ".config.checks"):
            folder = sys.modules[package + name] = ModuleType(package + name)
            folder.__path__ = []
        for name, source in sources.items():
            loaded = sys.modules[f"{package}.{name}"] = ModuleType(f"{package}.{name}")
            loaded.__file__ = files[name]
            loaded.__package__ = loaded.__name__.rpartition(".")[0]
            exec(compile(source, files[name], "exec"), loaded.__dict__)
    return {name: sys.modules[f"{package}.{name}"] for name in files}


check_modules = load_checks(
    {
        name: workflow.source_path(f"../../src/bioseqrnn/{name.replace('.', '/')}.py")
        for name in CHECKS
    }
)
check_settings = check_modules["config.checks.settings"]
schema_errors = check_modules["config.checks.schema_errors"]
check_run = check_modules["config.checks.run"]
scored = check_modules["config.checks.scored"]
faults_end_the_run = check_modules["config.checks.text"].faults_end_the_run
stop = check_modules["config.checks.text"].stop


def elsewhere(path):
    """Whether a file is not on this machine's file systems but in remote storage (docs/cluster.md)."""
    return "://" in path or bool(workflow.storage_settings.default_storage_provider)


def given_settings():
    """What this run, or the workflow that imports this one, is given its settings by."""
    given = workflow.config_settings
    return check_settings.Given(
        module_name=__name__ if IMPORTED else None,
        config=config if workflow.modifier.skip_configfile else None,
        configfiles=given.configfiles,
        command_line=given.config,
        # later than Snakemake 9.3
        replaces=bool(given.overwrite_config)
        and getattr(given, "replace_workflow_config", False),
    )


with faults_end_the_run():
    ORIGINS = check_settings.check_configuration_files(given_settings())
