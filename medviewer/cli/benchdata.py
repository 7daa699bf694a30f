"""The folders that the benches read: made by the program, or given with --data."""

from collections.abc import Callable
from pathlib import Path

SLICES, SIZE = 500, 512
RADIOGRAPHS = 48
RECORDS = {"day": (86400.0, 12), "half-hour": (1800.0, 2), "ten-seconds": (10.0, 12)}
"""Seconds and leads of the ECGs that are made."""
TAGS = {
    "PatientName": "Bench^Phantom",
    "PatientID": "BENCH",
    "StudyDate": "20260101",
    "StudyTime": "080000",
    "StudyDescription": "bench",
    "SeriesDescription": "bench",
    "BodyPartExamined": "CHEST",
}


def make_data(kinds: set[str], folder: Path, given: str | None, show: Callable[[int, int], None]) -> dict[str, str]:
    """The folder of each kind of data that is asked for; `given` stands in for the slices, and for what is made of them."""
    slices = Path(given) if given else folder / "slices"
    made = {"none": "", "slices": str(slices)}
    compressed = kinds & {"jpeg-ls", "jpeg-2000"}
    if (compressed or "slices" in kinds) and not given:
        show(0, 4)
        make_slices(slices, SLICES, SIZE)
    for done, kind in enumerate(sorted(compressed), start=1):
        show(done, 4)
        from medviewer.io.image.compose import compress

        compress(slices, folder / kind, kind)
        made[kind] = str(folder / kind)
    if "headers" in kinds:
        make_slices(folder / "headers", 1000, 64)
        made["headers"] = str(folder / "headers")
    if "radiographs" in kinds:
        show(3, 4)
        make_radiographs(folder / "radiographs", RADIOGRAPHS)
        made["radiographs"] = str(folder / "radiographs")
    for name, (seconds, leads) in RECORDS.items():
        if name in kinds:
            make_record(folder / name, seconds, leads)
            made[name] = str(folder / name)
    return made


def make_record(folder: Path, seconds: float, leads: int) -> None:
    """A WFDB record (format 16, 500 Hz): five minutes of the ECG model again and again, with a wandering baseline and noise."""
    import numpy as np

    from medviewer.core.phantom_ecg import LEADS, dipole, rhythm, seen
    from medviewer.io.ecg.write import write_tiled

    rate, names = 500.0, LEADS[:leads] if leads > 2 else ("II", "V1")
    part = min(seconds, 300.0)
    beats = rhythm(part, {n: "V" if n % 3 else "S" for n in range(9, 400, 23)})
    traces = seen(dipole(beats, part, rate), names)
    write_tiled(folder, "bench", {name: np.asarray(traces[name]) for name in names}, rate, round(seconds * rate))


def make_slices(folder: Path, slices: int, size: int) -> None:
    """An uncompressed CT series of the chest phantom with `slices` images of `size`×`size`."""
    import numpy as np

    from medviewer.core.phantom import chest
    from medviewer.io.image.compose import write_ct

    coarse = chest((20, 64, 64), (9.0, 5.6, 5.6))
    k = np.arange(slices) * len(coarse) // slices
    hu = np.repeat(np.repeat(coarse, size // 64, axis=1), size // 64, axis=2)
    tags = TAGS | {"StudyInstanceUID": f"2.25.77{slices}{size}"}
    noise = np.random.default_rng(3).integers(-24, 25, hu.shape[1:], dtype=np.int16)
    for start in range(0, slices, 50):
        chosen = hu[k[start : start + 50]]
        if size > 64:  # a decoder must have something to decode: a smooth picture packs and unpacks at once
            chosen = chosen + np.stack([np.roll(noise, 37 * (start + i)) for i in range(len(chosen))])
        write_ct(folder, chosen, (0.625, 0.7, 0.7), (-180.0, -180.0, -150.0 + start * 0.625), tags, first=start)


def make_radiographs(folder: Path, count: int) -> None:
    """`count` chest radiographs of the size of the acceptance files: the sample child's, each a little darker and noisier."""
    import numpy as np

    from medviewer.io.image.compose import write_radiograph
    from medviewer.io.scan import scan
    from medviewer.services.sample import sample_paths

    child = sample_paths(folder.parent / "sample")[0]
    pixels = scan([child], workspace=folder.parent).images[0].source.stored(0).astype(np.float32)
    generator = np.random.default_rng(1)
    for n in range(count):
        noisy = pixels * (1 - 0.2 * n / count) + generator.normal(0, 1.5, pixels.shape)
        tags = TAGS | {"StudyInstanceUID": f"2.25.78{n}", "PatientAge": "003Y", "ViewPosition": "AP"}
        write_radiograph(folder / f"{n:03d}.dcm", np.rint(noisy).clip(0, 255).astype(np.uint8), tags)
