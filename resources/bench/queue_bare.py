"""The bare torch forward of the same network and tensor: seconds an image."""

import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent))
from queue_program import IMAGES, network


def prepare(data):
    loaded, tensor = network()

    def work():
        import time

        start = time.perf_counter()
        with torch.inference_mode():
            for _ in range(IMAGES):
                loaded.module(torch.from_numpy(tensor)).numpy()
        return (time.perf_counter() - start) / IMAGES

    work()
    return work
