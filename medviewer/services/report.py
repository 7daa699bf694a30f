"""One patient's report as data: blocks of text, tables, key images, ECG strips and excerpts; `ui/print` makes pages of it.

Only what a person accepted is a finding here; what networks proposed and nobody judged stands apart, if it is asked for.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from medviewer import __version__
from medviewer.core.ecg import EcgRecord
from medviewer.core.errors import Fact, MedviewerError
from medviewer.core.finding import Attribution, Finding, Interval, Region, Result, Span
from medviewer.core.identity import Patient, Study
from medviewer.core.image import ImageSeries
from medviewer.core.note import NoteDocument
from medviewer.services.compare import Discordance, day_of
from medviewer.services.gather import concept_title
from medviewer.services.session import Item
from medviewer.services.words import say, text
from medviewer.store.records import now

STRIP_S = 7.0
"""Seconds of an ECG strip: at 25 mm/s 175 mm of paper."""
AROUND = 90
"""Characters of a note before and after the words of a finding."""
Label = Callable[[str, str], str]
"""(model, label or "" for the network itself) → its title in the report's language."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A line over what follows."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """`role` "plain", "quiet" (second lines), "attention" or "machine" (what a network says and nobody judged)."""

    text: str
    role: str = "plain"


@dataclass(frozen=True, slots=True)
class Table:
    """Cells by row, the first row is the head; `widths` are shares of the page's width."""

    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...]
    small: bool = False


@dataclass(frozen=True, slots=True)
class KeyImage:
    """One frame as the pane shows it; `heat` is drawn over it where it passed its check."""

    series: ImageSeries
    frame: int
    heat: Attribution | None
    caption: str


@dataclass(frozen=True, slots=True)
class EcgStrip:
    """`STRIP_S` seconds from `start_s`, as vectors at 25 mm/s and 10 mm/mV, with what the networks mark. `lead` is the one that
    the finding names, "" for the usual one."""

    record: EcgRecord
    start_s: float
    results: tuple[Result, ...]
    caption: str
    lead: str = ""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Words of a note around a finding: `text` with the half-open spans that are marked."""

    text: str
    marked: tuple[tuple[int, int], ...]
    caption: str


Block = Heading | Paragraph | Table | KeyImage | EcgStrip | Excerpt


@dataclass(frozen=True, slots=True)
class Report:
    """`identity`, which begins with `name`, stands on each page with `notice`; `created` is ISO 8601, UTC."""

    lang: str
    title: str
    patient: Patient
    study: Study
    name: str
    identity: str
    notice: str
    blocks: tuple[Block, ...]
    findings: tuple[Finding, ...]
    author: str
    created: str
    signed_by: str = ""
    signed_at: str = ""


@dataclass(frozen=True, slots=True)
class Material:
    """What a report is made of: one patient's items with the networks' results (decisions in their findings)."""

    items: Sequence[Item]
    results: Sequence[Result]
    discordances: Sequence[Discordance] = ()
    key_images: Mapping[str, Iterable[tuple[str, int]]] = field(default_factory=dict)
    label: Label = lambda model, label: label or model


def build(material: Material, lang: str, author: str, *, comment: str = "", proposed: bool = False) -> Report:
    """The report of the one patient that the items name. Raises `report-several-patients`, `report-empty`."""
    known = {item.patient.key: item.patient for item in material.items if item.patient.known}
    if len(known) > 1:
        raise MedviewerError("report-several-patients", n=len(known))
    if not material.items:
        raise MedviewerError("report-empty")
    patient = max(known.values(), key=lambda who: len(who.name), default=Patient())
    patient = max((i.patient for i in material.items if i.patient.known), key=lambda who: len(who.name), default=patient)
    writer = _Writer(material, lang)
    accepted = writer.findings("accepted")
    waiting = writer.findings("proposed") if proposed else ()
    blocks: list[Block] = []
    if comment.strip():
        blocks += [Heading(writer.say("comment")), Paragraph(comment.strip())]
    blocks.append(Heading(writer.say("accepted")))
    blocks += [writer.table(accepted)] if accepted else [Paragraph(writer.say("none-accepted"), "quiet")]
    blocks += writer.evidence(accepted)
    if waiting:
        blocks += [Heading(writer.say("proposed")), Paragraph(writer.say("proposed-why"), "machine"), writer.table(waiting)]
        blocks += writer.evidence(waiting, excerpts=False)
    blocks += writer.addenda()
    blocks += writer.disagreements()
    blocks += writer.examined()
    blocks += writer.provenance()
    newest = max(material.items, key=day_of)
    return Report(
        lang,
        writer.say("title"),
        patient,
        next((item.study for item in material.items if item.study.uid), newest.study),
        writer.name(patient),
        writer.identity(patient),
        writer.say("notice"),
        tuple(blocks),
        accepted,
        author,
        now(),
    )


def as_text(report: Report) -> str:
    """The same as plain text, for another system's form: no pictures, every table a line a row."""
    lines = [report.title, report.identity, ""]
    for block in report.blocks:
        if isinstance(block, Heading):
            lines += ["", block.text.upper()]
        elif isinstance(block, Paragraph):
            lines.append(block.text)
        elif isinstance(block, Table):
            lines += [" | ".join(cell for cell in row if cell) for row in block.rows[1:]]
        elif isinstance(block, Excerpt):
            lines.append(f"{block.caption}: “{' '.join(block.text.split())}”")
        else:
            lines.append(block.caption)
    signed = text("report-signed", report.lang, who=report.signed_by, when=moment(report.signed_at)) if report.signed_at else ""
    by = text("report-by", report.lang, who=report.author, when=moment(report.created))
    return "\n".join([*lines, "", by, *([signed] if signed else []), report.notice]).strip() + "\n"


