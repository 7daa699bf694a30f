"""Qt for whoever paints without a window: the command line, reports, tests."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QLibraryInfo, QTranslator
from PySide6.QtWidgets import QApplication

from medviewer.store.assets import asset


def application() -> QApplication:
    """The one there is, or a new one. Always a QApplication: notes are painted by widgets, and a process has one application."""
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    found = QApplication.instance() or QApplication([])
    assert isinstance(found, QApplication)
    return found


def load_translations(application: QApplication, language: str) -> list[QTranslator]:
    """Translators for Qt's own words and the program's; the list must live as long as the window."""
    if language == "en":
        return []
    loaded = []
    own = str(asset("i18n"))
    for name, folder in (("qtbase", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)), ("medviewer", own)):
        translator = QTranslator(application)
        if translator.load(f"{name}_{language}", folder):
            application.installTranslator(translator)
            loaded.append(translator)
    return loaded


@contextmanager
def spoken(language: str) -> Iterator[QApplication]:
    """The application, its words in this language while the block runs."""
    one = application()
    held = load_translations(one, language)
    try:
        yield one
    finally:
        for translator in held:
            one.removeTranslator(translator)
