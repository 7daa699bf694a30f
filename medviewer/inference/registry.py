"""Which models there are, bundled and the user's own, and the thresholds the user set."""

import json
import shutil
from pathlib import Path

from medviewer.core.errors import MedviewerError, Notice
from medviewer.inference.bundle import Bundle, check_hashes, read_bundle
from medviewer.store import lexicon as tables
from medviewer.store.assets import models_folder
from medviewer.store.profile import Profile


class Registry:
    """Bundles by id; a bundle that cannot be read is told in `problems` and left out, the others serve."""

    def __init__(self, profile: Profile, folder: Path | None = None) -> None:
        self._profile = profile
        self._own = profile.data / "models"
        self._thresholds_file = profile.data / "thresholds.json"
        self._bundles: dict[str, Bundle] = {}
        self.problems: list[Notice] = []
        for root, bundled in ((folder or models_folder(), True), (self._own, False)):
            for path in sorted(root.glob("*/bundle.json")) if root.is_dir() else ():
                try:
                    bundle = read_bundle(path.parent, bundled)
                except MedviewerError as error:
                    self.problems.append(error.notice)
                    continue
                self._bundles[bundle.id] = bundle
        self._thresholds = self._read_thresholds()

    def bundles(self) -> tuple[Bundle, ...]:
        return tuple(self._bundles.values())

    def bundle(self, model: str) -> Bundle:
        """Raises `bundle-missing` for an id that is not there."""
        try:
            return self._bundles[model]
        except KeyError:
            raise MedviewerError("bundle-missing", model) from None

    def lexicon(self, language: str) -> str:
        """The table of a language as JSON where the user changed it, else ""."""
        changed = tables.changes(language, self._profile)
        return json.dumps(tables.table(language, self._profile)) if changed["add"] or changed["remove"] else ""

    def thresholds(self, bundle: Bundle) -> dict[str, float]:
        """The bundle's thresholds with the user's in their place."""
        return bundle.thresholds | self._thresholds.get(f"{bundle.id}/{bundle.version}", {})

    def set_threshold(self, model: str, label: str, value: float | None) -> None:
        """Keep the user's threshold for this version of the model; None takes it back."""
        bundle = self.bundle(model)
        if label not in bundle.thresholds or (value is not None and not 0.0 < value < 1.0):
            raise MedviewerError("model-threshold-invalid", model, label=label)
        own = self._thresholds.setdefault(f"{bundle.id}/{bundle.version}", {})
        own.pop(label, None)
        if value is not None:
            own[label] = float(value)
        self._thresholds_file.parent.mkdir(parents=True, exist_ok=True)
        part = self._thresholds_file.with_suffix(".part")
        part.write_text(json.dumps({k: v for k, v in self._thresholds.items() if v}, indent=1), "utf-8")
        part.replace(self._thresholds_file)

    def reset_thresholds(self, model: str) -> None:
        for label in self.bundle(model).thresholds:
            self.set_threshold(model, label, None)

    def add(self, folder: Path) -> Bundle:
        """Copy a bundle's listed files into the profile. Raises as `read_bundle`, `check_hashes`; `model-exists`."""
        bundle = read_bundle(folder, bundled=False)
        check_hashes(bundle)
        if bundle.id in self._bundles:
            raise MedviewerError("model-exists", bundle.id)
        target = self._own / bundle.id
        target.mkdir(parents=True)
        for name in {"bundle.json", *bundle.document["files"], "card.md", "card.zh.md"}:
            if (folder / name).is_file():
                shutil.copyfile(folder / name, target / name)
        self._bundles[bundle.id] = read_bundle(target, bundled=False)
        return self._bundles[bundle.id]

    def remove(self, model: str) -> None:
        """Delete a model the user added. Raises `model-bundled` for one that came with the program."""
        bundle = self.bundle(model)
        if bundle.bundled:
            raise MedviewerError("model-bundled", model)
        shutil.rmtree(bundle.folder)
        del self._bundles[model]

    def _read_thresholds(self) -> dict[str, dict[str, float]]:
        try:
            read = json.loads(self._thresholds_file.read_text("utf-8"))
            return {str(m): {str(k): float(v) for k, v in own.items()} for m, own in read.items()}
        except (OSError, ValueError, AttributeError):
            return {}
