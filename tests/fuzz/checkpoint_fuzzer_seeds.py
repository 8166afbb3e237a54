"""Writes seed inputs for the checkpoint fuzzer: checkpoint_fuzzer_seeds.py DIRECTORY

They are the checkpoints of tests/cpp/data and tests/golden, in the form that checkpoint_fuzz_target.h gives: as files,
as files with checksums to repair, as object graphs, and their `checkpoint` state files.
"""

import glob
import os
import sys

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LONGEST = 4096  # the length that runs use as -max_len


def object_graph(data):
    """The object graph is the last tensor: varint length, four bytes of checksum, message."""
    for start in range(len(data)):
        length = shift = 0
        for at in range(start, min(start + 5, len(data))):
            length |= (data[at] & 127) << shift
            shift += 7
            if data[at] < 128:
                if length > 16 and at + 5 + length == len(data):
                    return data[at + 5 :]
                break
    return None


def main(directory):
    os.makedirs(directory, exist_ok=True)
    count = 0

    def seed(mode, model, rest):
        nonlocal count
        if len(rest) + 2 > LONGEST:
            return
        with open(os.path.join(directory, "seed-%04d" % count), "wb") as f:
            f.write(bytes([mode, model]) + rest)
        count += 1

    indexes = glob.glob(os.path.join(TESTS, "cpp/data/*/*.index"))
    indexes += glob.glob(os.path.join(TESTS, "golden/checkpoints/*/*/*.index"))
    for number, path in enumerate(sorted(indexes)):
        index = open(path, "rb").read()
        data = open(path[: -len("index")] + "data-00000-of-00001", "rb").read()
        files = len(index).to_bytes(2, "little") + index + data
        for mode in (0, 1):
            seed(mode, number % 16, files)
        graph = object_graph(data)
        if graph is not None:
            seed(2, number % 16, graph)
    for path in sorted(glob.glob(os.path.join(TESTS, "golden/checkpoints/*/*/checkpoint"))):
        seed(3, 0, open(path, "rb").read())
    print(count, "seeds")


if __name__ == "__main__":
    main(sys.argv[1])
