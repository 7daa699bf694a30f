"""What stands in a model's folder: `bundle.json`, weights, cards, probe. No torch and no numpy at import."""

import hashlib
import importlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from medviewer.core.errors import MedviewerError

SCHEMA = "medviewer.bundle/1"
WEIGHTS = "weights.safetensors"
GRAPH = "graph.onnx"
"""The same network for ONNX Runtime, where a bundle has it; its tensors lie in `WEIGHTS`."""
KINDS = ("image", "ecg", "note")
REQUIRED = (
    *("id", "version", "title", "task", "kind", "architecture", "labels", "thresholds", "preprocessing", "readout"),
    *("input_contract", "files", "licence", "source"),
)


@dataclass(frozen=True, slots=True)
class Bundle:
    """A model's description; `document` is `bundle.json` as it stands. Weights are read when they are first needed."""

    folder: Path
    document: Mapping[str, Any]
    bundled: bool = True

    @property
    def id(self) -> str:
        return str(self.document["id"])

    @property
    def version(self) -> str:
        return str(self.document["version"])

    @property
    def kind(self) -> str:
        return str(self.document["kind"])

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(str(label["id"]) for label in self.document["labels"])

    @property
    def positive(self) -> str:
        return str(self.document.get("positive", ""))

    @property
    def thresholds(self) -> dict[str, float]:
        return {str(label): float(value) for label, value in self.document["thresholds"].items()}

    @property
    def contract(self) -> Mapping[str, Any]:
        contract: Mapping[str, Any] = self.document["input_contract"]
        return contract

    @property
    def preprocessing(self) -> str:
        about = self.document["preprocessing"]
        return f"{about['name']}/{about['version']}"

    @property
    def sha256(self) -> str:
        """The hash of the weights, or of the rules' tables, as the manifest states it: what makes this model this model."""
        return str(self.document["files"].get(WEIGHTS) or self.document.get("rules_sha256", ""))

    @property
    def has_weights(self) -> bool:
        """False for a model of rules, whose tables stand in `resources`."""
        return "rules_sha256" not in self.document

    def text(self, name: str, lang: str) -> str:
        """`title` or `task` in a language, English where that is missing."""
        words = self.document[name]
        return str(words.get(lang) or words.get("en") or self.id)

    def card(self, lang: str) -> str:
        """The model card, Markdown."""
        for name in ("card.zh.md", "card.md") if lang == "zh_CN" else ("card.md",):
            if (self.folder / name).is_file():
                return (self.folder / name).read_text("utf-8")
        return ""


def read_bundle(folder: Path, bundled: bool = True) -> Bundle:
    """Parse and check `bundle.json`. Raises `bundle-missing`, `bundle-damaged`, `bundle-schema-unknown`, `bundle-incomplete`."""
    path = folder / "bundle.json"
    try:
        document = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise MedviewerError("bundle-missing", str(folder)) from None
    except (OSError, ValueError) as error:
        raise MedviewerError("bundle-damaged", str(path), reason=type(error).__name__) from error
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        found = str(document.get("schema")) if isinstance(document, dict) else "–"
        raise MedviewerError("bundle-schema-unknown", str(path), schema=found)
    missing = [key for key in REQUIRED if key not in document]
    if missing or (WEIGHTS not in document["files"] and "rules_sha256" not in document):
        raise MedviewerError("bundle-incomplete", str(path), missing=", ".join(missing) or WEIGHTS)
    if document["kind"] not in KINDS:
        raise MedviewerError("bundle-schema-unknown", str(path), schema=f"kind {document['kind']}")
    names = [*document["files"], str(document["id"])]
    if any("/" in name or "\\" in name or name.startswith(".") for name in names):
        raise MedviewerError("bundle-incomplete", str(path), missing="a plain file name")
    return Bundle(folder, document, bundled)


def check_hashes(bundle: Bundle) -> None:
    """Re-hash every file. Raises `bundle-altered` naming the first one that differs or is missing (MW-02)."""
    for name, stated in bundle.document["files"].items():
        path = bundle.folder / name
        try:
            stat = path.stat()
            found = _sha256(str(path), stat.st_size, stat.st_mtime_ns)
        except OSError:
            found = ""
        if found != stated:
            raise MedviewerError("bundle-altered", str(path), file=name)


@lru_cache(maxsize=64)
def _sha256(path: str, size: int, changed: int) -> str:
    """Hash of a file in this state; the size and time are there to make another state another key."""
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Loaded:
    """A network ready to run on `device`, and its gate's arrays; `graph` answers faster than `module` where it is there
    (`inference/fast.Graph`, on the CPU only)."""

    bundle: Bundle
    module: Any
    gate: Mapping[str, Any]
    device: str
    graph: Any = None

    @property
    def engine(self) -> str:
        """What makes its scores."""
        return str(self.graph.engine) if self.graph is not None else "torch"


def load(bundle: Bundle, device: str = "cpu") -> Loaded:
    """Build the network and read its weights, on the CPU first (MW-04). Raises `bundle-altered`, `bundle-damaged`."""
    check_hashes(bundle)
    if not bundle.has_weights:
        return Loaded(bundle, None, {}, device)
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    about = bundle.document["architecture"]
    try:
        tensors = load_file(bundle.folder / WEIGHTS, device="cpu")
        networks = importlib.import_module(f"medviewer.inference.{bundle.kind}.networks")
        module = networks.build(about["name"], about.get("parameters", {}))
        own = {name: tensor for name, tensor in tensors.items() if not name.startswith("gate.")}
        module.load_state_dict({n: t.float() if t.is_floating_point() else t for n, t in own.items()})
    except (SafetensorError, OSError, RuntimeError, ValueError, KeyError, TypeError, ImportError) as error:
        raise MedviewerError("bundle-damaged", str(bundle.folder), reason=type(error).__name__) from error
    gate = {n.removeprefix("gate."): t.float().numpy() for n, t in tensors.items() if n.startswith("gate.")}
    return Loaded(bundle, module.to(device).eval(), gate, device)


def verify(bundle: Bundle) -> str:
    """Re-hash every file and run the stored probe; returns what was found.

    Raises `bundle-altered`, `bundle-damaged`, or `bundle-probe-differs` where the scores leave their tolerance (AI-03).
    """
    loaded = load(bundle)
    worst, tolerance = importlib.import_module(f"medviewer.inference.{bundle.kind}.reading").probe(loaded)
    if not worst <= tolerance:
        raise MedviewerError("bundle-probe-differs", str(bundle.folder), difference=round(worst, 4), tolerance=tolerance)
    return f"{bundle.version}, {len(bundle.document['files'])} files, probe within {worst:.1e} of {tolerance:g}"
