"""Documents as lines for a reader, in the language of --lang; ids, labels, units and codes stay as they are."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from medviewer.cli.documents import Document
from medviewer.core.errors import Fact
from medviewer.core.finding import probability_words
from medviewer.services.words import in_a_row, text

STATES = {"present", "absent", "uncertain", "past", "other_person", "hypothetical"}


def answer_lines(entry: Document, lang: str) -> Iterator[str]:
    """One answer: the network, its scores, what it counted and measured, whether its explanation held."""
    yield f"{Path(entry['input']['path']).name} · {entry['model']['id']} {entry['model']['version']}"
    if entry["status"] != "ok":
        yield f"  {text('cli-' + entry['status'], lang)}: {entry['reason']['message']}"
        return
    for score in entry["scores"]:
        if score["threshold"] is not None:
            likely = score["probability"]
            facts = {name: probability_words(score[name], likely) for name in ("probability", "low", "high")}
            facts["threshold"] = probability_words(score["threshold"])
            code = "cli-score-positive" if score["positive"] else "cli-score-below"
            yield "  " + text(code, lang, label=score["label"], **facts)
    symbols = Counter(entry["beats"]["symbol"]) if entry["beats"] else {}
    if symbols:
        yield "  " + text("cli-beats", lang, counts=", ".join(f"{symbol} {count}" for symbol, count in sorted(symbols.items())))
    if entry["measurements"]:
        yield "  " + ", ".join(f"{name} {one['value']:g} {one['unit']}" for name, one in entry["measurements"].items())
    for mention in entry["mentions"]:
        state = text("report-state-" + mention["state"].replace("_", "-"), lang)
        yield f"  {mention['text']}: {state}"
    for caution in entry["cautions"]:
        yield "  " + text("cli-caution", lang, message=caution["message"])
    if entry["explanation"] and entry["explanation"]["self_check"]:
        passed = entry["explanation"]["self_check"]["passed"]
        yield "  " + text("report-check-passed" if passed else "report-check-failed", lang)
    vote = entry["explanation"] and entry["explanation"]["vote"]
    if vote and vote["changed"]:
        facts = {name: vote[name] for name in ("symbol", "alone", "likes")}
        yield "  " + text("cli-vote", lang, **facts, share=probability_words(vote["share"]))
    yield "  " + text("report-notice", lang)


def info_lines(content: Document, counts: tuple[int, int, int, int], lang: str) -> Iterator[str]:
    """Patients, studies and items, indented; `counts` of files found, loaded, skipped, failed."""
    for patient in content["patients"]:
        yield f"{patient['name'] or '–'}  {patient['patient_id']}  {patient['birth_date']}  {patient['sex']}".rstrip()
        for study in patient["studies"]:
            yield f"  {study['date']} {study['time']}  {study['description']}".rstrip()
            for item in study["items"]:
                yield f"    {_item_line(item, lang)}"
                for warning in item["warnings"]:
                    yield f"      {warning['message']}"
    found, loaded, skipped, failed = counts
    yield text("cli-account", lang, found=found, loaded=loaded, skipped=skipped, failed=failed)
    for error in content["errors"]:
        yield f"  {error['path']}: {in_a_row(error['message'], error['remedy'])}"


def _item_line(item: Document, lang: str) -> str:
    if item["kind"] == "ecg":
        facts: dict[str, Fact] = {
            "leads": len(item["leads"]),
            "seconds": f"{item['seconds']:.1f}",
            "rate": f"{item['rate_hz']:g}",
        }
        return text("cli-ecg", lang, format=item["format"], item=item["item"], **facts)
    if item["kind"] == "note":
        facts = {"language": item["language"] or "–", "characters": item["characters"], "encoding": item["encoding"]}
        return text("cli-note", lang, format=item["format"], item=item["item"], **facts)
    size = f"{item['columns']}×{item['rows']}×{item['frames']}"
    spacing = text("cli-no-spacing", lang)
    if item["geometry"]:
        row, column, slices = item["geometry"]["spacing_mm"]
        spacing = f"{row:g}×{column:g}" + (f"×{slices:g}" if slices else "") + f" mm ({item['geometry']['spacing_source']})"
    modality = item["modality"] or text("cli-picture", lang)
    return f"{modality}  {item['description']}  {size}  {spacing}  {item['item']}"
