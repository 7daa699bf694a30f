"""Reports from the command line: `render --pdf`, and `infer --format pdf|sr`, one for each patient."""

import argparse
from collections.abc import Iterable, Sequence

from medviewer.core.errors import MedviewerError, Notice
from medviewer.core.finding import Result
from medviewer.core.identity import Patient
from medviewer.services.acts import system_user
from medviewer.services.gather import Gathered
from medviewer.services.reporting import as_dicom, labels, report_of
from medviewer.services.session import Item, Session
from medviewer.store.database import Database
from medviewer.store.profile import Profile
from medviewer.store.records import Records
from medviewer.store.settings import Settings


def reports(
    items: Sequence[Item],
    results: Iterable[Result],
    profile: Profile,
    lang: str,
    *,
    proposed: bool,
    comment: str = "",
    dicom: bool = False,
) -> list[tuple[str, dict[str, bytes], Notice | None]]:
    """(name, file name → bytes, why there is no DICOM) of every patient, and of every item that names nobody: the PDF, with
    `dicom` its objects too. What was decided about the same content in the window counts. Raises `report-empty`."""
    from medviewer.inference.registry import Registry
    from medviewer.services.analyse import ModelCard
    from medviewer.ui.print import report_pdf

    registry = Registry(profile)
    path = profile.data / "medviewer.db"
    database = Database(path if path.is_file() else None)
    try:
        author = str(Settings(profile).get("user")) or system_user()
        session = Session(Records(database), lambda: author)
        gathered = Gathered(session)
        session.put(items)
        for result in sorted(results, key=_weight):
            session.put_result(result)
        label = labels(lambda: tuple(ModelCard(b, registry.thresholds(b)) for b in registry.bundles()), lang)
        people: list[tuple[Patient, str]] = [(who, "") for who in session.patients]
        people += [(Patient(), item.item) for item in items if not item.patient.known]
        found = []
        for who, item in people:
            report = report_of(session, gathered, who, label, lang, item=item, proposed=proposed, comment=comment)
            pdf = report_pdf(report)
            name = who.id or " ".join(who.name.replace("^", " ").split()) or item
            files, refused = {"report.pdf": pdf}, None
            try:
                files |= as_dicom(report, session, pdf, label) if dicom else {}
            except MedviewerError as error:
                refused = error.notice
            found.append((name, files, refused))
        return found
    finally:
        database.close()


def _weight(result: Result) -> float:
    """Of several images of one series the strongest answer comes last, and stays."""
    return max((finding.score.probability for finding in result.findings), default=0.0)


def analysed(args: argparse.Namespace, items: Sequence[Item], profile: Profile) -> list[Result]:
    """Every fitting network's answer."""
    from medviewer.inference.engine import InPlaceEngine
    from medviewer.inference.registry import Registry
    from medviewer.services.analyse import infer
    from medviewer.store.cache import Cache

    engine = InPlaceEngine(args.device, None, Cache(profile.cache / "results"))
    return list(infer(items, Registry(profile), engine))
