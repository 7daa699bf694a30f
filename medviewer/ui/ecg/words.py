"""What stands in words on an ECG: identity, the record, warnings, and the footer that says how it is drawn."""

from collections.abc import Mapping
from pathlib import PurePath

from PySide6.QtCore import QT_TRANSLATE_NOOP

from medviewer.core.ecg import EcgRecord, Episode, Measurement, moment
from medviewer.core.ecg_layout import EcgPicture
from medviewer.core.ecg_view import EcgView
from medviewer.core.finding import Decision, probability_words
from medviewer.core.signal import UNFILTERED, Filters
from medviewer.ui.headless import translated
from medviewer.ui.identity import born, identity_line, name_of
from medviewer.ui.research import research_notice


def _tr(text: str) -> str:
    return translated("ecg", text)


def number(value: float) -> str:
    """Three digits at most: 25, 12.5, 0.0463."""
    return f"{value:.3g}"


def filter_words(filters: Filters) -> str:
    """ "unfiltered", "0.5–40 Hz, mains 50 Hz", "high-pass 0.05 Hz"."""
    if filters.none:
        return _tr("unfiltered")
    parts = []
    if filters.high_pass and filters.low_pass:
        parts.append(f"{filters.high_pass:g}–{filters.low_pass:g} Hz")
    elif filters.high_pass:
        parts.append(_tr("high-pass {hz} Hz").format(hz=f"{filters.high_pass:g}"))
    elif filters.low_pass:
        parts.append(_tr("low-pass {hz} Hz").format(hz=f"{filters.low_pass:g}"))
    if filters.notch:
        parts.append(_tr("mains {hz} Hz").format(hz=f"{filters.notch:g}"))
    return _tr("shown {filters}").format(filters=", ".join(parts))


def footer(view: EcgView, picture: EcgPicture, shown: Filters, has_marks: bool) -> tuple[str, str, str, str]:
    """(how it is drawn, research notice, what the networks read, scale): all from the values that were used to draw (ED-04)."""
    parts = [f"{number(picture.speed)} mm/s", f"{number(picture.gain)} mm/mV", filter_words(shown)]
    if shown == UNFILTERED and not view.filters.none:
        parts[-1] = _tr("unfiltered at this zoom")
    if picture.columns == "consecutive":
        parts.append(_tr("columns consecutive"))
    elif picture.columns == "simultaneous":
        parts.append(_tr("columns simultaneous"))
    read = _tr("networks read the unfiltered signal") if has_marks or not shown.none else ""
    if picture.to_scale:
        scale = _tr("to scale, {n} px/mm").format(n=number(picture.px_per_mm))
    else:
        scale = _tr("not to scale")
    return " · ".join(parts), research_notice() if has_marks else "", read, scale


def fewer_leads(record: EcgRecord, view: EcgView, picture: EcgPicture) -> str:
    """What a small pane leaves out, which layout stands in for the wished one, which leads have no place in it."""
    if picture.left_out:
        return _tr("{lead} only: too small for {n} leads").format(lead=picture.cells[0].label, n=picture.left_out + 1)
    said = []
    if picture.instead:
        layouts = layout_title(picture.instead), layout_title(view.layout)
        said.append(_tr("{layout}: no room for {wished}").format(layout=layouts[0], wished=layouts[1]))
    drawn = {cell.lead for cell in picture.cells}
    if view.layout != "holter" and (missing := [one.name for k, one in enumerate(record.leads) if k not in drawn]):
        names = ", ".join(missing[:3]) + (" …" if len(missing) > 3 else "")
        said.append(_tr("not shown: {leads}").format(leads=names))
    return " · ".join(said)


