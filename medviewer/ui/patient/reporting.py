"""The report of the active pane's patient: seen before it is written, signed, saved as PDF and DICOM, copied as text."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from medviewer.core.errors import MedviewerError
from medviewer.core.note import NoteDocument
from medviewer.services.export import file_name, write_whole
from medviewer.services.report import Report, as_text
from medviewer.services.reporting import as_dicom, labels, report_of
from medviewer.ui.print import page_image, paginate, report_pdf, write_report

PREVIEW = 0.62
"""Size of the pages in the dialog."""
LANGUAGES = (("en", "English"), ("zh_CN", "中文"))


class ReportDialog(QDialog):
    """What is accepted now, as pages. A signed report is kept as a signed note and does not change any more."""

    def __init__(self, desk: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Report"))
        self.resize(1000, 800)
        self._desk = desk
        item = desk.grid.active.item
        self._patient, self._item = item.patient, item.item
        self.report: Report | None = None
        self.signed: NoteDocument | None = None
        self.pages = QVBoxLayout()
        room = QWidget(self)
        room.setLayout(self.pages)
        self._area = QScrollArea(self)
        self._area.setWidget(room)
        self._area.setWidgetResizable(True)
        self.said = QLabel(self)
        self.said.setProperty("role", "attention")
        self.said.setWordWrap(True)
        row = QHBoxLayout(self)
        row.addWidget(self._area, 1)
        row.addWidget(self._side())
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(400)
        self._later.timeout.connect(self.refresh)
        self.refresh()

    def _side(self) -> QWidget:
        """What is in it, and what can be done with it."""
        side = QWidget(self)
        side.setFixedWidth(260)
        column = QVBoxLayout(side)
        self.comment = QPlainTextEdit(side)
        self.comment.setPlaceholderText(self.tr("Comment, stands first in the report"))
        self.comment.textChanged.connect(lambda: self._later.start())
        self.language = QComboBox(side)
        for code, name in LANGUAGES:
            self.language.addItem(name, code)
        self.language.setCurrentIndex(max(0, self.language.findData(self._desk.lang)))
        self.language.currentIndexChanged.connect(lambda _: self.refresh())
        self.proposed = QCheckBox(self.tr("Also what nobody judged"), side)
        self.proposed.toggled.connect(lambda _: self.refresh())
        column.addWidget(self.comment, 1)
        column.addWidget(self.language)
        column.addWidget(self.proposed)
        column.addSpacing(8)
        self.buttons: dict[str, QPushButton] = {}
        acts: tuple[tuple[str, str, Callable[[], object]], ...] = (
            ("pdf", self.tr("Save as PDF…"), self.ask_pdf),
            ("dicom", self.tr("Save as DICOM…"), self.ask_dicom),
            ("text", self.tr("Copy as text"), self.copy_text),
            ("sign", self.tr("Sign"), self.ask_sign),
            ("addendum", self.tr("Write an addendum"), self.add),
        )
        for name, words, does in acts:
            button = QPushButton(words, side)
            button.setAutoDefault(False)
            button.clicked.connect(lambda _=False, act=does: self._guarded(act))
            self.buttons[name] = button
            column.addWidget(button)
        self.buttons["pdf"].setProperty("primary", True)
        column.addWidget(self.said)
        return side

    def refresh(self) -> None:
        """Build it anew from what is decided now; a signed one stays as it was signed."""
        if self.signed is None:
            self._guarded(self._build)
        while (old := self.pages.takeAt(0)) is not None:
            if (widget := old.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        ratio = self.devicePixelRatioF()
        if self.report is not None:
            pages = paginate(self.report)
            for number, page in enumerate(pages):
                picture = QPixmap.fromImage(page_image(self.report, page, (number + 1, len(pages)), PREVIEW * ratio))
                picture.setDevicePixelRatio(ratio)
                sheet = QLabel(self)
                sheet.setPixmap(picture)
                sheet.setAccessibleName(as_text(self.report) if number == 0 else "")
                self.pages.addWidget(sheet, 0, Qt.AlignmentFlag.AlignHCenter)
        self.pages.addStretch(1)
        for name in ("pdf", "dicom", "text", "sign"):
            self.buttons[name].setEnabled(self.report is not None and (name != "sign" or self.signed is None))
        for widget in (self.comment, self.language, self.proposed):
            widget.setEnabled(self.signed is None)
        self.buttons["addendum"].setVisible(self.signed is not None)

    def _build(self) -> None:
        desk, lang = self._desk, str(self.language.currentData())
        self.said.clear()
        self.report = None
        self.report = report_of(
            desk.session,
            desk.findings.gathered,
            self._patient,
            self._label(),
            lang,
            item=self._item,
            comment=self.comment.toPlainText(),
            proposed=self.proposed.isChecked(),
        )

    def _label(self) -> Callable[[str, str], str]:
        analyst = self._desk.analyst
        return labels(analyst.models if analyst is not None else tuple, str(self.language.currentData()))

    def _guarded(self, act: Callable[[], object]) -> None:
        """What cannot be done is told in the dialog."""
        try:
            act()
        except MedviewerError as error:
            said = self._desk.say(error.notice)
            self.said.setText(said.text)

    # What can be done

    def ask_sign(self) -> None:
        """It cannot be taken back, so it is asked, as of a note."""
        words = self.tr("Sign this report? It then stays as it is; what is to be said more is an addendum.")
        box = QMessageBox(QMessageBox.Icon.Question, self.tr("Sign the report"), words, parent=self)
        box.setStandardButtons(QMessageBox.StandardButton.Cancel)
        box.addButton(self.tr("Sign"), QMessageBox.ButtonRole.AcceptRole).clicked.connect(self.sign)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()

    def sign(self) -> None:
        """Kept as a signed note of the patient: from now on only addenda."""
        if self.report is None or self.signed is not None:
            return
        book, report = self._desk.notebook, self.report
        language = "zh" if report.lang.startswith("zh") else "en"
        note = book.start(
            report.patient if report.patient.known else None, report.study, as_text(report), language=language, title=report.title
        )
        self.signed = book.sign(note)
        self.report = replace(report, signed_by=self.signed.signed_by, signed_at=self.signed.signed_at)
        self.refresh()

    def add(self) -> None:
        """An addendum to the signed report, open in a pane."""
        if self.signed is not None:
            note = self._desk.notebook.add_to(self.signed)
            self.accept()
            self._desk.show_item(note.item)

    def copy_text(self) -> None:
        if self.report is not None:
            QApplication.clipboard().setText(as_text(self.report))
            self.said.setText(self.tr("The report is on the clipboard as text."))

    def ask_pdf(self) -> None:
        name = file_name(self._patient.id or self._item)
        path, _ = QFileDialog.getSaveFileName(self, self.tr("Save as PDF"), f"{name}.pdf", "PDF (*.pdf)")
        if path:
            self.save_pdf(Path(path))

    def save_pdf(self, path: Path) -> None:
        assert self.report is not None
        write_report(self.report, path)
        self.said.setText(self.tr("Saved: {name}").format(name=path.name))

    def ask_dicom(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, self.tr("Save as DICOM"))
        if folder:
            self.save_dicom(Path(folder))

    def save_dicom(self, folder: Path) -> None:
        """The PDF in a DICOM capsule, and a structured report."""
        assert self.report is not None
        files = as_dicom(self.report, self._desk.session, report_pdf(self.report), self._label())
        for name, raw in files.items():
            write_whole(folder / f"{file_name(self._patient.id or self._item)}.{name}", raw)
        self.said.setText(self.tr("Saved: {name}").format(name=", ".join(files)))


def open_report(desk: Any) -> ReportDialog | None:
    """The dialog for the patient of the active pane; None where nothing is shown."""
    if desk.grid.active.item is None:
        return None
    dialog = ReportDialog(desk, desk.window)
    dialog.open()
    return dialog
