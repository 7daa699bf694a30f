"""One prepared image through the inference queue and the engine's forward, after warm-up: seconds an image."""

import threading

import numpy as np

from medviewer.core.task import CancelToken
from medviewer.inference.bundle import load
from medviewer.inference.device import set_threads
from medviewer.inference.engine import InPlaceEngine
from medviewer.inference.image.reading import forward
from medviewer.inference.queue import InferenceQueue
from medviewer.inference.registry import Registry
from medviewer.store.profile import Profile

IMAGES = 20


def network():
    """The bundled chest network and a tensor of its shape."""
    set_threads(1)
    bundle = Registry(Profile.at()).bundle("cxr-pneumonia")
    parameters = bundle.document["preprocessing"]["parameters"]
    shape = (parameters["views"], parameters["channels"], parameters["size"], parameters["size"])
    return load(bundle), np.random.default_rng(1).normal(size=shape).astype(np.float32)


def prepare(data):
    loaded, tensor = network()
    engine, queue = InPlaceEngine("cpu", 1), InferenceQueue()

    def work():
        import time

        start = time.perf_counter()
        for n in range(IMAGES):
            ready = threading.Event()
            queue.submit(
                f"{n}", lambda token: forward(engine, loaded, [tensor], token), lambda result, error, ready=ready: ready.set()
            )
            ready.wait()
        return (time.perf_counter() - start) / IMAGES

    assert forward(engine, loaded, [tensor], CancelToken())
    return work
