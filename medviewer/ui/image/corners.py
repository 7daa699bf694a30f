"""The words in a pane's corners, over the image and never over its middle."""

from dataclasses import dataclass

from medviewer.core.finding import Attribution, probability_words
from medviewer.core.image import ImageSeries
from medviewer.core.view import ImageView, Picture
from medviewer.ui.headless import translated
from medviewer.ui.identity import born, identity_line, name_of


def _tr(text: str) -> str:
    return translated("corners", text)


@dataclass(frozen=True, slots=True)
class Corners:
    """Lines of the four corners, badges that ask for attention, and the line about the overlay ("" without)."""

    top_left: tuple[str, ...]
    top_right: tuple[str, ...]
    bottom_left: tuple[str, ...]
    badges: tuple[str, ...]
    overlay: str = ""


def corners(series: ImageSeries, view: ImageView, picture: Picture, attribution: Attribution | None, window: str) -> Corners:
    """What each corner says; `window` is the line about the grey window that is really drawn."""
    count = len(series.frames)
    visit = " ".join(part for part in (series.study.date, series.study.time[:5]) if part)
    title = " ".join(part for part in (series.modality, series.description) if part) or _tr("Picture")
    image = _tr("image {k} / {n}").format(k=picture.frame + 1, n=count)
    if not series.complete:
        image = _tr("image {k} of {n} so far").format(k=picture.frame + 1, n=count)
    top_left = [name_of(series.patient)]
    if view.text == "all":
        top_left += [line for line in (identity_line(series), born(series.patient)) if line]
    elif series.patient.id:
        top_left.append(series.patient.id)
    top_right = [title, visit] if view.text == "all" else [visit]
    if count > 1 or not series.complete:
        top_right.append(image)
    bottom_left = [window, _zoom_line(series, picture)] if view.text == "all" else []
    place = _place(series, picture)
    if place and view.text == "all":
        bottom_left.append(place)
    about = ""
    if attribution is not None and view.overlay:
        rows, columns = (round(v) for v in attribution.cell)
        cell = _tr("cell {rows} × {columns} px").format(rows=rows, columns=columns)
        likely = "" if attribution.probability is None else f" {probability_words(attribution.probability)}"
        about = f"{attribution.model}: {attribution.target}{likely} · {attribution.method} · {cell} · G"
    return Corners(tuple(top_left), tuple(t for t in top_right if t), tuple(b for b in bottom_left if b), badges(series), about)


def badges(series: ImageSeries) -> tuple[str, ...]:
    found = [_tr("lossy {how}").format(how=series.lossy)] if series.lossy else []
    if not series.has_identity:
        found.append(_tr("no geometry, no identity"))
    elif series.geometry is None:
        if not series.frames[0].regions:
            found.append(_tr("no geometry"))
    elif not series.geometry.regular:
        found.append(
            _tr("gantry tilt {n}°").format(n=f"{series.geometry.tilt_degrees:.1f}")
            if series.geometry.tilt_degrees
            else _tr("uneven slices")
        )
    return tuple(found)


def _zoom_line(series: ImageSeries, picture: Picture) -> str:
    zoom = _tr("zoom {n} %").format(n=round(picture.zoom * 100))
    if series.geometry is None:
        return zoom
    spacing = f"{series.geometry.spacing[1]:.3g} mm"
    return f"{zoom} · {spacing}{spacing_words(series.geometry.spacing_source)}"


def spacing_words(source: str) -> str:
    """What stands behind a length whose millimetres are not simply those of the body (GE-13, GE-14); "" for other sources."""
    return {
        "imager-pixel-spacing": _tr(" at the detector"),
        "imager-pixel-spacing-magnification": _tr(" magnification-corrected"),
        "pixel-spacing-calibrated": _tr(" calibrated"),
        "nominal-scanned-pixel-spacing": _tr(" on the scanned film"),
    }.get(source, "")


def _place(series: ImageSeries, picture: Picture) -> str:
    position = series.frames[picture.frame].position
    geometry = series.geometry
    if position is None or geometry is None or geometry.normal is None or len(series.frames) < 2:
        return ""
    along = sum(position[i] * geometry.normal[i] for i in range(3))
    step = f" · {geometry.spacing[2]:.3g} mm" if geometry.spacing[2] else ""
    return _tr("place {n} mm").format(n=f"{along:.1f}") + step


def why_no_heat(view: ImageView, heat: Attribution) -> str:
    """Why nothing is coloured: no region supports the score (XP-01), or the map failed its own check; "" where it is drawn."""
    if heat.empty:
        return _tr("No region of the image supports the score.")
    if heat.self_check is not None and not heat.self_check.passed and not view.show_anyway:
        return _tr(
            "Covering the marked area changes the answer no more than covering any other "
            "({deletion} against {random}). No heat is drawn."
        ).format(deletion=f"{heat.self_check.deletion:.2f}", random=f"{heat.self_check.random:.2f}")
    return ""
