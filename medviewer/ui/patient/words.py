"""What the findings list says: which item, why, who decided when; how a mention is meant."""

from datetime import datetime

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from medviewer.core.ecg import EcgRecord
from medviewer.core.ecg import moment as ecg_moment
from medviewer.core.finding import Finding, Interval, Result
from medviewer.core.image import ImageSeries
from medviewer.core.note import NoteDocument, State
from medviewer.services.session import Item
from medviewer.ui.answer import Tag, network_tag, weak_tag

STATES: tuple[State, ...] = ("present", "absent", "uncertain", "past", "other_person", "hypothetical")
_WORDS = {
    "present": QT_TRANSLATE_NOOP("states", "stated"),
    "absent": QT_TRANSLATE_NOOP("states", "negated"),
    "uncertain": QT_TRANSLATE_NOOP("states", "uncertain"),
    "past": QT_TRANSLATE_NOOP("states", "past"),
    "other_person": QT_TRANSLATE_NOOP("states", "of another person"),
    "hypothetical": QT_TRANSLATE_NOOP("states", "hypothetical"),
    "left": QT_TRANSLATE_NOOP("states", "left"),
    "right": QT_TRANSLATE_NOOP("states", "right"),
    "bilateral": QT_TRANSLATE_NOOP("states", "both sides"),
}


def _tr(text: str) -> str:
    return QCoreApplication.translate("findings", text)


def state_words(state: str) -> str:
    """A state or side in the user's language."""
    return QCoreApplication.translate("states", str(_WORDS.get(state, state)))


def moment(when: str) -> str:
    """A UTC time on this machine's clock: "10:04" of today, with the date otherwise."""
    try:
        local = datetime.fromisoformat(when).astimezone()
    except ValueError:
        return when
    today = datetime.now().astimezone().date()
    return f"{local:%H:%M}" if local.date() == today else f"{local:%Y-%m-%d %H:%M}"


def where(item: Item | None) -> str:
    """The item in a few words: "CR Chest PA", "ECG 12 leads", the note's title."""
    if isinstance(item, ImageSeries):
        return " ".join(part for part in (item.modality, item.description) if part)
    if isinstance(item, EcgRecord):
        return _tr("ECG, {n} leads").format(n=len(item.leads)) if len(item.leads) > 1 else _tr("ECG, 1 lead")
    return (item.title or _tr("Note")) if item is not None else ""


def tags(result: Result) -> list[Tag]:
    """Who says it, whether its explanation passed the check, whether there is a caution: the same for all kinds."""
    found = [network_tag()]
    check = result.attribution.self_check if result.attribution is not None else result.self_check
    if check is not None:
        found.append(("accepted", _tr("checked")) if check.passed else weak_tag())
    elif result.spans:
        found.append(("quiet", _tr("check running…")))
    return found + ([("attention", _tr("caution"))] if result.cautions else [])


def decision(finding: Finding) -> str:
    """ "accepted 10:04, you" """
    state = finding.decision.state
    if state == "proposed":
        return ""
    said = _tr("accepted {when}, {who}") if state == "accepted" else _tr("rejected {when}, {who}")
    return said.format(when=moment(finding.decision.when), who=finding.decision.who)


def mention(finding: Finding) -> str:
    """How a finding of a note is meant: "stated · 3 mm · left · ×2"."""
    facts = finding.facts
    said = [state_words(str(facts["state"]))]
    said += [str(facts["size"])] if facts.get("size") else []
    said += [state_words(str(facts["side"]))] if facts.get("side") else []
    count = int(facts.get("count", 1))
    return " · ".join(said + ([f"×{count}"] if count > 1 else []))


def reasons(result: Result, finding: Finding | None, item: Item | None) -> list[str]:
    """Sentences that say why, from what the network showed of itself on its item."""
    heat = result.attribution
    if heat is not None and heat.empty:
        return [_tr("No region of the image supports the score.")]
    if heat is not None:
        rows, columns = (round(v) for v in heat.cell)
        said = _tr("{method}: G shows what influenced the score; one cell is {rows} × {columns} pixels.")
        return [said.format(method=heat.method, rows=rows, columns=columns)]
    if isinstance(item, EcgRecord) and finding is not None:
        return _of_record(result, finding, item)
    return _of_note(result, item) if isinstance(item, NoteDocument) and result.spans else []


def _of_record(result: Result, finding: Finding, record: EcgRecord) -> list[str]:
    found = []
    if "count" in finding.facts and result.beats is not None:
        share = f"{100 * finding.score.probability:.2g}"
        said = _tr("{n} of {of} beats ({share} %).")
        found.append(said.format(n=finding.facts["count"], of=len(result.beats.sample), share=share))
    if isinstance(finding.evidence, Interval) and record.rate_hz > 0:
        start, end = (ecg_moment(s / record.rate_hz) for s in (finding.evidence.start, finding.evidence.end))
        found.append(_tr("First from {start} to {end}.").format(start=start, end=end))
    if result.saliency is not None:
        found.append(_tr("{method} on lead {lead}.").format(method=result.method, lead=result.saliency.lead))
    return found


def _of_note(result: Result, note: NoteDocument) -> list[str]:
    best = sorted((s for s in result.spans if s.weight > 0), key=lambda span: -span.weight)[:3]
    quoted = ", ".join(f"“{' '.join(note.text[s.start : s.end].split())}”" for s in best)
    found = [_tr("Words: {words}.").format(words=quoted)]
    if result.self_check is None:
        return found
    agreement = result.self_check.agreement
    if agreement is None:
        return [*found, _tr("Integrated gradients do not add up here: no comparison.")]
    return [*found, _tr("Integrated gradients rank the words alike: {r}.").format(r=f"{agreement:.2f}")]
