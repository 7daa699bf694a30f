"""The CPU's faster engine for scores: ONNX Runtime over a bundle's graph. Explanations need gradients and stay with torch.

The graph's tensors lie in the bundle's safetensors file, so both engines run the same weights; tests hold their answers equal.
"""

import logging
import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.inference.bundle import GRAPH, Bundle

log = logging.getLogger(__name__)

Arrays = list[NDArray[np.float32]]


class Graph:
    """A network of one input. `engine` is its name and version for the provenance."""

    def __init__(self, session: Any, version: str) -> None:
        self._session = session
        self._input = session.get_inputs()[0].name
        self.engine = f"onnxruntime {version}"

    def __call__(self, x: NDArray[np.float32]) -> Arrays:
        """The outputs for `x`, in the graph's order."""
        answers: Arrays = self._session.run(None, {self._input: x})
        return answers


def open_graph(bundle: Bundle, threads: int) -> Graph | None:
    """The bundle's graph ready to run, or None: no graph, MEDVIEWER_ENGINE=torch, or a machine where it does not run."""
    path = bundle.folder / GRAPH
    if GRAPH not in bundle.document["files"] or os.environ.get("MEDVIEWER_ENGINE") == "torch":
        return None
    try:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Waiting threads sleep: spinning takes the core that the window needs (RN-06).
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        return Graph(session, onnxruntime.__version__)
    except Exception as error:  # a processor or library it does not like: torch answers, and the provenance says so
        log.warning("ONNX Runtime does not run %s here: %s", bundle.id, type(error).__name__)
        return None
