"""Collect every string of the window, keep the translations that are there, write the .ts and compile the .qm.

    python resources/i18n/update.py

Strings stand in `self.tr("…")` (context: the class), in `_tr("…")` (context: named in that module's `_tr`), in `_t("…")` of the
command table, and in QT_TRANSLATE_NOOP("context", "…").
"""

import ast
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

HERE = Path(__file__).resolve().parent
LANGUAGE = "zh_CN"


def found(package: Path) -> dict[str, list[str]]:
    """Context → source strings in the order of the files."""
    strings: dict[str, list[str]] = {}
    for path in sorted(package.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        _walk(tree, "", _own_context(tree), strings)
    return strings


def _own_context(tree: ast.Module) -> str:
    """The context that a module's `_tr` names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == "_tr":
            for inner in ast.walk(node):
                if isinstance(inner, ast.Call) and inner.args and isinstance(inner.args[0], ast.Constant):
                    return str(inner.args[0].value)
    return ""


def _walk(node: ast.AST, owner: str, module: str, strings: dict[str, list[str]]) -> None:
    for child in ast.iter_child_nodes(node):
        inside = child.name if isinstance(child, ast.ClassDef) else owner
        if isinstance(child, ast.Call):
            name = child.func.attr if isinstance(child.func, ast.Attribute) else getattr(child.func, "id", "")
            literals = [a.value for a in child.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
            if len(literals) == len(child.args) and literals:
                context = {"tr": owner, "_tr": module, "_t": "commands"}.get(name, "")
                if name == "QT_TRANSLATE_NOOP" and len(literals) == 2:
                    context = literals[0]
                if context and literals[-1] not in strings.setdefault(context, []):
                    strings[context].append(literals[-1])
        _walk(child, inside, module, strings)


def kept(path: Path) -> dict[tuple[str, str], str]:
    """(context, source) → translation of a .ts file that is there."""
    if not path.is_file():
        return {}
    pairs = {}
    for context in ElementTree.parse(path).getroot().iter("context"):
        name = context.findtext("name") or ""
        for message in context.iter("message"):
            pairs[name, message.findtext("source") or ""] = message.findtext("translation") or ""
    return pairs


def write(path: Path, strings: dict[str, list[str]], translations: dict[tuple[str, str], str]) -> None:
    root = ElementTree.Element("TS", version="2.1", language=LANGUAGE, sourcelanguage="en")
    for name in sorted(strings):
        context = ElementTree.SubElement(root, "context")
        ElementTree.SubElement(context, "name").text = name
        for source in strings[name]:
            message = ElementTree.SubElement(context, "message")
            ElementTree.SubElement(message, "source").text = source
            there = translations.get((name, source), "")
            translation = ElementTree.SubElement(message, "translation", **({} if there else {"type": "unfinished"}))
            translation.text = there
    ElementTree.indent(root)
    path.write_text(
        '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n' + ElementTree.tostring(root, "unicode") + "\n", "utf-8"
    )


def main() -> int:
    ts = HERE / f"medviewer_{LANGUAGE}.ts"
    strings = found(HERE.parents[1] / "medviewer" / "ui")
    write(ts, strings, kept(ts))
    missing = [(c, s) for c in strings for s in strings[c] if not kept(ts).get((c, s))]
    for context, source in missing:
        print(f"no translation: {context}: {source!r}")
    tool = Path(sys.executable).with_name("pyside6-lrelease")
    subprocess.run([str(tool), "-silent", str(ts), "-qm", str(ts.with_suffix(".qm"))], check=True)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
