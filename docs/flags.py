"""Write the flags of the scripts into docs/scripts.md, as their --help has them.

    python -m docs.flags
"""

import importlib
import io
import os
import re
from contextlib import redirect_stdout, suppress
from pathlib import Path
from unittest.mock import patch

DOCUMENT = Path(__file__).with_name("scripts.md")
ROOT = DOCUMENT.parent.parent
TABLES = re.compile(r"(<!-- flags of ([\w.]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def main():
    DOCUMENT.write_text(with_tables(DOCUMENT.read_text()))


def with_tables(text):
    """Return the document's text with the tables between its marks made anew."""
    return TABLES.sub(lambda match: match[1] + tables(help_of(match[2])) + match[3], text)


def help_of(module):
    """Return what a script prints for --help, with paths as seen from the repository."""
    text = io.StringIO()
    with patch.dict(os.environ, COLUMNS="1000"), redirect_stdout(text), suppress(SystemExit):
        importlib.import_module(module).parse_args(["--help"])
    return text.getvalue().replace(f"{ROOT}{os.sep}", "")


def tables(help_text):
    """Return a Markdown table for each group of flags but -h's."""
    lines = [""]
    groups = re.findall(r"^(\w.*):\n((?:  .*\n)+)", help_text, re.MULTILINE)
    for title, flags in groups[1:]:
        lines += [f"| {title} | |", "|---|---|"]
        for names, meaning in re.findall(r"^  (-.+?)(?:  +|\n +)(\S.*)$", flags, re.MULTILINE):
            lines.append(f"| {cell(names)} | {meaning} |")
        lines.append("")
    return "\n".join([*lines, ""])


def cell(names):
    """Return flags as code, with their value once: before Python 3.13 each has it."""
    *others, last = re.split(", (?=-)", names)
    return ", ".join(f"`{name}`" for name in [*(name.split()[0] for name in others), last])


if __name__ == "__main__":
    main()
