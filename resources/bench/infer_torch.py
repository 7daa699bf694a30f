"""As infer_program, by torch alone."""

import os
import sys
from pathlib import Path

os.environ["MEDVIEWER_ENGINE"] = "torch"
sys.path.insert(0, str(Path(__file__).parent))
from infer_program import prepare

__all__ = ["prepare"]
