"""What the window's bars tell: whom the active pane is about, the device, what is being done and how far it is."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from medviewer.core.task import Pace, Progress
from medviewer.services.session import Item
from medviewer.ui.identity import born, identity_line, name_of

if TYPE_CHECKING:
    from medviewer.ui.desk import Desk


class Status(QObject):
    """One for each desk."""

    def __init__(self, desk: "Desk") -> None:
        super().__init__(desk)
        self._desk = desk
        self._progress: Progress | None = None
        self._pace = Pace()

    def tell_identity(self, item: Item | None) -> None:
        window = self._desk.window
        if item is None:
            window.identity.tell("", [])
            return
        who = item.patient
        name, age, birth = name_of(who), identity_line(item), born(who)
        study = self.tr("study {date}").format(date=item.study.date) if item.study.date else ""
        window.identity.tell(name, [part for part in (age, birth, study) if part])
        window.identity.setToolTip(f"{name}\n{age}\n{birth}\n{study}")

    def heard(self, progress: Progress | None) -> None:
        self._progress = progress
        self.tell()
        if progress is None:
            self._desk.networks.refresh()

    def tell(self) -> None:
        """Device and its reason, what is being done and how far it is."""
        desk, window, account = self._desk, self._desk.window, self._desk.session.account
        device = desk.analyst.device() if desk.analyst is not None else None
        window.device.setText("● " + (desk.say(device).message if device else self.tr("device chosen at the first analysis")))
        window.language.setText("中文" if desk.lang == "zh_CN" else "English")
        scanning = not account.finished
        busy = scanning or self._progress is not None
        window.progress.setVisible(busy)
        window.stop.setVisible(busy)
        if self._progress is not None:
            done, total = self._progress.done, self._progress.total
            said = self.tr("Analysing {done} of {total}").format(done=done, total=total)
            window.work.setText(" · ".join(part for part in (said, self._time_left(self._pace.left(done, total))) if part))
            window.progress.setRange(0, total)
            window.progress.setValue(done)
        elif scanning:
            window.work.setText(self.tr("{n} files read, Esc stops").format(n=account.loaded))
            window.progress.setRange(0, 0)
        else:
            window.work.setText("")

    def _time_left(self, seconds: float | None) -> str:
        if seconds is None:
            return ""
        if seconds < 90:
            return self.tr("about {n} s left").format(n=max(1, round(seconds)))
        return self.tr("about {n} min left").format(n=round(seconds / 60))