def head(record: EcgRecord, view: EcgView) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Lines of the left and right upper corner."""
    left = [name_of(record.patient)]
    if view.text == "all":
        about = " · ".join(part for part in (identity_line(record), born(record.patient)) if part)
        left += [about] if about else []
    elif record.patient.id:
        left.append(record.patient.id)
    right = [f"{PurePath(record.path).stem} · {leads_words(record)}"]
    visit = record.start.replace("T", " ") or record.study.date
    if view.text == "all" and visit:
        right.append(visit)
    return tuple(left), tuple(right)


def leads_words(record: EcgRecord) -> str:
    rates = sorted({lead.rate_hz for lead in record.leads}, reverse=True)
    hertz = " / ".join(f"{rate:g}" for rate in rates[:3])
    said = _tr("1 lead, {length}, {rate} Hz") if len(record.leads) == 1 else _tr("{n} leads, {length}, {rate} Hz")
    return said.format(n=len(record.leads), length=length_words(record.seconds), rate=hertz)


def length_words(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.3g} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02d} min"


def attention(record: EcgRecord) -> tuple[str, ...]:
    """What must not be overlooked on this record."""
    loose = [lead.name for lead in record.leads if lead.unit == ""]
    return (_tr("UNCALIBRATED, amplitude assumed: {leads}").format(leads=", ".join(loose[:6])),) if loose else ()


def gap(seconds: float) -> str:
    return _tr("gap {length}").format(length=length_words(seconds))


def unreadable() -> str:
    return _tr("These samples cannot be read.")


RHYTHMS = {
    "N": QT_TRANSLATE_NOOP("ecg", "normal rhythm"),
    "A": QT_TRANSLATE_NOOP("ecg", "atrial fibrillation"),
    "O": QT_TRANSLATE_NOOP("ecg", "other rhythm"),
    "~": QT_TRANSLATE_NOOP("ecg", "too noisy"),
}
BEATS = {
    "N": QT_TRANSLATE_NOOP("ecg", "normal"),
    "S": QT_TRANSLATE_NOOP("ecg", "supraventricular ectopic"),
    "V": QT_TRANSLATE_NOOP("ecg", "ventricular ectopic"),
    "F": QT_TRANSLATE_NOOP("ecg", "fusion"),
    "Q": QT_TRANSLATE_NOOP("ecg", "not classified"),
}
MEASURES = {
    "heart rate": QT_TRANSLATE_NOOP("ecg", "Heart rate"),
    "lowest rate": QT_TRANSLATE_NOOP("ecg", "Slowest 8 beats"),
    "highest rate": QT_TRANSLATE_NOOP("ecg", "Fastest 8 beats"),
    "longest RR": QT_TRANSLATE_NOOP("ecg", "Longest RR"),
    "normal intervals": QT_TRANSLATE_NOOP("ecg", "Normal intervals"),
    "mean NN": QT_TRANSLATE_NOOP("ecg", "Mean NN"),
    "AF burden": QT_TRANSLATE_NOOP("ecg", "AF burden"),
    "time read": QT_TRANSLATE_NOOP("ecg", "Time read"),
    "time not read": QT_TRANSLATE_NOOP("ecg", "Time not read"),
    "axis": QT_TRANSLATE_NOOP("ecg", "Axis"),
    "QRS axis": QT_TRANSLATE_NOOP("ecg", "QRS axis"),
    "P axis": QT_TRANSLATE_NOOP("ecg", "P axis"),
    "T axis": QT_TRANSLATE_NOOP("ecg", "T axis"),
}
LAYOUT_TITLES = {"3x4+1": "3×4 + II", "3x4": "3×4", "6x2": "6×2", "12x1": "12×1", "cabrera": "Cabrera", "holter": "Holter"}


def _named(names: Mapping[str, object], key: str) -> str:
    """In the user's language; what is not known stands as it is."""
    return _tr(str(names[key])) if key in names else key


def rhythm(label: str) -> str:
    return _named(RHYTHMS, label)


def beat_class(label: str) -> str:
    return _named(BEATS, label)


def measure(name: str) -> str:
    return _named(MEASURES, name)


def episode(one: Episode) -> str:
    return f"{rhythm_short(one.label)} · {rhythm(one.label)} {probability_words(one.probability)}"


def rhythm_short(label: str) -> str:
    return "AF" if label == "A" else label


def reading(percent: int) -> str:
    return _tr("reading {n} %").format(n=percent)


def no_beats() -> str:
    return _tr("Beats are not marked yet: Ctrl+Return asks the networks.")


def approximate(value: str) -> str:
    return _tr("approx. {value}").format(value=value)


def probe(lead: str, time_s: float, value: float, unit: str) -> str:
    """What is under the pointer."""
    said = _tr("gap") if value != value else f"{value:.3f} {unit}" if unit else approximate(f"{value:.3f} mV")
    return f"{lead} · {time_s:.3f} s · {said.replace('-', '−')}"


def layout_title(layout: str) -> str:
    return _tr("stacked") if layout == "stacked" else LAYOUT_TITLES[layout]


def filter_title(filters: Filters) -> str:
    """For a button: "unfiltered", "0.5–40 Hz, mains 50 Hz"."""
    if filters.none:
        return _tr("unfiltered")
    return filter_words(filters).removeprefix(_tr("shown {filters}").replace("{filters}", "")).strip()


def event_time(record: EcgRecord | None, seconds: float) -> str:
    """A time in the list: by the clock where the page tells the clock (a minute and more, with a start), else as `moment`."""
    if record is None or not record.start or record.seconds < 60:
        return moment(seconds)
    hour, minute, second = (float(part) for part in record.start[11:19].split(":"))
    tenths = round((hour * 3600 + minute * 60 + second + seconds) * 10)
    minutes, rest = divmod(tenths, 600)
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}:{rest / 10:04.1f}"


def tachogram_title() -> str:
    return _tr("RR intervals")


def value(one: Measurement) -> str:
    """A number with its unit; as many digits as it deserves."""
    if one.unit == "s":
        return length_words(one.value)
    digits = 0 if abs(one.value) >= 100 or one.unit in ("ms", "°", "/min") else 2 if one.unit in ("mV", "") else 1
    number_ = f"{round(one.value, digits) + 0.0:.{digits}f}".replace("-", "−")
    return f"{number_}°" if one.unit in ("°", "deg") else f"{number_} {one.unit}".strip()


def automatic_title() -> str:
    return _tr("Automatic")


def networks_title() -> str:
    return _tr("Networks say")


def device_title() -> str:
    return _tr("From the device")


def finding_line(label: str, probability: float, decision: Decision) -> str:
    """ "V 0.91", "A 0.97, accepted by who"."""
    line = f"{label} {probability_words(probability)}"
    return _tr("{line}, accepted by {who}").format(line=line, who=decision.who) if decision.state == "accepted" else line


def to_scale() -> str:
    return _tr("to scale")


def per_cm(value: float, unit: str) -> str:
    """The scale of a lead that is no voltage: it does not follow the gain."""
    return f"10 mm = {value:g} {unit}"


def raised(value: float, unit: str) -> str:
    """Which value lies on the line of a lead that would else lie in another row."""
    said = f"{value:+.3g} {unit or 'mV'}".replace("-", "−")
    return _tr("line at {value}").format(value=said if unit else approximate(said))


def members_hint() -> str:
    return _tr("Mean beat of each class and how many belong to it; a click lists them.")
