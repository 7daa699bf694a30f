"""A new DICOM 12-lead ECG from numbers: the sample patient's. Nothing here changes a file that exists. PS3.3 A.34.3, C.10.9."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, TwelveLeadECGWaveformStorage, generate_uid

STEP_UV = 2.5
"""One ADC step."""
_CODES = {
    "I": "2:1", "II": "2:2", "III": "2:61", "aVR": "2:62", "aVL": "2:63", "aVF": "2:64",
    **{f"V{k}": f"2:{k + 2}" for k in range(1, 7)},
}  # fmt: skip
"""ISO 11073 (MDC) codes of the leads, PS3.16 CID 3001."""


def write_twelve_leads(path: Path, leads: Mapping[str, NDArray[np.float64]], rate: float, tags: Mapping[str, Any]) -> Path:
    """One rhythm group of `leads` (mV) at `rate` Hz, 16 bits. UIDs derive from StudyInstanceUID, so that
    writing twice gives the same file."""
    study = str(tags["StudyInstanceUID"])
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = TwelveLeadECGWaveformStorage
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[study, "ecg"])
    ds.SpecificCharacterSet = "ISO_IR 192"
    for keyword in ("AccessionNumber", "ReferringPhysicianName", "StudyID", "Manufacturer"):
        setattr(ds, keyword, "")  # type 2: they must stand there, also empty (PS3.3)
    for keyword, value in tags.items():
        setattr(ds, keyword, value)
    ds.SeriesInstanceUID = generate_uid(entropy_srcs=[study, "ecg series"])
    ds.Modality, ds.InstanceNumber, ds.SeriesNumber = "ECG", 1, tags.get("SeriesNumber")
    ds.ContentDate, ds.ContentTime = tags.get("StudyDate", "19000101"), tags.get("StudyTime", "000000")
    ds.AcquisitionContextSequence = []
    names = list(leads)
    stored = np.stack([np.rint(leads[name] * 1000 / STEP_UV) for name in names], 1).clip(-32767, 32767).astype("<i2")
    group = Dataset()
    group.MultiplexGroupLabel, group.WaveformOriginality = "RHYTHM", "ORIGINAL"
    group.NumberOfWaveformChannels, group.NumberOfWaveformSamples = len(names), len(stored)
    group.SamplingFrequency = f"{rate:g}"
    group.ChannelDefinitionSequence = [_channel(name) for name in names]
    group.WaveformBitsAllocated, group.WaveformSampleInterpretation = 16, "SS"
    group.add_new("WaveformPaddingValue", "OW", np.array([-32768], "<i2").tobytes())
    group.add_new("WaveformData", "OW", stored.tobytes())
    ds.WaveformSequence = [group]
    path.parent.mkdir(parents=True, exist_ok=True)
    ds.save_as(path, enforce_file_format=True)
    return path


def _channel(name: str) -> Dataset:
    channel = Dataset()
    channel.ChannelSourceSequence = [_coded(_CODES[name], "MDC", f"Lead {name}")]
    channel.ChannelSensitivity, channel.ChannelSensitivityCorrectionFactor = f"{STEP_UV:g}", "1"
    channel.ChannelSensitivityUnitsSequence = [_coded("uV", "UCUM", "microvolt")]
    channel.ChannelBaseline, channel.WaveformBitsStored = "0", 16
    return channel


def _coded(value: str, scheme: str, meaning: str) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, scheme, meaning
    return code
