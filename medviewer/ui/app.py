"""Start and end: the window is shown empty first; everything heavy is imported from a thread after the first paint."""

import os
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from medviewer.store.assets import asset
from medviewer.store.profile import Profile
from medviewer.store.settings import Settings
from medviewer.ui import theme
from medviewer.ui.headless import load_translations
from medviewer.ui.window import Window

if TYPE_CHECKING:
    from medviewer.ui.bridge import Bridge
    from medviewer.ui.desk import Desk

HEAVY = (
    "numpy",
    "medviewer.io.scan",
    "medviewer.services.analyse",
    "medviewer.ui.desk",
)
"""Imported from a thread, in this order, while the empty window is on the screen."""
GIL_S = 0.0005
"""Python's threads change after this: at its own 5 ms each of Qt's many calls waited that long for the scan."""
LATER = (
    "medviewer.services.sample",
    "medviewer.ui.palette",
    "medviewer.ui.preferences",
    "medviewer.io.note.readers",
    "medviewer.ui.ecg.pane",
    "medviewer.ui.ecg.controls",
    "medviewer.ui.note.pane",
    "medviewer.ui.note.controls",
    "pydicom.pixels.decoders",
    "medviewer.io.image.codecs",
)
"""Imported from a thread when the first image has had its time: plain images need none of it, the rest then does not wait."""
LATER_MS = 400
HELD_MS = 150
"""The longest that the filled window is not painted while its first item is looked for."""


class _Imported(QObject):
    done = Signal()


def run(
    paths: Sequence[str] = (),
    *,
    sample: bool = False,
    profile: str | None = None,
    lang: str | None = None,
    device: str = "auto",
    safe_mode: bool = False,
    new_instance: bool = False,
    painted: Callable[[], None] | None = None,
    quit_after_paint: bool = False,
    started: Callable[["Starter"], None] | None = None,
) -> int:
    """Open the window and stay until it closes; returns the exit code.

    `painted` is called after the first paint, then `started` with who makes the rest of the window: benches watch it.
    """
    sys.setswitchinterval(GIL_S)
    chosen = [str(Path(path).absolute()) for path in paths]
    where = Profile.at(profile)
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    application.setApplicationName("medviewer")
    application.setDesktopFileName("medviewer")
    if not new_instance and hand_over(where, chosen):
        return 0
    settings = Settings(where, ignore=safe_mode)
    language = lang or settings.get("language") or _system_language()
    translators = load_translations(application, language)
    theme.apply(application)
    window = Window()
    starter = Starter(window, where, settings, language, device, chosen, sample, safe_mode)
    window.first_paint.connect(lambda: _after_paint(starter, painted, quit_after_paint), Qt.ConnectionType.QueuedConnection)
    if started is not None:
        window.first_paint.connect(lambda: started(starter), Qt.ConnectionType.QueuedConnection)
    window.closed.connect(starter.close)
    server = listen(where, starter.open_later) if not new_instance else None
    window.show()
    code = application.exec()
    if server is not None:
        server.close()
    del translators
    return code


def _after_paint(starter: "Starter", painted: Callable[[], None] | None, quit_after_paint: bool) -> None:
    if painted is not None:
        painted()
    if quit_after_paint:
        QApplication.quit()
    else:
        starter.start()


