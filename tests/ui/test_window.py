"""The window as a person meets it: empty first, then files are dropped on it, keys and mouse."""

import subprocess
import sys

import pytest
from desk import start
from make import make_series
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QWheelEvent
from PySide6.QtWidgets import QApplication


@pytest.fixture
def desk(qtbot, tmp_path):
    desk = start(qtbot, tmp_path / "profile")
    yield desk
    desk.window.close()


def drop(window, *paths):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    hand = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(window, QDragEnterEvent(QPoint(50, 50), *hand))
    QApplication.sendEvent(window, QDropEvent(QPointF(50, 50), *hand))


def opened(qtbot, desk, *paths):
    """Drop and wait until the scan has ended and the first pane shows pixels."""
    drop(desk.window, *paths)
    qtbot.waitUntil(lambda: desk.session.account.finished and desk.session.account.found > 0, timeout=30000)
    pane = desk.grid.panes[0]
    qtbot.waitUntil(lambda: pane._shown is not None, timeout=30000)
    return pane


def test_nothing_heavy_is_imported_before_the_first_paint():
    code = (
        "import sys\n"
        "from medviewer.ui.app import run\n"
        "heavy = ('numpy', 'pydicom', 'torch', 'scipy', 'pyqtgraph', 'sqlite3')\n"
        "painted = lambda: print('found', [name for name in heavy if name in sys.modules], flush=True)\n"
        "sys.exit(run([], new_instance=True, painted=painted, quit_after_paint=True))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[0] == "found []"


def test_the_window_opens_empty_with_what_can_be_done_first(desk):
    assert desk.window.centre.currentWidget() is desk.window.empty
    assert desk.window.empty.open.isVisible() and desk.window.empty.sample.isVisible()
    assert "not for diagnosis" in desk.window.notice.text()


def test_a_dropped_folder_fills_browser_and_pane(qtbot, desk, tmp_path):
    make_series(tmp_path / "ct", 7)
    pane = opened(qtbot, desk, tmp_path / "ct")
    assert desk.browser.order() == [pane.series.item]
    assert len(pane.series.frames) == 7
    assert "Test, Person" in desk.window.identity.text() and "T-1" in desk.window.identity.text()
    assert desk.window.centre.currentWidget() is desk.grid
    assert "7 loaded" in desk.browser.footer.text()


def test_the_wheel_scrolls_and_keys_go_to_first_and_last(qtbot, desk, tmp_path):
    make_series(tmp_path / "ct", 7)
    pane = opened(qtbot, desk, tmp_path / "ct")
    before = pane.view.frame
    wheel = QWheelEvent(
        QPointF(40, 40), pane.mapToGlobal(QPointF(40, 40)), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(pane, wheel)
    assert pane.view.frame == before + 1
    pane.setFocus()
    qtbot.keyClick(pane, Qt.Key.Key_Home)
    assert pane.view.frame == 0
    qtbot.keyClick(pane, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert pane.view.frame == 6
