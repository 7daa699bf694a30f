"""Qt for whoever paints without a window: the command line, reports, tests; and in which language painters speak."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QTranslator
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


_page: list[QTranslator] = []
"""Who translates what is painted now; none: whoever the application has."""


def translated(context: str, words: str) -> str:
    """Words of a painter: in the window's language, on a page in the page's."""
    return (_page[-1].translate(context, words) or words) if _page else QCoreApplication.translate(context, words)


@contextmanager
def painted_in(language: str) -> Iterator[None]:
    """Painters speak this language while the block runs, whatever the window's is: it is not told and stays as it is."""
    translator = QTranslator()
    if language != "en":
        translator.load(f"medviewer_{language}", str(asset("i18n")))
    _page.append(translator)
    try:
        yield
    finally:
        _page.pop()


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
