"""Study browser: each patient's images, ECGs and notes in time order, a search, and what became of the files.

What names nobody stands under "Unassigned" and can be dragged to a patient.
"""

from collections.abc import Callable
from datetime import date

from PySide6.QtCore import QT_TRANSLATE_NOOP, QPoint, Qt, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLabel, QLineEdit, QMenu, QTreeWidgetItem, QVBoxLayout, QWidget

from medviewer.core.ecg import EcgRecord
from medviewer.core.errors import Notice
from medviewer.core.identity import Patient
from medviewer.core.image import ImageSeries
from medviewer.core.note import NoteDocument
from medviewer.services.assign import Assigner
from medviewer.services.compare import day_of
from medviewer.services.session import Changes, Item, Session
from medviewer.services.timeline import Visit, time_of, timeline
from medviewer.services.words import Sentence
from medviewer.ui import theme
from medviewer.ui.bridge import Bridge
from medviewer.ui.identity import person
from medviewer.ui.image.corners import badges
from medviewer.ui.patient.files import FileList
from medviewer.ui.patient.rows import COUNT, ITEM, LEVEL, MARKS, SECOND, THUMB, WHO, SeriesTree
from medviewer.ui.patient.thumbs import thumbnail

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

    def __init__(
        self, session: Session, bridge: Bridge, say: Callable[[Notice], Sentence], assigner: Assigner | None = None
    ) -> None:
        super().__init__()
        self._session, self._bridge, self._say, self._assigner = session, bridge, say, assigner
        self._rows: dict[str, QTreeWidgetItem] = {}
        self._places: dict[str, tuple[object, str, str]] = {}
        self._drawn: dict[str, object] = {}
        self.search = QLineEdit(self)
        self.search.setPlaceholderText(self.tr("Search name, ID, words (Ctrl+F)"))
        self.search.setClearButtonEnabled(True)
        self.search.setAcceptDrops(False)  # a file dropped here is opened, like anywhere
        self.search.textChanged.connect(self._narrow)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.tree = SeriesTree(self)
        self.tree.itemActivated.connect(self._activated)
        self.tree.itemClicked.connect(self._activated)
        self.tree.given.connect(self._give)
        self.tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.tree.customContextMenuRequested.connect(self._menu_at)
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
        moved = any(self._places.get(item) != self._place_of(self._session.item(item)) for item in changes.items)
        if changes.removed or moved:
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
        answers = self._session.all_results
        for item, row in self._rows.items():
            found = sum(len(result.findings) for result in answers.get(item, ()))
            if found != (row.data(0, COUNT) or 0):
                row.setData(0, COUNT, found)

    def _rebuild(self) -> None:
        pictures = {item: row.data(0, THUMB) for item, row in self._rows.items()}
        self._rows = {}
        self.tree.clear()
        for line in timeline(self._session.items):
            who = line.patient
            top = self._row(self.tree.invisibleRootItem(), "patient", person(who) if who.known else self.tr("Unassigned"))
            top.setData(0, SECOND, who.id)
            top.setData(0, WHO, who)
            for visit in line.visits:
                self._add_visit(top, visit, pictures)
        self._places = {item.item: self._place_of(item) for item in self._session.items}
        self.tree.expandAll()
        self.count_findings()
        self._narrow(self.search.text())

    @staticmethod
    def _place_of(item: Item | None) -> tuple[object, str, str]:
        """What decides where an item stands."""
        return (item.patient, day_of(item), time_of(item)) if item is not None else ("", "", "")

    def _add_visit(self, top: QTreeWidgetItem, visit: Visit, pictures: dict[str, object]) -> None:
        when = self._row(top, "study", visit.day or self.tr("no date"))
        today = visit.before == 0 and visit.day == date.today().isoformat()
        when.setData(0, SECOND, self.tr("today's visit") if today else self.before(visit.before))
        when.setToolTip(0, visit.description)
        for item in visit.items:
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

    def before(self, days: int | None) -> str:
        """ "16 days before" the newest visit; "" for the newest itself or without dates."""
        if not days:
            return ""
        if days < 60:
            return self.tr("1 day before") if days == 1 else self.tr("{n} days before").format(n=days)
        months = round(days / 30.44)
        if months < 24:
            return self.tr("{n} months before").format(n=months)
        return self.tr("{n} years before").format(n=round(days / 365.25))

    def _describe(self, row: QTreeWidgetItem, item: Item | None) -> None:
        if item is None:
            return
        if isinstance(item, ImageSeries):
            title, second, marks = self._of_series(item)
        elif isinstance(item, EcgRecord):
            title, second, marks = self._of_record(item)
        else:
            title, second, marks = self._of_note(item)
        if self._assigner is not None and self._assigner.by_hand(item):
            marks = (*marks, self.tr("given by hand"))
        row.setText(0, title)
        row.setData(0, SECOND, second)
        joined = " · ".join(marks)
        if joined != (row.data(0, MARKS) or ""):
            row.setData(0, MARKS, joined)
            self.tree.scheduleDelayedItemsLayout()
        told = [self._say(warning).message for warning in item.warnings]
        row.setToolTip(0, "\n".join(part for part in (title, second, *marks, *told) if part))
        self._draw(item)

    def _of_series(self, item: ImageSeries) -> tuple[str, str, tuple[str, ...]]:
        title = " ".join(part for part in (item.modality, item.description) if part) or self.tr("Picture")
        count = len(item.frames)
        second = images = self.tr("1 image") if count == 1 else self.tr("{n} images").format(n=count)
        if count == 1:
            second = f"{images} · {item.frames[0].columns} × {item.frames[0].rows}"
        elif item.geometry is not None and item.geometry.spacing[2]:
            second = f"{images} · {item.geometry.spacing[2]:.3g} mm"
        if not item.complete:
            second = self.tr("{n} images so far").format(n=count)
        keys = len(self._session.key_images(item.item))
        return title, f"★ {keys} · {second}" if keys else second, self._marks(item)

    def _of_record(self, item: EcgRecord) -> tuple[str, str, tuple[str, ...]]:
        """ "ECG 12 leads, 10 s", "500 Hz · 09:42" """
        leads = self.tr("1 lead") if len(item.leads) == 1 else self.tr("{n} leads").format(n=len(item.leads))
        hours = item.seconds >= 3600
        title = self.tr("Holter {time}, {leads}") if hours else self.tr("ECG {leads}, {time}")
        return (
            title.format(leads=leads, time=self._lasting(item.seconds)),
            " · ".join(part for part in (f"{item.rate_hz:g} Hz", time_of(item)[:5]) if part),
            (self.tr("gaps"),) if item.gaps else (),
        )

    def _lasting(self, seconds: float) -> str:
        if seconds >= 3600:
            return self.tr("{n} h").format(n=f"{seconds / 3600:.3g}")
        return self.tr("{n} min").format(n=f"{seconds / 60:.3g}") if seconds >= 120 else f"{seconds:.3g} s"

    def _of_note(self, item: NoteDocument) -> tuple[str, str, tuple[str, ...]]:
        """Its title or first words; language, length, time."""
        first = " ".join(item.text[:60].split())
        title = item.title or first or self.tr("Empty note")
        if item.addendum_to:
            title = self.tr("Addendum: {title}").format(title=title)
        zh = item.language == "zh"
        length = sum(not c.isspace() for c in item.text) if zh else len(item.text.split())
        said = self.tr("{n} characters") if zh else self.tr("{n} words")
        language = {"en": "English", "zh": "中文"}.get(item.language, "")
        second = " · ".join(part for part in (language, said.format(n=length), time_of(item)[:5]) if part)
        return title, second, (self.tr("signed by {who}").format(who=item.signed_by),) if item.signed_at else ()

    def _draw(self, item: Item) -> None:
        """A thumbnail once, of a series again when it is complete, of a note when its text changed."""
        if isinstance(item, ImageSeries):
            state: object = len(item.frames) if item.complete or item.item not in self._drawn else self._drawn[item.item]
            if not item.frames:
                return
        else:
            state = getattr(item, "revision", 0)
        if self._drawn.get(item.item, "never") != state:
            self._drawn[item.item] = state
            self._bridge.background(lambda: thumbnail(item), lambda picture, error: self._thumb(item.item, picture))

    # Whose is it

    def _give(self, item: str, who: Patient) -> None:
        if self._assigner is not None:
            self._assigner.assign(item, who if who.known else None)

    def _menu_at(self, place: QPoint) -> None:
        row = self.tree.itemAt(place)
        item = self._session.item(row.data(0, ITEM) or "") if row is not None else None
        if item is not None and self._assigner is not None and self._assigner.may(item):
            self.assign_menu(item).popup(self.tree.viewport().mapToGlobal(place))

    def assign_menu(self, item: Item) -> QMenu:
        """Whose an item without identity is: one of the patients, or nobody."""
        menu = QMenu(self)
        for who in self._session.patients:
            action = menu.addAction(self.tr("Belongs to {who}").format(who=f"{person(who)}  {who.id}".strip()))
            action.setEnabled(who.key != item.patient.key)
            action.triggered.connect(lambda _=False, who=who: self._give(item.item, who))
        nobody = menu.addAction(self.tr("Belongs to nobody"))
        nobody.setEnabled(item.patient.known)
        nobody.triggered.connect(lambda: self._give(item.item, Patient()))
        return menu

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

    def _thumb(self, item: str, picture: QImage | None) -> None:
        row = self._rows.get(item)
        if picture is not None and row is not None:
            row.setData(0, THUMB, picture)

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
        own = ("description", "modality", "body_part", "title", "author", "format", "date", "start")
        more = (str(getattr(item, name, "")) for name in own)
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
