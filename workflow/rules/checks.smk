# The checks of configuration and sheets, and definitions shared by commands and workflow, are
# modules of the package. The package need not be installed where Snakemake runs: these modules are
# loaded from the repository one file at a time, as Snakemake fetches files of a remote workflow.
import sys
from pathlib import Path
from types import ModuleType

# each module comes after those that it imports
MODULES = (
    "support.errors",
    "support.console",
    "support.atomic",
    "support.io",
    "config.choices",
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
    "tables.declared.table",
    "tables.declared.models",
    "tables.declared.data",
    "tables.declared.evaluation",
    "tables.declared.explanation",
    "tables.declared.inspection",
    "tables.declared.queries",
    "tables.declared.variants",
    "tables.declared.scanning",
    "tables.declared.__init__",
)


def take_modules():
    """Remove all modules of the package from ``sys.modules``, and return them."""
    names = [name for name in sys.modules if name.split(".")[0] == "bioseqrnn"]
    return {name: sys.modules.pop(name) for name in names}


def load_modules(files):
    """Load modules of the package from {name: file}.

    They are in ``sys.modules`` only while they import one another. An installed package, and
    another version of this workflow in the same process, therefore keep their own modules.
    """
    installed = take_modules()
    try:
        for name, path in files.items():
            parts = ["bioseqrnn", *name.removesuffix(".__init__").split(".")]
            for depth in range(1, len(parts) + 1):
                full = ".".join(parts[:depth])
                loaded = sys.modules.setdefault(full, ModuleType(full))
                loaded.__path__ = []
            loaded.__file__ = path
            exec(compile(Path(path).read_bytes(), path, "exec"), loaded.__dict__)
        return take_modules()
    finally:
        take_modules()
        sys.modules.update(installed)


def package_files():
    """Files of the modules: in src/ of a repository, or around the workflow of an installed package."""

    def files(folder):
        return {
            name: workflow.source_path(f"{folder}/{name.replace('.', '/')}.py")
            for name in MODULES
        }

    try:
        return files("../../src/bioseqrnn")
    except FileNotFoundError:
        return files("../..")


PACKAGE = load_modules(package_files())
check_settings = PACKAGE["bioseqrnn.config.checks.settings"]
schema_errors = PACKAGE["bioseqrnn.config.checks.schema_errors"]
check_run = PACKAGE["bioseqrnn.config.checks.run"]
scored = PACKAGE["bioseqrnn.config.checks.scored"]
choices = PACKAGE["bioseqrnn.config.choices"]
declared = PACKAGE["bioseqrnn.tables.declared"]
faults_end_the_run = PACKAGE["bioseqrnn.config.checks.text"].faults_end_the_run
stop = PACKAGE["bioseqrnn.config.checks.text"].stop


def elsewhere(path):
    """Whether a file is in remote storage and not on this machine's disks (docs/cluster.md)."""
    return "://" in path or bool(workflow.storage_settings.default_storage_provider)


def given_settings():
    """Sources of the settings of this run, or of the workflow that imports this one."""
    given = workflow.config_settings
    return check_settings.Given(
        module_name=__name__ if IMPORTED else None,
        config=config if workflow.modifier.skip_configfile else None,
        configfiles=given.configfiles,
        command_line=given.config,
        # this setting does not exist in Snakemake 9.3
        replaces=bool(given.overwrite_config)
        and getattr(given, "replace_workflow_config", False),
    )


with faults_end_the_run():
    ORIGINS = check_settings.check_configuration_files(given_settings())
