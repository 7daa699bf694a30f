"""Writes the tables that are made from code: docs/licences.md (every package that a plain install brings), docs/errors.md.

.venv/bin/python packaging/tables.py
"""

import json
import re
import tomllib
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

from medviewer.ui.commands import COMMANDS, KINDS, Command

ROOT = Path(__file__).resolve().parents[1]
KEYS, KEYS_END = "<!-- keys -->", "<!-- end of keys -->"


def closure() -> dict[str, Distribution]:
    """All installed distributions that the program needs, by lower-case name; what it asks for itself is in pyproject.toml."""
    found: dict[str, Distribution] = {}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    waiting = [Requirement(line).name for line in project["dependencies"]]
    while waiting:
        current = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if current in found:
            continue
        try:
            found[current] = distribution(current)
        except PackageNotFoundError:
            continue
        for line in found[current].requires or ():
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name)
    return found


def licence(dist: Distribution) -> str:
    """The SPDX expression, else the classifiers, else the first line of the licence field."""
    meta = dist.metadata
    if expression := meta.get("License-Expression"):
        return expression
    classifiers = [c.split(" :: ")[-1] for c in meta.get_all("Classifier") or () if c.startswith("License ::")]
    named = [c for c in classifiers if c != "OSI Approved"]
    return ", ".join(named) or (meta.get("License") or "not declared").strip().splitlines()[0][:80]


def licences() -> str:
    rows = [f"| {dist.metadata['Name']} | {dist.version} | {licence(dist)} |" for _, dist in sorted(closure().items())]
    return (
        "# Third-party licences\n\nMade by `python packaging/tables.py` from the metadata of the installed packages; "
        "native libraries inside wheels are not listed one by one.\n\n| package | version | licence |\n|---|---|---|\n"
        + "\n".join(rows)
        + "\n\nNetworks: the backbone of cxr-pneumonia is MobileNetV2 trained on ImageNet by Google (Apache-2.0).\n"
        "Names and words (`resources/names`): US Census 1990 and ICD-10-CM, public domain; Faker, names and jieba, MIT; "
        "SCOWL, its own.\n"
        "Font: a subset of Noto Sans CJK SC (SIL Open Font License 1.1, `resources/fonts`).\n"
    )


def errors() -> str:
    english = json.loads((ROOT / "resources" / "messages.en.json").read_text("utf-8"))
    lines = [
        "# Messages",
        "",
        "Made by `python packaging/tables.py` from `resources/messages.en.json`. The codes are stable: they stand in the JSON of",
        "the command line.",
        "",
        "| code | says | what to do |",
        "|---|---|---|",
        *(f"| `{code}` | {entry['message']} | {entry['remedy']} |" for code, entry in sorted(english.items())),
    ]
    return "\n".join(lines) + "\n"


def listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def keys() -> str:
    several = ("preset-", "ecg-call-")
    rows = [
        f"| {listed(one.keys)} | {one.title} | {where(one)} |" for one in COMMANDS if one.keys and not one.id.startswith(several)
    ]
    presets = "| `1` … `9`, `0` | Window presets of the modality; the file's window or automatic | image |"
    calls = "| `Shift+N`, `S`, `V`, `F`, `Q` | Call the beat so | ECG |"
    hands = (
        "Left drag: the active tool (window/level at start). Right drag: zoom. Middle or Shift+left drag: pan.",
        "Wheel: images; with Ctrl: zoom at the pointer. Ctrl+left drag: window of a region. Alt+left drag: window/level.",
        "Double click: one pane and back.",
    )
    return "\n".join([*hands, "", "| keys | do | in |", "|---|---|---|", *rows, presets, calls])


def where(command: Command) -> str:
    """In which panes a key counts; "" for everywhere."""
    if not command.on_pane or set(command.kinds) == set(KINDS):
        return ""
    return ", ".join({"ecg": "ECG"}.get(kind, kind) for kind in command.kinds)


def main() -> None:
    readme = ROOT / "README.md"
    text = readme.read_text("utf-8")
    start, end = text.index(KEYS) + len(KEYS), text.index(KEYS_END)
    readme.write_text(text[:start] + "\n\n" + keys() + "\n\n" + text[end:], "utf-8")
    (ROOT / "docs" / "licences.md").write_text(licences(), "utf-8")
    (ROOT / "docs" / "errors.md").write_text(errors(), "utf-8")


if __name__ == "__main__":
    main()
