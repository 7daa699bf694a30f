"""What is being opened: each scan in a thread of its own, until it ends or is stopped."""

import logging
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from medviewer.services.open import Opening, open_paths

log = logging.getLogger(__name__)

RECENT = 10


class Openings(QObject):
    """One for each desk; the session tells what a scan finds."""

    def __init__(self, desk: Any) -> None:
        super().__init__(desk)
        self._desk = desk
        self._all: list[Opening] = []
        self.began_empty = False
        """Nothing was open before the scan that runs."""

    def open(self, paths: list[str]) -> None:
        """As if dropped, and remembered as opened last."""
        if not paths:
            return
        settings = self._desk.settings
        self._begin(paths)
        recent = [*paths, *(path for path in settings.get("recent") if path not in paths)]
        settings.set("recent", recent[:RECENT])
        self._desk.window.empty.show_recent(recent)
        self._desk.tell_status()

    def ask_files(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(self._desk.window, self.tr("Open files"))
        self.open(paths)

    def ask_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self._desk.window, self.tr("Open folder"))
        self.open([path] if path else [])

    def open_sample(self) -> None:
        """Written once into the profile's cache by a thread, then opened and analysed."""
        from medviewer.services.sample import sample_paths

        folder = self._desk.profile.unpacked / "sample"

        def done(paths, error) -> None:
            if error is not None:
                reason = getattr(error, "strerror", None) or type(error).__name__
                self._desk.window.work.setText(
                    self.tr("The sample patients could not be written: {reason}").format(reason=reason)
                )
                log.error("sample not written: %s", type(error).__name__)
            else:
                self._begin(paths)
                self._desk.together.analyse_when_open()

        self._desk.bridge.background(lambda: sample_paths(folder), done)

    @property
    def running(self) -> list[Opening]:
        return [opening for opening in self._all if not opening.finished]

    def stop(self) -> bool:
        """End every scan; False where none was running."""
        running = self.running
        for opening in running:
            opening.cancel()
        return bool(running)

    def close(self) -> None:
        """Each is given a moment to end (RN-01)."""
        self.stop()
        for opening in self._all:
            opening.join(0.3)

    def _begin(self, paths: list[str]) -> None:
        desk = self._desk
        self.began_empty = not desk.session.items
        opening = open_paths(desk.session, desk.bridge.post, paths, workspace=desk.profile.unpacked)
        self._all = [*self.running, opening]
