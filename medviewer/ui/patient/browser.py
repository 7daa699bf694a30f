"""Study browser: patient > study > series with thumbnails, a search, and what became of the files."""

from collections.abc import Callable
from datetime import date

from PySide6.QtCore import QT_TRANSLATE_NOOP, QModelIndex, QPersistentModelIndex, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QDrag, QImage, QPainter, QPainterPath
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLabel,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from medviewer.core.errors import Notice
from medviewer.core.image import ImageSeries
from medviewer.core.view import ImageView
from medviewer.services.session import Changes, Item, Session
from medviewer.services.words import Sentence
from medviewer.ui import theme
from medviewer.ui.bridge import Bridge
from medviewer.ui.identity import person
from medviewer.ui.image.corners import badges
from medviewer.ui.image.painter import paint
from medviewer.ui.pane import ITEM_MIME
from medviewer.ui.patient.files import FileList

ITEM, SECOND, THUMB, COUNT, LEVEL, MARKS = (Qt.ItemDataRole.UserRole + n for n in range(6))
THUMBNAIL = 40
MARK_LINE = 15
"""Added to a row that has marks."""
SPLITS = {
    "identity": QT_TRANSLATE_NOOP("Browser", "identity"),
    "modality": QT_TRANSLATE_NOOP("Browser", "modality"),
    "matrix-size": QT_TRANSLATE_NOOP("Browser", "matrix size"),
    "pixel-kind": QT_TRANSLATE_NOOP("Browser", "kind of pixels"),
    "orientation": QT_TRANSLATE_NOOP("Browser", "orientation"),
    "multi-frame": QT_TRANSLATE_NOOP("Browser", "file of its own"),
    "repeated-positions": QT_TRANSLATE_NOOP("Browser", "repeated positions"),
}
"""Why a series was parted from another, by the rules' names."""


