"""`python models/train/graph.py models/<id>`: the ONNX graph of a bundled MobileNetV2 or vote of them, for ONNX Runtime.

The graph holds no weights: its tensors point into `weights.safetensors` beside it (half precision, cast when the session loads),
so the bundle does not grow and there is one set of weights. It is written from `medviewer.inference.image.networks` layer by
layer with `onnx.helper`: torch's own exporter needs two more packages and copies the weights. Outputs are those of
`forward_with_features`. The same bundle gives the same bytes; tests hold both, and that the answers are torch's.
"""

import hashlib
import json
import struct
import sys
from pathlib import Path
from typing import Any

import onnx
from onnx import TensorProto, helper
from torch import nn

from medviewer.inference.bundle import GRAPH, WEIGHTS, read_bundle
from medviewer.inference.image.networks import GATE_BLOCKS, build, members

TYPES = {"F16": TensorProto.FLOAT16, "F32": TensorProto.FLOAT}
OPSET, IR = 17, 8


class Writer:
    """Nodes in order; every method takes and gives names of values."""

    def __init__(self, weights: Path) -> None:
        with weights.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            self._stored: dict[str, Any] = json.loads(file.read(length))
        self._start = 8 + length
        self.nodes: list[onnx.NodeProto] = []
        self.tensors: list[onnx.TensorProto] = []

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def constant(self, value: Any, kind: int = TensorProto.FLOAT) -> str:
        name = f"c{len(self.tensors)}"
        many = isinstance(value, list)
        self.tensors.append(helper.make_tensor(name, kind, [len(value)] if many else [], value if many else [value]))
        return name

    def weight(self, name: str) -> str:
        """A tensor of the safetensors file, by offset, as float32."""
        about = self._stored[name]
        start, end = about["data_offsets"]
        tensor = TensorProto(name=name, data_type=TYPES[about["dtype"]], dims=about["shape"])
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in (("location", WEIGHTS), ("offset", self._start + start), ("length", end - start)):
            tensor.external_data.add(key=key, value=str(value))
        self.tensors.append(tensor)
        return name if about["dtype"] == "F32" else self.node("Cast", name, to=TensorProto.FLOAT)

    def convolution(self, x: str, conv: nn.Conv2d, path: str) -> str:
        pads = [*conv.padding, *conv.padding]
        about = {"kernel_shape": list(conv.kernel_size), "strides": list(conv.stride), "pads": pads, "group": conv.groups}
        return self.node("Conv", x, self.weight(f"{path}.weight"), **about)

    def norm(self, x: str, norm: nn.BatchNorm2d, path: str) -> str:
        names = ("weight", "bias", "running_mean", "running_var")
        return self.node("BatchNormalization", x, *(self.weight(f"{path}.{name}") for name in names), epsilon=norm.eps)

    def layer(self, x: str, module: nn.Module, path: str) -> str:
        """Any part of the network, children in order."""
        if isinstance(module, nn.Conv2d):
            return self.convolution(x, module, path)
        if isinstance(module, nn.BatchNorm2d):
            return self.norm(x, module, path)
        if isinstance(module, nn.ReLU6):
            return self.node("Clip", x, self.constant(0.0), self.constant(6.0))
        y = x
        for name, child in module.named_children():
            y = self.layer(y, child, f"{path}.{name}")
        return self.node("Add", x, y) if getattr(module, "residual", False) else y

    def mean(self, x: str) -> str:
        return self.node("ReduceMean", x, axes=[2, 3], keepdims=0)

    def spread(self, x: str) -> str:
        """Standard deviation over places, as `networks._spread`."""
        shape = self.node("Shape", x)
        sides = [self.node("Gather", shape, self.constant(axis, TensorProto.INT64)) for axis in (2, 3)]
        count = self.node("Cast", self.node("Mul", *sides), to=TensorProto.FLOAT)
        square = self.mean(self.node("Mul", x, x))
        middle = self.mean(x)
        variance = self.node("Max", self.node("Sub", square, self.node("Mul", middle, middle)), self.constant(0.0))
        less = self.node("Max", self.node("Sub", count, self.constant(1.0)), self.constant(1.0))
        return self.node("Sqrt", self.node("Mul", variance, self.node("Div", count, less)))


def write(folder: Path) -> bytes:
    """The graph's bytes. TypeError for a bundle of another architecture."""
    bundle = read_bundle(folder)
    about = bundle.document["architecture"]
    if about["name"] != "mobilenet_v2":
        raise TypeError(about["name"])
    parameters = about["parameters"]
    nets = members(build(about["name"], parameters))
    writer = Writer(folder / WEIGHTS)
    parts, answers = [writer.mean("x"), writer.spread("x")], []
    for number, net in enumerate(nets):
        path, y = f"nets.{number}." if len(nets) > 1 else "", "x"
        for index, layer in enumerate(net.features):
            y = writer.layer(y, layer, f"{path}features.{index}")
            if number == 0 and index in GATE_BLOCKS:
                parts += [writer.mean(y), writer.spread(y)]
        weight, bias = (writer.weight(f"{path}classifier.1.{name}") for name in ("weight", "bias"))
        answers.append(writer.node("Gemm", writer.mean(y), weight, bias, transB=1))
    logits = answers[0]
    if len(nets) > 1:
        axis = writer.constant([1], TensorProto.INT64)
        logits = writer.node("Concat", *(writer.node("Unsqueeze", answer, axis) for answer in answers), axis=1)
    features = writer.node("Concat", *parts, axis=1)
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in (logits, features)]
    shape = ["n", int(parameters.get("channels", 3)), "h", "w"]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    graph = helper.make_graph(writer.nodes, bundle.id, [x], values, writer.tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR, producer_name="medviewer")
    return bytes(model.SerializeToString(deterministic=True))


def main(target: Path) -> None:
    """Write the graph beside the weights and its hash into the bundle."""
    graph = write(target)
    (target / GRAPH).write_bytes(graph)
    words = json.loads((target / "bundle.json").read_text("utf-8"))
    words["files"][GRAPH] = hashlib.sha256(graph).hexdigest()
    (target / "bundle.json").write_text(json.dumps(words, ensure_ascii=False, indent=2) + "\n", "utf-8")
    print(target / GRAPH, len(graph), "bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
