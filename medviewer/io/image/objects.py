"""What a network marks on an image as DICOM objects that refer to it: a Segmentation (PS3.3 A.51) and a Grayscale Softcopy
Presentation State (PS3.3 A.33.1), both by highdicom. Each is read back and compared before it counts."""

import io
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer import __version__
from medviewer.core.errors import MedviewerError
from medviewer.core.finding import Attribution
from medviewer.core.grey import VoiTransform
from medviewer.core.heat import on_image, outlines
from medviewer.core.image import ImageSeries

NOTICE = "Research use only - not for diagnosis"
PRIVATE = "99MEDVIEWER"
OUTLINE_PIXELS = 512
"""An outline is followed on a grid of at most so many steps a side: heat is coarse, and a polyline holds 8,191 points."""
MOST_POINTS = 4000
TYPE_2 = ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "AccessionNumber", "StudyID", "StudyDate", "StudyTime")


@dataclass(frozen=True, slots=True)
class Marked:
    """What is said of one displayed frame `k`: the network with version and hash, the label that the heat is for, sentences for
    the reader, the heat (None without) with its cutoff, and the boxes of findings (row0, column0, row1, column1)."""

    k: int
    model: str
    version: str
    sha256: str
    label: str
    sentences: tuple[str, ...]
    heat: Attribution | None
    cutoff: float
    boxes: tuple[tuple[float, float, float, float], ...] = ()


def segmentation(series: ImageSeries, marked: Marked) -> bytes:
    """One binary segment: the pixels whose heat reaches the cutoff. Raises `heat-none`, `format-not-available`,
    `output-differs`."""
    frame = series.frames[marked.k]
    heat = marked.heat
    mask = None if heat is None or heat.empty else on_image(heat, (frame.rows, frame.columns)) >= marked.cutoff
    if mask is None or not mask.any():
        raise MedviewerError("heat-none", frame.path, model=marked.model)
    ds = _built("SEG", series, marked, lambda source: _segmentation(source, mask, frame.index, marked))

    def same(read: Any) -> bool:
        pixels = np.asarray(read.pixel_array).reshape(-1, frame.rows, frame.columns)
        return len(pixels) == 1 and bool(np.array_equal(pixels[0].astype(bool), mask))

    return _read_back(ds, frame.path, same)


def presentation_state(series: ImageSeries, marked: Marked, voi: VoiTransform) -> bytes:
    """The window `voi`, outlines of the heat at its cutoff, boxes and sentences over the image. Raises `format-not-available`,
    `output-differs`."""
    frame = series.frames[marked.k]
    lines = [*_outlines(marked, (frame.rows, frame.columns)), *(_box(box) for box in marked.boxes)]
    ds = _built("GSPS", series, marked, lambda source: _presentation(source, lines, series, marked, voi))

    def same(read: Any) -> bool:
        told = [one for part in read.GraphicAnnotationSequence for one in part.get("GraphicObjectSequence", [])]
        drawn = [np.asarray(one.GraphicData, np.float32).reshape(-1, 2) for one in told]
        equal: bool = len(drawn) == len(lines) and all(np.array_equal(a, b) for a, b in zip(drawn, lines, strict=True))
        window = read.SoftcopyVOILUTSequence[0]
        if voi.function != "LUT":
            stated = (float(window.WindowCenter), float(window.WindowWidth))
            equal = equal and bool(np.allclose(stated, (voi.center, voi.width)))
        image = read.ReferencedSeriesSequence[0].ReferencedImageSequence[0]
        return equal and bool(image.ReferencedSOPInstanceUID == frame.sop_uid)

    return _read_back(ds, frame.path, same)


def _built(name: str, series: ImageSeries, marked: Marked, make: Callable[[Any], Any]) -> Any:
    """The object, from a copy of the image's header in which what every DICOM image must state is at least empty."""
    import pydicom
    from pydicom.errors import InvalidDicomError

    frame = series.frames[marked.k]
    if not series.has_identity:
        raise MedviewerError("format-not-available", frame.path, format=name)
    quiet = logging.getLogger("highdicom")
    quiet.addHandler(logging.NullHandler())
    quiet.propagate = False
    try:
        source = pydicom.dcmread(frame.path, stop_before_pixels=True)
        source.remove_private_tags()
        source.decode()
        source.SpecificCharacterSet = "ISO_IR 192"
        for keyword in TYPE_2:
            if source.get(keyword) is None:
                setattr(source, keyword, "")
        source.PatientName = series.patient.name
        if source.PatientSex not in ("M", "F", "O"):
            source.PatientSex = ""
        if not re.fullmatch(r"\d{3}[DWMY]", str(source.get("PatientAge", "000Y"))):
            del source.PatientAge
        made = make(source)
        # Type 2C that highdicom leaves out; whether the body part is one of a pair is not known here.
        keyword = "Laterality" if name == "GSPS" else "PatientOrientation"
        setattr(made, keyword, source.get(keyword) or "")
        return made
    except (InvalidDicomError, AttributeError, KeyError, TypeError, ValueError, LookupError, OSError) as error:
        raise MedviewerError("format-not-available", frame.path, format=name) from error


def _about(number: int) -> dict[str, Any]:
    from pydicom.uid import generate_uid

    return {
        "series_instance_uid": generate_uid(prefix=None),
        "series_number": number,
        "sop_instance_uid": generate_uid(prefix=None),
        "instance_number": 1,
        "manufacturer": "medviewer",
        "manufacturer_model_name": "medviewer",
        "software_versions": __version__,
        "device_serial_number": "0",
        "content_description": NOTICE,
        "transfer_syntax_uid": "1.2.840.10008.1.2.1",
    }


