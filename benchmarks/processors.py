"""int8 and float32 on older processors, simulated: speed, and whether the labels are the same.

    python -m benchmarks.processors datasets/fer2013/hdf5/val.hdf5

ONNX Runtime chooses its kernels by what the processor says of itself (the CPUID instruction). Here
a copy of it is told of fewer instructions than there are, and then runs at its full speed. Linux on
x86-64 with a C compiler and objdump; about two minutes.
"""

import argparse
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from statistics import median

import numpy as np

from config import emotion_config as config

PROCESSORS = ("this processor", "AVX-512 without int8 dot products", "AVX2 alone")
ROUNDS, PAIRS = 5, 60
CPUID, ILLEGAL = b"\x0f\xa2", b"\x0f\x0b"

# The signal handler of the illegal instructions that stand in CPUID's place.
ANSWERS = r"""
#define _GNU_SOURCE
#include <cpuid.h>
#include <signal.h>
#include <stdlib.h>
#include <ucontext.h>

static const unsigned avx512[] = {0xdc230000, 0x5842};  /* of leaf 7: EBX, ECX */

static void answer(int number, siginfo_t *info, void *context) {
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    unsigned leaf = registers[REG_RAX], part = registers[REG_RCX], a, b, c, d;
    int without = atoi(getenv("WITHOUT"));
    __cpuid_count(leaf, part, a, b, c, d);
    if (leaf == 7 && part == 0 && without) {
        c &= ~(1u << 11);                             /* AVX512-VNNI */
        d &= ~(1u << 22 | 1u << 24 | 1u << 25);       /* AMX */
        if (without > 1) { b &= ~avx512[0]; c &= ~avx512[1]; }
    }
    if (leaf == 7 && part == 1 && without) {
        a &= ~(1u << 4 | 1u << 5);                    /* AVX-VNNI, AVX512-BF16 */
        d &= ~(1u << 4);                              /* AVX-VNNI-INT8 */
    }
    registers[REG_RAX] = a; registers[REG_RBX] = b; registers[REG_RCX] = c; registers[REG_RDX] = d;
    registers[REG_RIP] += 2;
}

__attribute__((constructor)) static void start(void) {
    struct sigaction action = {.sa_sigaction = answer, .sa_flags = SA_SIGINFO};
    sigaction(SIGILL, &action, 0);
}
"""


def patched_runtime(folder):
    """Copy ONNX Runtime into a folder, with illegal instructions in the places of CPUID."""
    shutil.copytree(Path(find_spec("onnxruntime").origin).parent, folder / "onnxruntime")
    library, = (folder / "onnxruntime" / "capi").glob("onnxruntime_pybind11_state*.so")
    code = bytearray(library.read_bytes())
    listing = subprocess.run(["objdump", "-d", "--no-show-raw-insn", library], check=True,
                             capture_output=True, text=True).stdout
    for line in listing.splitlines():
        if line.split("\t")[-1].strip() == "cpuid":
            offset = file_offset(code, int(line.split(":")[0], 16))
            assert code[offset:offset + 2] == CPUID
            code[offset:offset + 2] = ILLEGAL
    library.write_bytes(code)


def file_offset(code, address):
    """Return where an address of an ELF library stands in its file."""
    table, = struct.unpack_from("<Q", code, 32)
    size, number = struct.unpack_from("<HH", code, 54)
    for start in range(table, table + number * size, size):
        kind, _, offset, begin, _, length = struct.unpack_from("<IIQQQQ", code, start)
        if kind == 1 and begin <= address < begin + length:
            return address - begin + offset
    raise ValueError(f"no segment has the address {address:#x}")


def look(database, labels):
    """Print the milliseconds of a face and its mirror image as JSON, and save int8's labels."""
    import h5py

    from pipeline import MODEL
    from pipeline.io.checkpoint import read_onnx
    from pipeline.nn.runtimenetwork import RuntimeNetwork

    with h5py.File(database) as file:
        faces = file["images"][:][..., None].astype(np.float32) / 255
    milliseconds = {}
    for precision in ("int8", "float32"):
        network = RuntimeNetwork(read_onnx(MODEL, precision)[0], 1)
        pair = np.stack([faces[0], faces[0][:, ::-1]])
        times = []
        for _ in range(PAIRS):
            began = time.perf_counter()
            network.predict_on_batch(pair)
            times.append(1000 * (time.perf_counter() - began))
        milliseconds[precision] = median(times)
        if precision == "int8" and labels:
            np.save(labels, np.concatenate([
                network.predict_on_batch(batch) + network.predict_on_batch(batch[:, :, ::-1])
                for batch in np.array_split(faces, len(faces) // 64 + 1)]))
    print(json.dumps(milliseconds))


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("database", type=Path, help="faces of which the labels are compared")
    parser.add_argument("--look", metavar="LABELS", help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.look is not None:
        return look(args.database, args.look)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        patched_runtime(folder)
        (folder / "answers.c").write_text(ANSWERS)
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", folder / "answers.so",
                        folder / "answers.c"], check=True)
        times = [{"int8": [], "float32": []} for _ in PROCESSORS]
        for number in range(ROUNDS):  # in turns: other work on the machine meets all alike
            for without in range(len(PROCESSORS)):
                labels = folder / f"{without}.npy" if number == 0 else ""
                found = subprocess.run(
                    [sys.executable, "-m", "benchmarks.processors", args.database.resolve(),
                     "--look", labels],
                    env={**os.environ, "WITHOUT": str(without), "LD_PRELOAD": folder / "answers.so",
                         "PYTHONPATH": f"{folder}{os.pathsep}{config.BASE_PATH}"},
                    cwd=folder, check=True, capture_output=True, text=True).stdout
                for precision, milliseconds in json.loads(found).items():
                    times[without][precision].append(milliseconds)
        probabilities = [np.load(folder / f"{without}.npy") for without in range(len(PROCESSORS))]
    first = probabilities[0].argmax(axis=1)
    print("a face and its mirror image on one core, the least of "
          f"{ROUNDS} rounds; int8's labels of {len(first):,} faces")
    for name, spent, found in zip(PROCESSORS, times, probabilities):
        same = (found.argmax(axis=1) == first).mean()
        print(f"{name}: int8 {min(spent['int8']):.2f} ms, float32 {min(spent['float32']):.2f} ms, "
              f"{same:.2%} of the labels as here")


if __name__ == "__main__":
    main()