class Browser(QWidget):
    """`chosen` carries an item's id."""

    chosen = Signal(str)

    def __init__(self, session: Session, bridge: Bridge, say: Callable[[Notice], Sentence]) -> None:
        super().__init__()
        self._session, self._bridge, self._say = session, bridge, say
        self._rows: dict[str, QTreeWidgetItem] = {}
        self._drawn: dict[str, int] = {}
        self.search = QLineEdit(self)
        self.search.setPlaceholderText(self.tr("Search name, ID, words (Ctrl+F)"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._narrow)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.tree = SeriesTree(self)
        self.tree.itemActivated.connect(self._activated)
        self.tree.itemClicked.connect(self._activated)
        self.footer = QLabel(self)
        self.footer.setProperty("role", "second")
        self.footer.setWordWrap(True)
        self.footer.linkActivated.connect(lambda _: self.show_files())
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 12, 8, 8)
        column.setSpacing(8)
        column.addWidget(self.search)
        column.addWidget(self.tree, 1)
        column.addWidget(self.footer)
        self._count()

    def take(self, changes: Changes) -> None:
        """Items that came, grew or went; the account."""
        if changes.removed or any(item not in self._rows for item in changes.items):
            self._rebuild()
        else:
            for item in changes.items:
                self._describe(self._rows[item], self._session.item(item))
            for item in changes.marks:
                if item in self._rows:
                    self._describe(self._rows[item], self._session.item(item))
        if changes.account:
            self._count()

    def order(self) -> list[str]:
        """Items from top to bottom, hidden ones left out."""
        return [item for item, row in self._rows.items() if not row.isHidden()]

    def mark(self, item: str) -> None:
        """Select the item of the active pane."""
        row = self._rows.get(item)
        self.tree.clearSelection()
        if row is not None:
            row.setSelected(True)
            self.tree.scrollToItem(row)

    def count_findings(self) -> None:
        for item, row in self._rows.items():
            found = sum(len(result.findings) for result in self._session.results(item))
            row.setData(0, COUNT, found)

    def _rebuild(self) -> None:
        pictures = {item: row.data(0, THUMB) for item, row in self._rows.items()}
        self._rows = {}
        self.tree.clear()
        people: dict[object, list[Item]] = {}
        for item in self._session.items:
            key = item.patient.key if item.patient.known else ""
            people.setdefault(key, []).append(item)
        for items in people.values():
            who = items[0].patient
            top = self._row(self.tree.invisibleRootItem(), "patient", person(who) if who.known else self.tr("No identity"))
            top.setData(0, SECOND, who.id)
            studies: dict[str, list[Item]] = {}
            for item in items:
                studies.setdefault(item.study.uid or item.study.date, []).append(item)
            newest_first = sorted(studies.values(), key=lambda s: (s[0].study.date, s[0].study.time), reverse=True)
            for visit in newest_first:
                self._add_visit(top, visit, newest_first[0][0].study.date, pictures)
        self.tree.expandAll()
        self.count_findings()
        self._narrow(self.search.text())

    def _add_visit(self, top: QTreeWidgetItem, visit: list[Item], newest: str, pictures: dict[str, object]) -> None:
        study = visit[0].study
        when = self._row(top, "study", study.date or self.tr("no date"))
        when.setData(0, SECOND, self.before(study.date, newest))
        when.setToolTip(0, study.description)
        for item in sorted(visit, key=lambda one: (getattr(one, "number", None) or 0, one.item)):
            row = self._row(when, "series", "")
            row.setData(0, ITEM, item.item)
            row.setData(0, THUMB, pictures.get(item.item))
            self._rows[item.item] = row
            self._describe(row, item)

    def _row(self, parent: QTreeWidgetItem, level: str, words: str) -> QTreeWidgetItem:
        row = QTreeWidgetItem(parent, [words])
        row.setData(0, LEVEL, level)
        row.setFlags(
            Qt.ItemFlag.ItemIsEnabled | (Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled)
            if level == "series"
            else Qt.ItemFlag.ItemIsEnabled
        )
        return row

    def before(self, day: str, newest: str) -> str:
        """ "16 days before" the newest visit; "" for the newest itself or without dates."""
        try:
            days = (date.fromisoformat(newest) - date.fromisoformat(day)).days
        except ValueError:
            return ""
        if days <= 0:
            return ""
        if days < 60:
            return self.tr("1 day before") if days == 1 else self.tr("{n} days before").format(n=days)
        months = round(days / 30.44)
        if months < 24:
            return self.tr("{n} months before").format(n=months)
        return self.tr("{n} years before").format(n=round(days / 365.25))

    def _describe(self, row: QTreeWidgetItem, item: Item | None) -> None:
        if not isinstance(item, ImageSeries):
            return
        row.setText(0, " ".join(part for part in (item.modality, item.description) if part) or self.tr("Picture"))
        count = len(item.frames)
        images = self.tr("1 image") if count == 1 else self.tr("{n} images").format(n=count)
        second = images
        if count == 1:
            second = f"{images} · {item.frames[0].columns} × {item.frames[0].rows}"
        elif item.geometry is not None and item.geometry.spacing[2]:
            second = f"{images} · {item.geometry.spacing[2]:.3g} mm"
        if not item.complete:
            second = self.tr("{n} images so far").format(n=count)
        keys = len(self._session.key_images(item.item))
        row.setData(0, SECOND, f"★ {keys} · {second}" if keys else second)
        marks = " · ".join(self._marks(item))
        if marks != (row.data(0, MARKS) or ""):
            row.setData(0, MARKS, marks)
            self.tree.scheduleDelayedItemsLayout()
        told = [self._say(warning).message for warning in item.warnings]
        keyed = [self.tr("Key images: {n}").format(n=keys)] if keys else []
        row.setToolTip(0, "\n".join([row.text(0), second, *keyed, *self._marks(item), *told]))
        if item.frames and (item.item not in self._drawn or (item.complete and self._drawn[item.item] != count)):
            self._drawn[item.item] = count
            self._bridge.background(
                lambda: paint(item, ImageView.start(item), None, (THUMBNAIL, THUMBNAIL), pixel_ratio=2.0, texts=False),
                lambda pixels, error: self._thumb(item.item, pixels),
            )

    def _marks(self, item: ImageSeries) -> tuple[str, ...]:
        """What one should know before opening a series: lossy, no geometry, uneven, incomplete, split."""
        found = [*badges(item)]
        if not item.complete:
            found.append(self.tr("incomplete"))
        if item.split_reason:
            found.append(self.tr("split: {why}").format(why=self.split_words(item.split_reason)))
        return tuple(found)

    def split_words(self, reason: str) -> str:
        """A rule of io/image/series in words; a new rule says its own name."""
        named = SPLITS.get(reason)
        return self.tr(str(named)) if named else reason.replace("-", " ")

    def _thumb(self, item: str, pixels) -> None:
        row = self._rows.get(item)
        if pixels is None or row is None:
            return
        height, width = pixels.shape[:2]
        row.setData(0, THUMB, QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy())

    def _activated(self, row: QTreeWidgetItem, _column: int = 0) -> None:
        item = row.data(0, ITEM)
        if item:
            self.chosen.emit(item)

    def _narrow(self, words: str) -> None:
        """Keep what holds every word in its patient's name, ID, date, description or modality."""
        wanted = words.casefold().split()
        root = self.tree.invisibleRootItem()
        for p in range(root.childCount()):
            top = root.child(p)
            for s in range(top.childCount()):
                study = top.child(s)
                for k in range(study.childCount()):
                    row = study.child(k)
                    item = self._session.item(row.data(0, ITEM))
                    said = self._searchable(item) if item is not None else ""
                    row.setHidden(not all(word in said for word in wanted))
                study.setHidden(all(study.child(k).isHidden() for k in range(study.childCount())))
            top.setHidden(all(top.child(s).isHidden() for s in range(top.childCount())))

    @staticmethod
    def _searchable(item: Item) -> str:
        who, study = item.patient, item.study
        name = who.name.replace("^", " ").replace("=", " ")
        more = (getattr(item, "description", ""), getattr(item, "modality", ""), getattr(item, "body_part", ""))
        return " ".join((name, who.id, study.date, study.description, study.accession, *more)).casefold()

    def _count(self) -> None:
        account = self._session.account
        if not account.found:
            self.footer.setText("")
            return
        words = self.tr("{found} found · {loaded} loaded").format(found=account.found, loaded=account.loaded)
        skipped, failed = len(account.skipped), len(account.failed)
        if skipped:
            words += f' · <span style="color:{theme.TEXT2}">' + self.tr("{n} skipped").format(n=skipped) + "</span>"
        if failed:
            words += f' · <span style="color:{theme.DAMAGE}">' + self.tr("{n} failed").format(n=failed) + "</span>"
        if skipped or failed:
            words += f' · <a style="color:{theme.HAND}" href="show">' + self.tr("show") + "</a>"
        self.footer.setText(words)

    def show_files(self) -> None:
        FileList(self._session.account, self._say, self.window()).open()


