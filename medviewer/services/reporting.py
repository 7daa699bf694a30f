"""From an open session to a report: which items, whose decisions; and the report's DICOM objects."""

from collections.abc import Callable

from medviewer.core.errors import MedviewerError
from medviewer.core.identity import Patient
from medviewer.core.image import ImageSeries
from medviewer.core.note import NoteDocument
from medviewer.io.report import Measured, Written, encapsulated_pdf, evidence_of, structured_report
from medviewer.services.gather import Gathered
from medviewer.services.report import Excerpt, Heading, KeyImage, Label, Material, Paragraph, Report, Table, build
from medviewer.services.session import Item, Session
from medviewer.services.words import LANGUAGES, text


def material_of(session: Session, gathered: Gathered, patient: Patient, label: Label, *, item: str = "") -> Material:
    """Everything of one patient; of nobody the one item. Raises `report-empty`."""
    own = [i for i in session.items if (i.patient.key == patient.key if patient.known else i.item == item)]
    items = [i for i in own if not _is_report(i)]
    if not items:
        raise MedviewerError("report-empty")
    ids = {i.item for i in items}
    return Material(
        items,
        [result for i in items for result in session.results(i.item)],
        [d for d in gathered.discordances(seen=True) if d.note.item in ids],
        {i.item: session.key_images(i.item) for i in items if session.key_images(i.item)},
        label,
    )


def _is_report(item: Item) -> bool:
    """A signed report is kept as a note; it is no material of the next one, but its addenda are."""
    titles = {text("report-title", lang) for lang in LANGUAGES}
    return isinstance(item, NoteDocument) and bool(item.signed_at) and not item.addendum_to and item.title in titles


def labels(models: Callable[[], tuple], lang: str) -> Label:
    """Titles of networks and labels from their cards."""
    cards = {card.id: card for card in models()}

    def label(model: str, which: str) -> str:
        card = cards.get(model)
        if card is None:
            return which or model
        return card.label(which, lang) if which else card.title(lang)

    return label


def report_of(
    session: Session,
    gathered: Gathered,
    patient: Patient,
    label: Label,
    lang: str,
    *,
    item: str = "",
    comment: str = "",
    proposed: bool = False,
) -> Report:
    """Raises `report-empty`, `report-several-patients`."""
    material = material_of(session, gathered, patient, label, item=item)
    return build(material, lang, session.who(), comment=comment, proposed=proposed)


def as_dicom(report: Report, session: Session, pdf: bytes, label: Label) -> dict[str, bytes]:
    """File name → DICOM file: the PDF in its capsule, and the SR. Raises `output-differs`, `report-id-unfit`."""
    about = _written(report, session, label)
    return {"report-pdf.dcm": encapsulated_pdf(about, pdf), "report-sr.dcm": structured_report(about)}


def _written(report: Report, session: Session, label: Label) -> Written:
    measured, paths = [], []
    for finding in report.findings:
        made, named = finding.provenance, "state" in finding.facts
        rated = None if named or finding.score.threshold is None else finding.score.probability
        item = session.item(finding.item)
        said = f" ({finding.facts['state']})" if named else ""
        measured.append(
            Measured(
                label(made.model, finding.called) + said,
                finding.called,
                rated,
                finding.item,
                f"{finding.decision.who}, {finding.decision.when}",
                f"{made.model} {made.model_version} {made.model_sha256[:16]}",
            )
        )
        if isinstance(item, ImageSeries) and item.has_identity:
            frame = getattr(finding.evidence, "frame", 0)
            paths.append(item.frames[frame].path)
    return Written(
        report.patient,
        report.study,
        report.title,
        report.author,
        report.created,
        report.signed_by,
        report.signed_at,
        report.lang,
        tuple(measured),
        tuple(_sections(report)),
        evidence_of(paths),
    )


def _sections(report: Report) -> list[tuple[str, str]]:
    """Heading → the text below it; pictures by their captions."""
    found: list[tuple[str, list[str]]] = [(report.title, [report.identity, report.notice])]
    for block in report.blocks:
        if isinstance(block, Heading):
            found.append((block.text, []))
        elif isinstance(block, Paragraph):
            found[-1][1].append(block.text)
        elif isinstance(block, Table):
            found[-1][1].extend(" | ".join(cell for cell in row if cell) for row in block.rows[1:])
        elif isinstance(block, Excerpt):
            found[-1][1].append(f"{block.caption}: {' '.join(block.text.split())}")
        elif isinstance(block, KeyImage) or block.caption:
            found[-1][1].append(block.caption)
    return [(heading, "\n".join(lines)) for heading, lines in found]
