"""The sample patients: a child with a real radiograph, an adult with phantoms of CT, film and ECG; nothing is downloaded."""

import json
from pathlib import Path

from medviewer.core.phantom_ecg import BeatKind
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
    """Write the sample patients' files under `folder` (about 10 MB) and return one folder for each patient.

    What is there already is kept: the files are the same at each writing.
    """
    child, adult = folder / "child", folder / "adult"
    if not (child / "chest.dcm").is_file():
        _write_child(child)
    if not (adult / "ct-064.dcm").is_file():
        _write_adult(adult)
    if not (adult / "radiograph.dcm").is_file():
        _write_radiograph(adult)
    _write_notes(adult)
    if not (adult / "ecg-2min.hea").is_file():
        _write_ecgs(adult)
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


def _write_radiograph(folder: Path) -> None:
    """The same phantom on a finer grid, projected."""
    import numpy as np

    from medviewer.core.phantom import chest, projected
    from medviewer.io.image.compose import write_radiograph

    attenuation = projected(chest((220, 72, 380), (0.9, 3.2, 0.9)), 3.2)
    pixels = np.clip(np.rint(attenuation / 8.0 * 4095), 0, 4095).astype(np.uint16)
    tags = _ADULT | {
        "StudyInstanceUID": "2.25.118740193857610293847561029384756102939",
        "StudyTime": "141500",
        "StudyDescription": "Sample chest radiograph",
        "SeriesDescription": "Chest phantom PA",
        "ViewPosition": "PA",
        "PatientOrientation": ["L", "F"],
        "ImagerPixelSpacing": [0.9, 0.9],
        "ImageComments": "Projected from a phantom by the program; no person.",
    }
    write_radiograph(folder / "radiograph.dcm", pixels, tags, stored=12)


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


_ECG = {
    "StudyInstanceUID": "2.25.208461937500182736450918273645546372819",
    "StudyDate": "20260902",
    "StudyTime": "151500",
    "StudyDescription": "Sample ECG from a dynamical model",
    "SeriesDescription": "12 leads, 10 s",
    "AcquisitionDateTime": "20260902151500",
}
TEN_SECONDS: dict[int, BeatKind] = {4: "V", 8: "S"}
"""Beat number → ectopic beat of the ten seconds of twelve leads."""
TWO_MINUTES: dict[int, BeatKind] = {9: "S", 14: "V", 22: "V", 29: "S", 37: "V", 46: "S", 53: "V"}
FIBRILLATION_S = (60.0, 100.0)


def _write_ecgs(folder: Path) -> None:
    """Ten seconds of twelve leads (DICOM, 500 Hz); two minutes of II and V1 (WFDB, 250 Hz) with fibrillation in them."""
    from medviewer.core.phantom_ecg import dipole, rhythm, seen
    from medviewer.io.ecg.compose import write_twelve_leads
    from medviewer.io.ecg.leads import held_record
    from medviewer.io.ecg.write import write

    who = {name: value for name, value in _ADULT.items() if name.startswith("Patient")}
    turning = dipole(rhythm(10, TEN_SECONDS), 10, 500)
    write_twelve_leads(folder / "ecg.dcm", seen(turning), 500, who | _ECG)
    beats = rhythm(120, TWO_MINUTES, FIBRILLATION_S)
    leads = seen(dipole(beats, 120, 250, FIBRILLATION_S), ("II", "V1"))
    channels = [(name, 250.0, signal, 0.0025) for name, signal in leads.items()]
    write(held_record("", "wfdb", "ecg-2min", channels, start="2026-09-02T15:20:00"), folder, "ecg-2min", "wfdb")
    day = str(_ADULT["PatientBirthDate"])
    said = {
        "age": "62", "sex": _ADULT["PatientSex"], "patient id": _ADULT["PatientID"],
        "patient name": _ADULT["PatientName"], "birth date": f"{day[:4]}-{day[4:6]}-{day[6:]}",
    }  # fmt: skip
    header = folder / "ecg-2min.hea"
    header.write_text(header.read_text("utf-8") + "".join(f"#<{k}>: {v}\n" for k, v in said.items()), "utf-8")
