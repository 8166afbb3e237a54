"""Writes seed inputs for the replay fuzzer: replay_fuzzer_seeds.py DIRECTORY

They are recordings of one op each, with every attribute, and a few of several, in the form that replay_fuzz_target.h gives.
"""

import json
import os
import sys

UNARY = "Abs Sign Square Sqrt Rsqrt Exp Log Log1p Tanh Sigmoid Relu Elu Softplus Floor Erf Neg Softmax LogSoftmax StopGradient ArgMax Cast"
BINARY = "AddV2 Sub Mul RealDiv DivNoNan Maximum Minimum Pow Equal Greater GreaterEqual"


def node(op, inputs=None, **attrs):
    made = {"op": op}
    if inputs is not None:
        made["in"] = inputs
    if attrs:
        made["attrs"] = attrs
    return made


def recordings():
    """The node lists; each gives its last value. Values from 2 on are those of nodes in functions of two inputs."""
    for op in UNARY.split():
        yield lambda n, op=op: [node(op, [0])]
    for op in BINARY.split():
        yield lambda n, op=op: [node("Const", value=0.5), node(op, [0, n])]
    yield lambda n: [node("Const", value=0), node("Greater", [0, n]), node("SelectV2", [n + 1, 0, n])]
    yield lambda n: [node("OneHot", [0], depth=3), node("Sum", [n], axes=[-1], keep_dims=False)]
    for op in ("Sum", "Mean", "Max"):
        yield lambda n, op=op: [node(op, [0], axes=[1], keep_dims=True), node("Sub", [0, n])]
        yield lambda n, op=op: [node(op, [0], axes=None), node("Mul", [0, n])]
    yield lambda n: [node("Reshape", [0], shape=[None, -1, 1]), node("Reshape", [n], shape=[None, 3])]
    yield lambda n: [node("Transpose", [0], perm=[1, 0]), node("Transpose", [n], perm=[1, 0])]
    yield lambda n: [node("Weight", name="gain"), node("Mul", [0, n])]
    yield lambda n: [node("Weight", name="kernel"), node("MatMul", [0, n], transpose_a=False, transpose_b=False)]
    yield lambda n: [node("MatMul", [0, 0], transpose_a=True, transpose_b=False), node("MatMul", [0, n])]
    yield lambda n: [node("Mean", [0], axes=[0, 1]), node("Assign", [n], name="seen")]
    for op in ("RandomUniform", "RandomStandardNormal"):
        yield lambda n, op=op: [node(op, [0]), node("AddV2", [0, n])]
        yield lambda n, op=op: [node(op, shape=[None, 3]), node("AddV2", [0, n])]


def main(directory):
    os.makedirs(directory, exist_ok=True)
    count = 0
    for make in recordings():
        for mode, first in ((0, 1), (1, 1), (2, 2), (3, 2)):
            nodes = make(first)
            text = json.dumps({"nodes": nodes, "outputs": [first + len(nodes) - 1]}, separators=(",", ":"))
            with open(os.path.join(directory, "seed-%04d" % count), "wb") as file:
                file.write(bytes([mode]) + text.encode())
            count += 1
    print(count, "seeds")


if __name__ == "__main__":
    main(sys.argv[1])