def moment(when: str) -> str:
    """ "2026-01-03 10:05:00 UTC" of an ISO time."""
    return when.replace("T", " ").replace("+00:00", " UTC")


class _Writer:
    """The words of one report."""

    def __init__(self, material: Material, lang: str) -> None:
        self._material, self._lang = material, lang
        self._items = {item.item: item for item in material.items}
        self._results = {(result.item, result.model): result for result in material.results}

    def say(self, code: str, **facts: Fact) -> str:
        return text(f"report-{code}", self._lang, **facts)

    def name(self, patient: Patient) -> str:
        groups = [" ".join(group.replace("^", " ").split()) for group in patient.name.split("=")]
        return " ".join(group for group in groups if group) or self.say("nobody")

    def identity(self, patient: Patient) -> str:
        """ "Test, Person · ID T-1 · born 1970-01-01 · O" """
        name = self.name(patient)
        born = self.say("born", date=patient.birth_date) if patient.birth_date else ""
        return " · ".join(part for part in (name, f"ID {patient.id or '–'}", born, patient.sex) if part)

    def findings(self, state: str) -> tuple[Finding, ...]:
        """Of this state, what a note merely negates or leaves to the past left out when nobody judged it."""
        found = [f for result in self._material.results for f in result.findings if f.decision.state == state]
        shown = [f for f in found if state == "accepted" or str(f.facts.get("state", "present")) == "present"]
        return tuple(sorted(shown, key=lambda f: (("image", "ecg", "note").index(f.kind), -f.score.probability, f.label)))

    def title(self, finding: Finding) -> str:
        if "state" in finding.facts:
            side = str(finding.facts.get("side", ""))
            said = [self.say(f"state-{finding.facts['state']}".replace("_", "-"))] + ([self.say(f"side-{side}")] if side else [])
            said += [str(finding.facts["size"])] if finding.facts.get("size") else []
            return f"{concept_title(finding.called, self._lang)} ({', '.join(said)})"
        return self._material.label(finding.provenance.model, finding.called)

    def where(self, item: Item) -> str:
        return " ".join(part for part in (self.what(item), day_of(item)) if part)

    def what(self, item: Item) -> str:
        if isinstance(item, ImageSeries):
            return " ".join(part for part in (item.modality, item.description) if part) or self.say("image")
        if isinstance(item, EcgRecord):
            return self.say("ecg", leads=len(item.leads))
        return item.title or self.say("note")

    def score(self, finding: Finding) -> str:
        score = finding.score
        if "state" in finding.facts:
            return self.say("rules")
        if "count" in finding.facts and score.threshold is None:
            return self.say("beats", n=finding.facts["count"], share=f"{100 * score.probability:.2g}")
        return f"{score.words} ≥ {score.limit}" if score.limit else score.words

    def table(self, findings: Sequence[Finding]) -> Table:
        head = tuple(self.say(f"column-{name}") for name in ("finding", "where", "score", "who"))
        rows = [head]
        for finding in findings:
            decision = finding.decision
            who = f"{decision.who}, {decision.when[:16].replace('T', ' ')}" if decision.who else self.say("nobody-judged")
            model = finding.provenance
            by = f"{self.score(finding)}, {model.model} {model.model_version}"
            rows.append((self.title(finding), self.where(self._items[finding.item]), by, who))
        return Table(tuple(rows), (0.26, 0.26, 0.28, 0.20))

    def evidence(self, findings: Sequence[Finding], *, excerpts: bool = True) -> list[Block]:
        """Key images with their heat, strips and words of these findings; marked key images without findings too."""
        blocks: list[Block] = []
        for finding in findings:
            item, result = self._items[finding.item], self._results.get((finding.item, finding.provenance.model))
            caption = f"{self.title(finding)} – {self.where(item)}"
            if isinstance(item, ImageSeries):
                frame = finding.evidence.frame if isinstance(finding.evidence, Region) else (result.frame if result else 0) or 0
                heat = result.attribution if result is not None else None
                blocks.append(KeyImage(item, frame, heat, f"{caption}. {self._heat_words(heat)}".strip()))
            elif isinstance(item, EcgRecord):
                start = finding.evidence.start / item.rate_hz if isinstance(finding.evidence, Interval) and item.rate_hz else 0.0
                start = max(0.0, min(start - STRIP_S / 3, item.seconds - STRIP_S))
                own = tuple(r for (owner, _), r in self._results.items() if owner == item.item)
                at = self.say("from-second", start=f"{start:.1f}")
                lead = finding.evidence.lead if isinstance(finding.evidence, Interval) else ""
                blocks.append(EcgStrip(item, start, own, f"{caption}, {at}", lead))
            elif excerpts and isinstance(finding.evidence, Span):
                blocks.append(_excerpt(item, finding.evidence, caption))
        return blocks + (self._marked_images(findings) if excerpts else [])

    def _marked_images(self, findings: Sequence[Finding]) -> list[Block]:
        shown = {(f.item, f.evidence.frame) for f in findings if isinstance(f.evidence, Region)}
        blocks: list[Block] = []
        for item, marks in self._material.key_images.items():
            series = self._items.get(item)
            if isinstance(series, ImageSeries):
                wanted = set(marks)
                for k, frame in enumerate(series.frames):
                    if (frame.path, frame.index) in wanted and (item, k) not in shown:
                        caption = self.say("key-image", n=k + 1, of=len(series.frames))
                        blocks.append(KeyImage(series, k, None, f"{caption} – {self.where(series)}"))
        return blocks

    def _heat_words(self, heat: Attribution | None) -> str:
        if heat is None or heat.empty:
            return self.say("heat-none")
        if heat.self_check is not None and not heat.self_check.passed:
            return self.say("heat-weak", method=heat.method)
        return self.say("heat", method=heat.method)

    def addenda(self) -> list[Block]:
        """What was said after a note or report was signed, oldest first, each with its author, day and signature."""
        notes = [i for i in self._material.items if isinstance(i, NoteDocument) and i.addendum_to and i.text.strip()]
        blocks: list[Block] = [Heading(self.say("addenda"))] if notes else []
        for note in sorted(notes, key=lambda one: one.date):
            facts = {"title": self.what(note), "who": note.author or "–", "when": note.date[:16].replace("T", " ") or "–"}
            signed = self.say("signed-note", who=note.signed_by) if note.signed_at else self.say("addendum-open")
            blocks.append(Paragraph(f"{self.say('addendum', **facts)} {signed}", "quiet"))
            blocks += [Paragraph(line) for line in note.text.strip().split("\n") if line.strip()]
        return blocks

    def disagreements(self) -> list[Block]:
        if not self._material.discordances:
            return []
        lines = [
            Paragraph(f"{say(d.notice, self._lang).message} “{d.note.words}”", "attention") for d in self._material.discordances
        ]
        return [Heading(self.say("disagreements")), *lines]

    def examined(self) -> list[Block]:
        """What the report is about, newest first, and what was refused."""
        rows = [tuple(self.say(f"column-{name}") for name in ("item", "date", "state"))]
        for item in sorted(self._material.items, key=day_of, reverse=True):
            own = [r for r in self._material.results if r.item == item.item]
            said = ", ".join(sorted({f"{r.model}: {self.say(f'status-{r.status}')}" for r in own}))
            signed = self.say("signed-note", who=item.signed_by) if isinstance(item, NoteDocument) and item.signed_at else ""
            rows.append((self.what(item), day_of(item), "; ".join(part for part in (said, signed) if part)))
        return [Heading(self.say("examined")), Table(tuple(rows), (0.30, 0.14, 0.56), small=True)]

    def provenance(self) -> list[Block]:
        """Every network that answered, with version, hashes, device, program, time and its thresholds (MW-14)."""
        seen: dict[tuple[str, str], tuple[str, ...]] = {}
        for result in self._material.results:
            made = result.provenance
            if made is None or result.status != "ok":
                continue
            told = {s.label: s.limit for s in result.scores if s.limit}
            alike = len(told) > 3 and len(set(told.values())) == 1  # twelve classes with one threshold are one number
            limits = next(iter(told.values())) if alike else ", ".join(f"{k} {v}" for k, v in told.items())
            check = result.attribution.self_check if result.attribution else result.self_check
            passed = "" if check is None else self.say("check-passed" if check.passed else "check-failed")
            where = " · ".join(p for p in (made.device, f"torch {made.torch}" if made.torch else "", made.time[:19]) if p)
            said = " · ".join(p for p in (self.say("thresholds", of=limits) if limits else "", passed) if p)
            hashes = f"{made.model_sha256[:16]} / {made.input_sha256[:16]}"
            seen[result.model, result.item] = (f"{made.model} {made.model_version}", hashes, where, said)
        head = tuple(self.say(f"column-{name}") for name in ("network", "hashes", "device", "thresholds"))
        own = Paragraph(self.say("program", version=__version__), "quiet")
        rows = (head, *seen.values())
        table: list[Block] = [Table(rows, (0.2, 0.28, 0.27, 0.25), small=True)] if seen else []
        return [Heading(self.say("provenance")), *table, own]


def _excerpt(note: NoteDocument, span: Span, caption: str) -> Excerpt:
    """Whole words around the marked ones."""
    start, end = max(0, span.start - AROUND), min(len(note.text), span.end + AROUND)
    while start > 0 and not note.text[start - 1].isspace() and span.start - start < AROUND + 20:
        start -= 1
    while end < len(note.text) and not note.text[end].isspace() and end - span.end < AROUND + 20:
        end += 1
    words = note.text[start:end]
    return Excerpt(words, ((span.start - start, span.end - start),), caption)
