# Where a setting stands: on the command line, in a file that is given there, in config/config.yaml,
# or in the configuration of the module that this workflow is.
import functools
import math

from snakemake.common.configfile import load_configfile

CONFIG_FILE = "config/config.yaml"


def check_configuration_files():
    """Check the files that are read. A module that is given its configuration reads none."""
    if workflow.modifier.skip_configfile:
        return
    given = workflow.config_settings.configfiles
    for path in given:
        check_yaml(os.path.relpath(path))
    if os.path.exists(CONFIG_FILE):
        check_yaml(CONFIG_FILE)
    elif not given:
        stop(
            f"{CONFIG_FILE}: no such file in {os.getcwd()}; write one, or name another by --configfile"
        )


@functools.cache
def setting_sources():
    """Names and values of what settings come from; of a setting in several, the first counts."""
    if workflow.modifier.skip_configfile:
        return [(f"config of module '{__name__}'", config)]
    given = workflow.config_settings
    files = [os.path.relpath(path) for path in reversed(given.configfiles)]
    sources = [(name, load_configfile(name)) for name in files]
    if given.config:
        sources.insert(0, ("--config", given.config))
    if base_is_read() and CONFIG_FILE not in files:
        sources.append((CONFIG_FILE, load_configfile(CONFIG_FILE)))
    return sources


def base_is_read():
    given = workflow.config_settings
    replaced = given.overwrite_config and getattr(
        given, "replace_workflow_config", False
    )
    return os.path.exists(CONFIG_FILE) and not replaced


def at(*path):
    """The name of what a setting stands in, or, of one that is nowhere, what is around it."""

    def depth(values):
        for count, part in enumerate(path):
            try:
                values = values[part]
            except (KeyError, IndexError, TypeError):
                return count
        return len(path)

    sources = setting_sources()
    name, _ = max(sources, key=lambda source: depth(source[1]))
    if (
        name == CONFIG_FILE
        and len(sources) > 1
        and workflow.config_settings.configfiles
    ):
        return f"{name} (to which --configfile adds; --replace-workflow-config leaves it out)"
    return name


def tell_added_models():
    """Models of config/config.yaml beside those of a file that was given: easily not what is meant."""
    sources = setting_sources()
    if not (workflow.is_main_process and workflow.config_settings.configfiles):
        return
    files = [
        values for name, values in sources if name not in ("--config", CONFIG_FILE)
    ]
    named = {name for values in files for name in values.get("models") or {}}
    base = dict(sources).get(CONFIG_FILE, {}).get("models") or {}
    others = [name for name in base if name not in named]
    if named and others:
        sys.stderr.write(
            f"bioseqrnn: warning: models: {', '.join(others)} of {CONFIG_FILE} are trained too; "
            "--configfile adds to that file, --replace-workflow-config leaves it out\n"
        )


def plain_value(text):
    """What a text of the command line would be in a file."""
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        return number if math.isfinite(number) else text
    words = {"true": True, "yes": True, "on": True, "null": None, "~": None}
    words |= {"false": False, "no": False, "off": False}
    return words.get(text.lower(), text)


def read_command_line(values, given, accepted, path=()):
    """Take the text of nested --config values as numbers and the like, where those are wanted.

    Snakemake hands over all of {count: 3} as text.
    """
    parts = given.items() if isinstance(given, dict) else enumerate(given)
    for key, value in parts:
        here = (*path, key)
        if isinstance(value, (dict, list)):
            read_command_line(values[key], value, accepted, here)
        elif isinstance(value, str):
            plain = plain_value(value)
            if plain is value:
                continue
            # text stays where text is wanted, like a class called 1; null is nothing where it may be
            if plain is None or not accepted(here):
                values[key] = plain
            if plain is None and not accepted(here):
                values[key] = value


def check_settings():
    """Check everything that the schema says, after the text of --config is read."""
    validator = SchemaValidator(read_schema("config"))

    def accepted(path):
        errors = validator.iter_errors(config)
        return not any(
            tuple(error.absolute_path)[: len(path)] == path for error in errors
        )

    check_values(config)
    given = workflow.config_settings.config
    if given and not workflow.modifier.skip_configfile:
        read_command_line(config, given, accepted)
    error = first_problem(config, validator)
    if error:
        extra = unknown_keys(error)[:1]
        where = at(*error.absolute_path, *extra)
        problem = schema_problem(error, quoted=where != "--config")
        stop(f"{where}: {problem}")


def check_values(node, path=()):
    """Refuse what is no text, no name of one line, or no number where YAML can write it."""
    key = ".".join(map(str, path))
    if isinstance(node, dict):
        for name, value in node.items():
            if not isinstance(name, str):
                stop(
                    f"{at(*path)}: {key}{'.' if key else ''}{name!r} is a key that is not text; "
                    "put it in quotes"
                )
            if not is_one_line(name):
                stop(
                    f"{at(*path, name)}: {key}: {ascii(name)} has a control character or line break"
                )
            check_values(value, (*path, name))
    elif isinstance(node, list):
        for place, value in enumerate(node):
            check_values(value, (*path, place))
    elif isinstance(node, str) and not is_one_line(node):
        stop(f"{at(*path)}: {key}: {ascii(node)} has a control character or line break")
    elif isinstance(node, float) and not math.isfinite(node):
        stop(f"{at(*path)}: {key}: {node} is not a number that can be used")


def results_folder(path):
    """Folder of the results, or the end where it is not what is meant."""
    where = f"{at('results')}: results"
    if path != path.strip():
        stop(f"{where}: '{path}' begins or ends with a blank")
    if not is_there_with_dollar(path) and unexpanded(path):
        stop(f"{where}: '{path}'{unexpanded(path)}")
    check_path(where, path)
    if not elsewhere(path):
        for part in (Path(path), *Path(path).parents):
            if part.exists() and not part.is_dir():
                stop(f"{where}: '{part}' is a file; name a folder")
    return path.rstrip("/")


def is_there_with_dollar(path):
    """Whether a folder is in fact called so, up to the last sign that a shell would replace."""
    return "$" in path and os.path.isdir(
        path[: path.rindex("$")] + path[path.rindex("$") :].split("/")[0]
    )


def refuse_prefix(paths):
    """A module's prefix moves what rules read and write, but not the paths that commands are told."""
    for path in paths:
        moved = workflow.modifier.path_modifier.replace_prefix(path, None)
        if not elsewhere(path) and moved != path:
            stop(
                f"{at()}: 'prefix' of the module makes '{moved}' of '{path}' in the rules, but not "
                "in their commands; set results: instead of prefix, like 'results: sub/results'"
            )
