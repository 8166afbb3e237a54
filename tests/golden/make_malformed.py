"""Weights in Keras 3's layout (.weights.h5) that nobody should believe: make_malformed.py DIRECTORY

Of one dense layer of 3 inputs and 2 units; one of its two datasets, or what is around them, is not what it should be.
h5py alone is needed; the Pythons of tests/interop have it. `external-storage`, `external-link` and `virtual` name PATH, a
name of a file that the tests put there.
"""

import os
import sys
import zlib

import h5py
import numpy as np

PATH = "/tmp/tabtrain-malformed-canary"
DENSE = "layers/dense/vars"


def create(group, name, shape, type_="f4", chunk=None, deflates=0, grows=False):
    """A dataset without times; low-level, since h5py's own has one deflate at most."""
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_obj_track_times(False)
    if chunk:
        properties.set_chunk(chunk)
    for _ in range(deflates):
        properties.set_deflate(9)
    space = h5py.h5s.create_simple(shape, (h5py.h5s.UNLIMITED,) * len(shape) if grows else shape)
    made = h5py.h5d.create(group.id, name.encode(), h5py.h5t.py_create(np.dtype(type_), logical=True), space, properties)
    return h5py.Dataset(made)


def bias(make):
    """A file whose kernel is right, and whose bias `make` makes in its group."""

    def fill(file):
        group = file.require_group(DENSE)
        create(group, "0", (3, 2))[...] = np.arange(6, dtype="f4").reshape(3, 2)
        make(group)

    return fill


def external(group):
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_obj_track_times(False)
    properties.set_external(PATH.encode(), 0, 8)
    h5py.h5d.create(group.id, b"1", h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple((2,)), properties)


def virtual(group):
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_obj_track_times(False)
    space = h5py.h5s.create_simple((2,))
    properties.set_virtual(space, PATH.encode(), b"x", space)
    h5py.h5d.create(group.id, b"1", h5py.h5t.IEEE_F32LE, space, properties)


def packed_twice(group):
    """Eight bytes as its shape says, 64 MiB once both layers are unpacked."""
    dataset = create(group, "1", (2,), chunk=(2,), deflates=2)
    bomb = zlib.compress(zlib.compress(bytes(1 << 26), 9), 9)
    dataset.id.write_direct_chunk((0,), bomb)


def many(group):
    for i in range(1, 65):
        create(group, str(i), (1 << 21,), chunk=(1 << 10,), deflates=1)


def circle(file):
    bias(lambda group: group.__setitem__("1", group["0"]))(file)
    file[DENSE + "/again"] = file["layers"]


def deep(file):
    bias(lambda group: create(group, "1", (2,)))(file)
    file.require_group("/".join(["layers"] * 80))


FILES = {
    "external-storage": bias(external),
    "external-link": bias(lambda group: group.__setitem__("1", h5py.ExternalLink(PATH, "/x"))),
    "soft-link": bias(lambda group: group.__setitem__("1", h5py.SoftLink(f"/{DENSE}/1"))),
    "virtual": bias(virtual),
    "huge-packed": bias(lambda group: create(group, "1", (10**6, 10**6, 10**6), chunk=(8, 8, 8), deflates=1)),
    "huge-plain": bias(lambda group: create(group, "1", (1 << 40,))),
    "overflow": bias(lambda group: create(group, "1", (1 << 62, 16))),
    "huge-chunk": bias(lambda group: create(group, "1", (2,), chunk=(1 << 29,), deflates=1, grows=True)),
    "packed-twice": bias(packed_twice),
    "many": bias(many),
    "list": bias(lambda group: create(group, "1", (2,), h5py.vlen_dtype(np.dtype("f4")))),
    "text": bias(lambda group: create(group, "1", (2,), "S4")),
    "gap": bias(lambda group: create(group, "999999", (2,))),
    "shape": bias(lambda group: create(group, "1", (2, 2))),
    "group": bias(lambda group: group.create_group("1")),
    "circle": circle,
    "deep": deep,
}


def main(directory):
    os.makedirs(directory, exist_ok=True)
    for name, fill in FILES.items():
        with h5py.File(os.path.join(directory, name + ".weights.h5"), "w") as file:
            fill(file)


if __name__ == "__main__":
    main(sys.argv[1])
