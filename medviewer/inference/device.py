"""Where networks run, and why there."""

import ctypes
import os
import sys
from dataclasses import dataclass

from medviewer.core.errors import MedviewerError, Notice

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Parameters of mallopt(3)."""
THREADS = max(1, (os.cpu_count() or 2) - 1)
"""One core stays free for the window (RN-06)."""


@dataclass(frozen=True, slots=True)
class Device:
    """`name` as torch spells it; `why` is the sentence of the status bar."""

    name: str
    why: Notice

    def __str__(self) -> str:
        facts = ", ".join(f"{k} {v}" for k, v in self.why.facts.items())
        return f"{self.name} ({self.why.code}{': ' + facts if facts else ''})"


def prepare_environment() -> None:
    """What must stand before torch is imported: workers that sleep instead of spinning (6 to 58 times slower otherwise)."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    _keep_large_blocks()


def _keep_large_blocks() -> None:
    """Let glibc keep freed blocks: it would give each activation back to the kernel, nearly half of a forward's time."""
    if not sys.platform.startswith("linux"):
        return
    try:
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(M_MMAP_THRESHOLD, 1 << 30)
        libc.mallopt(M_TRIM_THRESHOLD, 512 << 20)
    except (OSError, AttributeError):
        return


def set_threads(threads: int | None = None) -> int:
    """Torch's threads for one operation; default all cores but one."""
    import torch

    count = max(1, threads or THREADS)
    torch.set_num_threads(count)
    return count


def choose(wanted: str = "auto") -> Device:
    """cuda if a real kernel runs there, else mps, else cpu. Raises `device-unknown` for another word."""
    prepare_environment()
    if wanted == "cpu":
        return Device("cpu", Notice("device-cpu-chosen", facts={"cores": os.cpu_count() or 1}))
    if wanted not in ("auto", "cuda", "mps") and not wanted.startswith("cuda:"):
        raise MedviewerError("device-unknown", device=wanted)
    tried = ("cuda", "mps") if wanted == "auto" else (wanted,)
    reason = ""
    for name in tried:
        problem = probe(name)
        if problem is None:
            return Device(name, Notice("device-gpu", facts={"device": name}))
        reason = reason or problem
    code = "device-cpu" if reason == "no-device" else "device-cpu-fallback"
    return Device("cpu", Notice(code, facts={"cores": os.cpu_count() or 1, "reason": reason}))


def probe(name: str) -> str | None:
    """None where a small real computation gives the right answer on the device, else why not (RN-08)."""
    import torch

    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    if name.startswith("cuda") and not torch.cuda.is_available():
        return "no-device"
    if name == "mps" and not torch.backends.mps.is_available():
        return "no-device"
    try:
        ones = torch.ones(64, 64, device=name)
        return None if float((ones @ ones).sum()) == 64.0**3 else "wrong result"
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        return str(error).splitlines()[0][:120]