class SeriesTree(QTreeWidget):
    """Rows are dragged to panes."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setHeaderHidden(True)
        self.setIndentation(0)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(False)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setItemDelegate(RowPainter(self))

    def startDrag(self, actions: Qt.DropAction) -> None:
        from PySide6.QtCore import QMimeData

        row = self.currentItem()
        item = row.data(0, ITEM) if row is not None else None
        if not item:
            return
        drag = QDrag(self)
        data = QMimeData()
        data.setData(ITEM_MIME, item.encode())
        drag.setMimeData(data)
        drag.exec(Qt.DropAction.CopyAction)


class RowPainter(QStyledItemDelegate):
    """Patients, visits and series, as drawn in look/workspace.png."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        marked = MARK_LINE if index.data(MARKS) else 0
        return QSize(100, {"patient": 30, "study": 28}.get(index.data(LEVEL), THUMBNAIL + 10 + marked))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        box = QRect(option.rect)
        words, second = index.data(Qt.ItemDataRole.DisplayRole) or "", index.data(SECOND) or ""
        level = index.data(LEVEL)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if level == "series":
            chosen = bool(option.state & QStyle.StateFlag.State_Selected)
            self._series(painter, box, words, second, index, chosen)
        else:
            painter.setFont(theme.font(13 if level == "patient" else 12, bold=True))
            painter.setPen(QColor(theme.TEXT1 if level == "patient" else theme.TEXT2))
            wide = painter.fontMetrics().horizontalAdvance(second) + 12 if second else 0
            wide = min(wide, box.width() // 2)
            left = box.adjusted(4, 0, -wide - 4, 0)
            shown = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, left.width())
            painter.drawText(left, Qt.AlignmentFlag.AlignVCenter, shown)
            painter.setFont(theme.font(12))
            painter.setPen(QColor(theme.TEXT2))
            rest = painter.fontMetrics().elidedText(second, Qt.TextElideMode.ElideRight, wide)
            painter.drawText(box.adjusted(0, 0, -4, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, rest)
        painter.restore()

    def _series(
        self, painter: QPainter, box: QRect, words: str, second: str, index: QModelIndex | QPersistentModelIndex, chosen: bool
    ) -> None:
        thumb: QImage | None = index.data(THUMB)
        found: int = index.data(COUNT) or 0
        marks: str = index.data(MARKS) or ""
        if chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.CHOSEN))
            painter.drawRoundedRect(box.adjusted(0, 1, -1, -1), 6, 6)
            painter.fillRect(QRect(box.left(), box.top() + 6, 2, box.height() - 12), QColor(theme.HAND))
        place = QRectF(box.left() + 5, box.top() + 5, THUMBNAIL, THUMBNAIL)
        path = QPainterPath()
        path.addRoundedRect(place, 4, 4)
        painter.fillPath(path, QColor(theme.IMAGE))
        if thumb is not None:
            painter.save()
            painter.setClipPath(path)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(place, thumb)
            painter.restore()
        left, right = box.left() + THUMBNAIL + 15, box.right() - (36 if found else 6)
        lines = ((words, 13, theme.TEXT1, 6), (second, 12, theme.TEXT2, 25), (marks, 11, theme.ATTENTION, 25 + MARK_LINE + 2))
        for line, pixels, colour, top in lines[: 3 if marks else 2]:
            painter.setFont(theme.font(pixels))
            painter.setPen(QColor(colour))
            shown = painter.fontMetrics().elidedText(line, Qt.TextElideMode.ElideRight, right - left)
            painter.drawText(QRect(QPoint(left, box.top() + top), QSize(right - left, 19)), Qt.AlignmentFlag.AlignVCenter, shown)
        if found:
            badge = QRectF(box.right() - 30, box.center().y() - 9, 22, 19)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.MACHINE_GROUND))
            painter.drawRoundedRect(badge, 4, 4)
            painter.setFont(theme.font(11, bold=True))
            painter.setPen(QColor(theme.MACHINE))
            painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, str(found))
