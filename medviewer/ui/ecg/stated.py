"""A small dialog for tables of numbers and other files that do not say rate, unit or leads."""

from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from medviewer.core.ecg import EcgRecord
from medviewer.core.ecg_stated import Stated, restated
from medviewer.core.ecg_view import STANDARD
from medviewer.ui import theme


class StatedDialog(QDialog):
    """`record()` is the record as stated, once accepted."""

    def __init__(self, record: EcgRecord, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("What the file does not say"))
        self.setMinimumWidth(420)
        self._record = record
        self.rate = QDoubleSpinBox(self)
        self.rate.setRange(1, 100000)
        self.rate.setDecimals(3)
        self.rate.setSuffix(" Hz")
        self.rate.setValue(record.rate_hz)
        self.unit = QComboBox(self)
        for title, factor in (
            ("mV", 1.0), ("µV", 1e-3), ("V", 1e3), (self.tr("200 steps a mV"), 1 / 200), (self.tr("1000 steps a mV"), 1 / 1000),
            (self.tr("unknown (uncalibrated)"), None),
        ):  # fmt: skip
            self.unit.addItem(title, factor)
        self.unit.setCurrentIndex(0 if record.leads and record.leads[0].unit == "mV" else self.unit.count() - 1)
        self.names = QLineEdit(", ".join(lead.name for lead in record.leads), self)
        self.names.setPlaceholderText(", ".join(STANDARD))
        self.wrong = QLabel(self)
        self.wrong.setStyleSheet(f"color: {theme.ATTENTION}")
        self.wrong.setWordWrap(True)
        self.wrong.hide()
        form = QFormLayout()
        form.addRow(self.tr("Sampling rate"), self.rate)
        form.addRow(self.tr("Numbers are"), self.unit)
        form.addRow(self.tr("Leads, in the file's order"), self.names)
        buttons = QDialogButtonBox(self)
        buttons.addButton(self.tr("Use"), QDialogButtonBox.ButtonRole.AcceptRole).setProperty("primary", True)
        buttons.addButton(self.tr("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        buttons.accepted.connect(self.try_accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        column.addLayout(form)
        column.addWidget(self.wrong)
        column.addWidget(buttons)

    def record(self) -> EcgRecord:
        """Raises ValueError for names that do not fit."""
        names = tuple(name.strip() for name in self.names.text().replace(";", ",").split(","))
        return restated(self._record, Stated(self.rate.value(), self.unit.currentData(), names))

    def try_accept(self) -> None:
        try:
            self.record()
        except ValueError:
            count = len(self._record.leads)
            self.wrong.setText(self.tr("Name each of the {n} leads once, with commas between them.").format(n=count))
            self.wrong.show()
        else:
            self.accept()
