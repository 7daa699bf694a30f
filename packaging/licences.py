"""Writes docs/licences.md: every package that a plain install brings, its version and licence as its metadata declares it.

.venv/bin/python packaging/licences.py
"""

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement


def closure(name: str) -> dict[str, Distribution]:
    """All installed distributions that `name` needs, by lower-case name."""
    found: dict[str, Distribution] = {}
    waiting = [name]
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


def main() -> None:
    rows = [
        f"| {dist.metadata['Name']} | {dist.version} | {licence(dist)} |"
        for name, dist in sorted(closure("medviewer").items())
        if name != "medviewer"
    ]
    text = "# Third-party licences\n\nMade by `python packaging/licences.py` from the metadata of the installed packages; "
    text += "native libraries inside wheels are not listed one by one.\n\n| package | version | licence |\n|---|---|---|\n"
    fonts = "\n\nNetworks: the backbone of cxr-pneumonia is MobileNetV2 trained on ImageNet by Google (Apache-2.0).\n"
    fonts += "Font: a subset of Noto Sans CJK SC (SIL Open Font License 1.1, `resources/fonts`).\n"
    Path(__file__).resolve().parents[1].joinpath("docs", "licences.md").write_text(text + "\n".join(rows) + fonts, "utf-8")


if __name__ == "__main__":
    main()
