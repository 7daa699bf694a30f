"""A running window for tests, as `medviewer.ui.app` starts it."""

from PySide6.QtWidgets import QApplication

from medviewer.store.profile import Profile
from medviewer.store.settings import Settings
from medviewer.ui import theme
from medviewer.ui.app import Starter
from medviewer.ui.window import Window


def start(qtbot, folder, *, lang="en", size=(1280, 800), safe_mode=True):
    """A window whose desk is furnished; safe mode leaves the networks out."""
    application = QApplication.instance()
    theme.apply(application)
    profile = Profile.at(folder)
    window = Window()
    window.resize(*size)
    qtbot.addWidget(window)
    starter = Starter(window, profile, Settings(profile, ignore=safe_mode), lang, "cpu", [], False, safe_mode)
    window.first_paint.connect(starter.start)
    window.closed.connect(starter.close)
    window.show()
    qtbot.waitUntil(lambda: starter.desk is not None, timeout=60000)
    return starter.desk