class Starter(QObject):
    """Imports in a thread, then makes the desk on the GUI thread and opens what was asked for."""

    def __init__(
        self,
        window: Window,
        profile: Profile,
        settings: Settings,
        lang: str,
        device: str,
        paths: list[str],
        sample: bool,
        safe_mode: bool = False,
    ) -> None:
        super().__init__(window)
        self._window, self._profile, self._settings, self._lang, self._device = window, profile, settings, lang, device
        self._paths, self._sample, self._safe = paths, sample, safe_mode
        self._bridge: Bridge | None = None
        self.desk: Desk | None = None
        self._closed = False
        self._imported = _Imported()
        # Icons, desk and opening are events of their own: together they would hold up the window for more than 50 ms.
        self._imported.done.connect(self._load_icons, Qt.ConnectionType.QueuedConnection)
        window.dropped.connect(self._early_drop)

    def start(self) -> None:
        self._database = threading.Thread(target=self._make_database, name="first database", daemon=True)
        self._database.start()
        threading.Thread(target=self._import, args=(HEAVY,), name="imports", daemon=True).start()

    def open_later(self, paths: list[str]) -> None:
        """Open paths now, or as soon as the desk is there; another start hands them over here."""
        self._window.raise_()
        self._window.activateWindow()
        if self.desk is not None:
            if paths:
                self.desk.open(paths)
        else:
            self._paths += paths

    def _early_drop(self, paths: list[str]) -> None:
        if self.desk is None:
            self._paths += paths

    def _import(self, names: Sequence[str]) -> None:
        import importlib

        for name in names:
            if self._closed:
                return
            importlib.import_module(name)
        if names is HEAVY:
            self._database.join(2.0)
            self._imported.done.emit()

    def _make_database(self) -> None:
        """A first start makes its file beside the imports: the window does not wait for the disk (60 ms measured)."""
        from medviewer.store.database import Database

        path = self._profile.data / "medviewer.db"
        if not self._safe and not path.exists():
            Database(path).close()

    def _load_icons(self) -> None:
        if not self._closed:
            theme.icon("list")
            self._window.setWindowIcon(QIcon(str(asset("medviewer.png"))))
            QTimer.singleShot(0, self._make_desk)

    def _make_desk(self) -> None:
        if self._closed:
            return
        from medviewer.ui.bridge import Bridge
        from medviewer.ui.desk import Desk

        self._bridge = Bridge()
        if self._paths:
            # The docks are painted once, with the first image beside them: painting them empty before took a tenth of the start.
            self._window.setUpdatesEnabled(False)
            QTimer.singleShot(HELD_MS, self._paint_again)
        self.desk = Desk(
            self._window, self._bridge, self._profile, self._settings, self._lang, self._device, safe_mode=self._safe
        )
        self.desk.session.listen(lambda _: self._paint_again())
        QTimer.singleShot(400, self._warm_up)
        QTimer.singleShot(LATER_MS, lambda: threading.Thread(target=self._import, args=(LATER,), daemon=True).start())
        QTimer.singleShot(0, self._open)

    def _open(self) -> None:
        if self.desk is None or self._closed:
            return
        if self._sample:
            self.desk.openings.open_sample()
        if self._paths:
            self.desk.open(self._paths)
        self._paths = []

    def _paint_again(self) -> None:
        if not self._closed and not self._window.updatesEnabled():
            self._window.setUpdatesEnabled(True)

    def _warm_up(self) -> None:
        if self.desk is not None and self.desk.analyst is not None and not self._closed:
            self.desk.analyst.warm_up(self.desk.tell_status)

    def close(self) -> None:
        """Keep the window's place, stop everything."""
        self._closed = True
        if self.desk is not None:
            self.desk.close()
        if self._bridge is not None:
            self._bridge.close()


def _system_language() -> str:
    return "zh_CN" if QLocale.system().language() == QLocale.Language.Chinese else "en"


def _server_name(profile: Profile) -> str:
    import hashlib

    user = f"{os.environ.get('USER', '')}|{profile.data}"
    return f"medviewer-{hashlib.sha256(user.encode()).hexdigest()[:16]}"


def hand_over(profile: Profile, paths: list[str]) -> bool:
    """Give the paths to a running window of the same profile; False where there is none."""
    from PySide6.QtNetwork import QLocalSocket

    socket = QLocalSocket()
    socket.connectToServer(_server_name(profile))
    if not socket.waitForConnected(200):
        return False
    socket.write("\n".join(paths).encode("utf-8"))
    return socket.waitForBytesWritten(1000) or not paths


def listen(profile: Profile, take: Callable[[list[str]], None]):
    """Hear other starts of the same profile."""
    from PySide6.QtNetwork import QLocalServer

    server = QLocalServer()
    server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
    QLocalServer.removeServer(_server_name(profile))
    server.listen(_server_name(profile))

    def heard() -> None:
        socket = server.nextPendingConnection()

        def read() -> None:
            take([path for path in bytes(socket.readAll().data()).decode("utf-8").split("\n") if path])

        socket.disconnected.connect(read)

    server.newConnection.connect(heard)
    return server