def _segmentation(source: Any, mask: NDArray[np.bool_], index: int, marked: Marked) -> Any:
    from highdicom import AlgorithmIdentificationSequence
    from highdicom.seg import Segmentation, SegmentDescription
    from highdicom.sr import CodedConcept
    from pydicom.sr.codedict import codes

    several = int(source.get("NumberOfFrames", 1) or 1)
    pixels = np.zeros((several, *mask.shape), bool)
    pixels[index] = mask
    segment = SegmentDescription(
        segment_number=1,
        segment_label=f"{marked.label}: heat from {marked.cutoff:g}"[:64],
        segmented_property_category=CodedConcept("309825002", "SCT", "Spatial and Relational Concept"),
        segmented_property_type=CodedConcept("HEAT", PRIVATE, "Where a network looked for its score"),
        algorithm_type="AUTOMATIC",
        algorithm_identification=AlgorithmIdentificationSequence(
            marked.model, codes.DCM.ArtificialIntelligence, marked.version, source="medviewer"
        ),
    )
    made = Segmentation(
        source_images=[source],
        pixel_array=pixels,
        segmentation_type="BINARY",
        segment_descriptions=[segment],
        content_label="HEAT",
        series_description=f"Heat of {marked.model}, research use only"[:64],
        omit_empty_frames=True,
        **_about(9003),
    )
    made.CodingSchemeIdentificationSequence = [_scheme()]
    made.SegmentSequence[0].SegmentDescription = "\n".join((*marked.sentences, NOTICE))[:1024]
    return made


def _scheme() -> Any:
    """Whose codes `PRIVATE` are (PS3.3 C.12.1)."""
    from pydicom.dataset import Dataset

    one = Dataset()
    one.CodingSchemeDesignator, one.CodingSchemeName = PRIVATE, "medviewer's own codes"
    return one


def _presentation(
    source: Any, lines: Sequence[NDArray[np.float32]], series: ImageSeries, marked: Marked, voi: VoiTransform
) -> Any:
    from highdicom import PresentationLUTTransformation
    from highdicom.pr import (
        GraphicAnnotation,
        GraphicLayer,
        GraphicObject,
        GrayscaleSoftcopyPresentationState,
        SoftcopyVOILUTTransformation,
        TextObject,
    )

    layer, frame = GraphicLayer("MEDVIEWER", 1, NOTICE), series.frames[marked.k]
    words = "\r\n".join((*marked.sentences, NOTICE))[:1024]
    annotation = GraphicAnnotation(
        referenced_images=[source],
        graphic_layer=layer,
        referenced_frame_number=_number(source, frame.index),
        graphic_objects=[GraphicObject("POLYLINE", line, "PIXEL") for line in lines] or None,
        text_objects=[TextObject(words, "DISPLAY", bounding_box=(0.02, 0.02, 0.6, 0.2), text_justification="LEFT")],
    )
    window = None
    if voi.function != "LUT":
        window = [SoftcopyVOILUTTransformation(_ds(voi.center), _ds(voi.width), voi_lut_function=voi.function)]
    return GrayscaleSoftcopyPresentationState(
        referenced_images=[source],
        content_label="MEDVIEWER",
        graphic_layers=[layer],
        graphic_annotations=[annotation],
        voi_lut_transformations=window,
        # A presentation state ignores the photometric interpretation: MONOCHROME1 has to say INVERSE (PS3.3 C.11.6.1.2).
        presentation_lut_transformation=PresentationLUTTransformation("INVERSE" if frame.inverted else "IDENTITY"),
        series_description=f"Marks of {marked.model}, research use only"[:64],
        **_about(9004),
    )


def _number(source: Any, index: int) -> int | None:
    """The frame's number in its file from 1, None for a file of one."""
    return index + 1 if int(source.get("NumberOfFrames", 1) or 1) > 1 else None


def _ds(value: float) -> float:
    """A number that 16 characters hold (VR DS)."""
    return float(f"{value:.10g}")


def _outlines(marked: Marked, shape: tuple[int, int]) -> list[NDArray[np.float32]]:
    """Polylines [n, 2] of (column, row), 0 at the outer corner of the first pixel (PS3.3 C.10.5.1.2)."""
    if marked.heat is None or marked.heat.empty:
        return []
    step = max(1, -(-max(shape) // OUTLINE_PIXELS))
    found = []
    for line in outlines(on_image(marked.heat, shape, step) >= marked.cutoff):
        points = np.minimum(line * step, np.array(shape))[:, ::-1].astype(np.float32)
        found += [points[a : a + MOST_POINTS + 1] for a in range(0, len(points) - 1, MOST_POINTS)]
    return found


def _box(box: tuple[float, float, float, float]) -> NDArray[np.float32]:
    r0, c0, r1, c1 = (value + 0.5 for value in box)
    return np.array([[c0, r0], [c1, r0], [c1, r1], [c0, r1], [c0, r0]], np.float32)


def _read_back(ds: Any, path: str, same: Callable[[Any], bool]) -> bytes:
    import pydicom

    memory = io.BytesIO()
    ds.save_as(memory, enforce_file_format=True)
    raw = memory.getvalue()
    if not same(pydicom.dcmread(io.BytesIO(raw))):
        raise MedviewerError("output-differs", path)
    return raw
