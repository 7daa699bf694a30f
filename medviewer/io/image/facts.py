"""What one file's header says, by DICOM keyword: text and numbers, and what was guessed on the way."""

from medviewer.io import tags, values
from medviewer.io.header import Header, RawElements

TEXT = {
    "SOPInstanceUID": tags.SOP_UID, "SOPClassUID": tags.SOP_CLASS, "StudyDate": tags.STUDY_DATE, "StudyTime": tags.STUDY_TIME,
    "AccessionNumber": tags.ACCESSION, "Modality": tags.MODALITY, "StudyDescription": tags.STUDY_DESCRIPTION,
    "SeriesDescription": tags.SERIES_DESCRIPTION, "PatientName": tags.PATIENT_NAME, "PatientID": tags.PATIENT_ID,
    "PatientBirthDate": tags.BIRTH_DATE, "PatientSex": tags.SEX, "BodyPartExamined": tags.BODY_PART,
    "ViewPosition": tags.VIEW_POSITION, "StudyInstanceUID": tags.STUDY_UID, "SeriesInstanceUID": tags.SERIES_UID,
    "FrameOfReferenceUID": tags.FRAME_OF_REFERENCE, "Laterality": tags.LATERALITY, "ImageLaterality": tags.IMAGE_LATERALITY,
    "PhotometricInterpretation": tags.PHOTOMETRIC, "RescaleType": tags.RESCALE_TYPE, "VOILUTFunction": tags.FUNCTION,
    "LossyImageCompression": tags.LOSSY, "LossyImageCompressionMethod": tags.LOSSY_METHOD, "ImageType": tags.IMAGE_TYPE,
    "WindowCenterWidthExplanation": tags.EXPLANATION, "PatientOrientation": tags.PATIENT_ORIENTATION,
    "PresentationLUTShape": tags.PRESENTATION_SHAPE,
}  # fmt: skip
NUMBERS = {
    "SeriesNumber": tags.SERIES_NUMBER, "AcquisitionNumber": tags.ACQUISITION_NUMBER, "InstanceNumber": tags.INSTANCE_NUMBER,
    "ImagePositionPatient": tags.POSITION, "ImageOrientationPatient": tags.ORIENTATION, "PixelSpacing": tags.PIXEL_SPACING,
    "PixelAspectRatio": tags.PIXEL_ASPECT, "WindowCenter": tags.CENTER, "WindowWidth": tags.WIDTH,
    "RescaleIntercept": tags.INTERCEPT, "RescaleSlope": tags.SLOPE, "NumberOfFrames": tags.FRAMES,
    "EchoNumbers": tags.ECHO_NUMBERS, "SpacingBetweenSlices": tags.SPACING_BETWEEN_SLICES,
    "EstimatedRadiographicMagnificationFactor": tags.MAGNIFICATION, "ImagerPixelSpacing": tags.IMAGER_SPACING,
    "NominalScannedPixelSpacing": tags.NOMINAL_SPACING, "TemporalPositionIdentifier": tags.TEMPORAL_POSITION,
    "LossyImageCompressionRatio": tags.LOSSY_RATIO, "GridFrameOffsetVector": tags.GRID_OFFSETS,
    "TriggerTime": tags.TRIGGER_TIME, "EchoTime": tags.ECHO_TIME, "FrameTime": tags.FRAME_TIME,
    "CineRate": tags.CINE_RATE, "RecommendedDisplayFrameRate": tags.RECOMMENDED_RATE,
}  # fmt: skip
SHORTS = {
    "SamplesPerPixel": tags.SAMPLES, "Rows": tags.ROWS, "Columns": tags.COLUMNS, "BitsAllocated": tags.BITS_ALLOCATED,
    "BitsStored": tags.BITS_STORED, "HighBit": tags.HIGH_BIT, "PixelRepresentation": tags.PIXEL_REPRESENTATION,
}  # fmt: skip


class Facts:
    """A header's elements by DICOM keyword, as text and numbers; what was guessed on the way is in `notes`."""

    __slots__ = ("_raw", "header", "notes", "path")

    def __init__(self, header: Header) -> None:
        self.header = header
        self.path = header.path
        self._raw = header.elements
        self.notes: tuple[str, ...] = () if header.preamble else ("no-file-header",)

    def has(self, keyword: str) -> bool:
        """Whether the file states it."""
        return (TEXT.get(keyword) or NUMBERS.get(keyword) or SHORTS[keyword]) in self._raw

    def text(self, keyword: str) -> str:
        """The value as text, "" without."""
        raw = self._raw.get(TEXT[keyword])
        if not raw:
            return ""
        text, guessed = values.decode(raw, self._raw.get(tags.CHARSET, b""), keyword == "PatientName")
        if guessed and guessed not in self.notes:
            self.notes += (guessed,)
        return text

    def floats(self, keyword: str) -> tuple[float, ...]:
        """All values as numbers; () if one is no finite number (TF-08)."""
        raw = self._raw.get(NUMBERS[keyword])
        return values.decimals(raw) if raw else ()

    def number(self, keyword: str, default: float | None = None) -> float | None:
        """The first number of a value, `default` for none and for what is no number."""
        value = values.decimal(self._raw.get(NUMBERS[keyword]))
        return default if value is None else value

    def whole(self, keyword: str, default: int = 0) -> int:
        """As `number`, whole."""
        if keyword in SHORTS:
            return values.short(self._raw.get(SHORTS[keyword]), default)
        value = self.number(keyword)
        return default if value is None else int(value)

    def raw(self, tag: int) -> bytes:
        """Value bytes of a tag, b"" without."""
        return self._raw.get(tag, b"")


def own_values(group: RawElements) -> dict[str, tuple[float, ...]]:
    """Position, orientation, spacing, rescale and window of one frame of an enhanced object (GE-03, PX-10)."""
    wanted = ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "RescaleSlope", "RescaleIntercept")
    keywords = (*wanted, "WindowCenter", "WindowWidth")
    return {word: values.decimals(group[NUMBERS[word]]) for word in keywords if group.get(NUMBERS[word])}
