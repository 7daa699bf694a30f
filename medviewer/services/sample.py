"""The sample patients: a child with a real radiograph, an adult with a CT phantom; made here, nothing is downloaded."""

import json
from pathlib import Path

from medviewer.store.assets import asset

_CHILD = {
    "PatientName": "Sample^Child",
    "PatientID": "SAMPLE-1",
    "PatientBirthDate": "20220310",
    "PatientSex": "O",
    "PatientAge": "004Y",
    "StudyInstanceUID": "2.25.302193468520194857261039485761029384751",
    "StudyID": "1",
    "StudyDate": "20260714",
    "StudyTime": "091500",
    "StudyDescription": "Sample chest radiograph",
    "SeriesDescription": "Chest AP",
    "SeriesNumber": 1,
    "BodyPartExamined": "CHEST",
    "ViewPosition": "AP",
}
_ADULT = {
    "PatientName": "Sample^Adult=样本^成人",
    "PatientID": "SAMPLE-2",
    "PatientBirthDate": "19640502",
    "PatientSex": "F",
    "PatientAge": "062Y",
    "StudyInstanceUID": "2.25.118740193857610293847561029384756102938",
    "StudyID": "1",
    "StudyDate": "20260902",
    "StudyTime": "143000",
    "StudyDescription": "Sample chest phantom",
    "SeriesDescription": "Chest phantom 3 mm",
    "SeriesNumber": 1,
    "BodyPartExamined": "CHEST",
}


_NOTES = (
    ("note-en", "adult-note.en.txt", "2026-09-02T16:10:00", "Outpatient note", "Sample Clinic", "en"),
    ("note-zh", "adult-note.zh.txt", "2026-09-02T16:40:00", "门诊记录", "样本门诊", "zh-CN"),
)
"""File, text, date, title, author, language. The English one denies the premature beats that the ECG has; all else agrees."""


def sample_paths(folder: Path) -> list[Path]:
    """Write the sample patients' files under `folder` (about 9 MB) and return one folder for each patient.

    What is there already is kept: the files are the same at each writing.
    """
    child, adult = folder / "child", folder / "adult"
    if not (child / "chest.dcm").is_file():
        _write_child(child)
    if not (adult / "ct-064.dcm").is_file():
        _write_adult(adult)
    _write_notes(adult)
    return [child, adult]


def _write_child(folder: Path) -> None:
    from medviewer.io.image.compose import write_jpeg_radiograph

    source = json.loads(asset("sample/child.json").read_text("utf-8"))
    jpeg = asset("sample/child.jpg").read_bytes()
    tags = _CHILD | {"ImageComments": source["credit"]}
    write_jpeg_radiograph(folder / "chest.dcm", jpeg, (source["rows"], source["columns"]), tags)


def _write_adult(folder: Path) -> None:
    from medviewer.core.phantom import chest
    from medviewer.io.image.compose import write_ct

    shape, spacing = (64, 256, 256), (3.0, 1.4, 1.4)
    z, y, x = (-(n - 1) / 2 * mm for n, mm in zip(shape, spacing, strict=True))
    write_ct(folder, chest(shape, spacing), spacing, (x, y, z), _ADULT)


def _write_notes(folder: Path) -> None:
    from medviewer.core.identity import Patient
    from medviewer.io.note.compose import write_fhir

    born = str(_ADULT["PatientBirthDate"])
    who = Patient(
        str(_ADULT["PatientID"]), str(_ADULT["PatientName"]), f"{born[:4]}-{born[4:6]}-{born[6:]}", str(_ADULT["PatientSex"])
    )
    for name, source, date, title, author, language in _NOTES:
        path = folder / f"{name}.json"
        if not path.is_file():
            text = asset(f"sample/{source}").read_text("utf-8")
            write_fhir(path, text, who, date=date, title=title, author=author, language=language)
