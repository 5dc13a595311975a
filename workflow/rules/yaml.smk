# Checks of a configuration file before Snakemake reads it: what is no YAML, what YAML would read
# otherwise than it looks, and what it would never have read. Each problem is one line.
import json
import math
import re
from pathlib import Path

import yaml

# far beyond any configuration: ten thousand datasets have a tenth of it
LARGEST_FILE = 10_000_000
DEEPEST = 50
MOST_VALUES = 500_000

EVENTS = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
RESOLVER = yaml.resolver.Resolver()
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
TAG = "tag:yaml.org,2002:"


def check_yaml(path):
    """Refuse a configuration file that is none, with its line."""
    text = read_configuration(path)
    found = CONTROL.search(text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        stop(f"{path}: line {line}: has the control character {ascii(found[0])}")
    try:
        values = json_values(path, text)
        if values is None:
            YamlCheck(path).run(text)
            values = yaml.load(text, Loader=EVENTS)
    except RecursionError:
        stop(f"{path}: sections stand in each other too deeply")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f"line {mark.line + 1}: " if mark else ""
        problem = error.problem or error.context
        if mark and text.split("\n")[mark.line].startswith("\t"):
            problem = "a tab at the start of a line; YAML takes blanks only"
        stop(f"{path}: {line}not valid YAML ({problem})")
    except (yaml.YAMLError, ValueError) as error:
        stop(f"{path}: not valid YAML ({' '.join(str(error).split())[:200]})")
    if not isinstance(values, dict):
        stop(f"{path}: holds no settings; each is a line 'key: value'")
    if "__use_yte__" in values:
        stop(
            f"{path}: __use_yte__: templates, which run code, are not taken; write the values out"
        )


def read_configuration(path):
    """Text of a file."""
    try:
        if not Path(path).is_file():
            stop(f"{path}: is not a file")
        if Path(path).stat().st_size > LARGEST_FILE:
            stop(
                f"{path}: larger than {LARGEST_FILE // 10**6} MB; is it a configuration?"
            )
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        stop(f"{path}: not UTF-8 text; save it as UTF-8")
    except OSError as error:
        stop(f"{path}: cannot be read ({error.strerror})")


def json_values(path, text):
    """What a file of JSON holds; None for any other."""

    def section(pairs):
        names = [name for name, _ in pairs]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            stop(f"{path}: '{twice}' stands twice in one section; rename or remove one")
        return dict(pairs)

    def no_number(name):
        stop(f"{path}: {name} is not a number that can be used")

    try:
        return json.loads(text, object_pairs_hook=section, parse_constant=no_number)
    except ValueError:
        return None


class YamlCheck:
    """One walk over the events of a YAML file, which takes no longer than to read it.

    A frame is what stands open: its anchor, how many values it has with those that aliases stand
    for, the keys of a section by their lines, and whether a key is next.
    """

    def __init__(self, path):
        self.path = path
        self.frames = []
        self.anchors = {}
        self.line = 1

    def run(self, text):
        documents = 0
        for event in yaml.parse(text, Loader=EVENTS):
            self.line = event.start_mark.line + 1
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self.refuse("a second document begins with '---'; a file holds one")
            elif isinstance(event, yaml.CollectionStartEvent):
                self.begin(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                anchor, size, _, _ = self.frames.pop()
                self.place(size, anchor)
            elif isinstance(event, yaml.AliasEvent):
                self.place(self.size_of(event.anchor))
            elif isinstance(event, yaml.ScalarEvent):
                self.check_key(event)
                self.check_scalar(event)
                self.place(1, event.anchor)

    def refuse(self, problem):
        stop(f"{self.path}: line {self.line}: {problem}")

    def begin(self, event):
        self.check_tag(event)
        if len(self.frames) == DEEPEST:
            self.refuse("sections stand in each other too deeply")
        if event.anchor:
            self.anchors[event.anchor] = None
        keys = {} if isinstance(event, yaml.MappingStartEvent) else None
        self.frames.append([event.anchor, 1, keys, True])

    def place(self, size, anchor=None):
        """Count a value in the section that it stands in."""
        if anchor:
            self.anchors[anchor] = size
        if self.frames:
            frame = self.frames[-1]
            frame[1] += size
            frame[3] = not frame[3]
            if frame[1] > MOST_VALUES:
                self.refuse(
                    f"more than {MOST_VALUES} values, with those that its aliases stand for"
                )

    def size_of(self, anchor):
        if anchor not in self.anchors:
            self.refuse(
                f"'*{anchor}' stands for nothing: there is no '&{anchor}' before it"
            )
        if self.anchors[anchor] is None:
            self.refuse(f"'*{anchor}' stands for what it is itself part of")
        return self.anchors[anchor]

    def check_key(self, event):
        """YAML keeps the last of two equal keys and drops the others without a word."""
        keys, is_key = self.frames[-1][2:] if self.frames else (None, False)
        if keys is None or not is_key:
            return
        if event.value in keys:
            self.refuse(
                f"'{event.value}' stands twice in one section, first in line "
                f"{keys[event.value]}; rename or remove one"
            )
        keys[event.value] = self.line

    def check_tag(self, event):
        tag = event.tag
        if tag is not None and tag.removeprefix(TAG) not in ("map", "seq", "str", "!"):
            self.refuse(
                f"the tag '{tag.removeprefix(TAG)}' is not taken; write the value alone"
            )

    def check_scalar(self, event):
        """What YAML 1.1 makes of a value in no quotes, which nobody means today."""
        text = event.value
        if not event.implicit[0]:
            self.check_tag(event)
            return
        kind = RESOLVER.resolve(yaml.ScalarNode, text, (True, False)).removeprefix(TAG)
        if kind == "timestamp":
            self.refuse(f"{text} is read as a date; put it in quotes")
        if kind in ("int", "float") and ":" in text:
            self.refuse(f"{text} is read as a number of base 60; put it in quotes")
        if kind == "int" and re.match(r"[-+]?0[0-7_]", text):
            self.refuse(
                f"{text} is read as an octal number; leave the 0 out, or put it in quotes"
            )
        if kind == "int" and len(text) > 100:
            self.refuse(f"a number of {len(text)} digits")
        if kind == "float" and not math.isfinite(float(yaml.safe_load(text))):
            self.refuse(f"{text} is not a number that can be used")
