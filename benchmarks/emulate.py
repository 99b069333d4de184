"""One tagger in all its forms, images/s side by side, in one run.

    python -m benchmarks.emulate                                         # the network of configs/demo, random weights
    python -m benchmarks.emulate --model-config configs/jetclass5/model.yaml
    python -m benchmarks.emulate --lowered build/demo/40_lowered         # a trained one

Keras predicts in batches with the threads TensorFlow chooses. The HLS emulation is hls4ml's C++ with `ap_fixed`,
compiled as `csim` compiles it (-O1). The fast emulator takes sparse images, as the dataset
holds them, and dense ones. All outputs are compared before anything is timed, integer by integer. On one core CPU
time is measured, otherwise wall-clock time; the best of some repetitions counts. The limit of a core is measured too,
with a loop of multiply-and-add instructions on registers alone.
"""

from __future__ import annotations

import argparse
import ctypes
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from data_prep.fixed_point import FixedType
from data_prep.images.batch import FEATURES, ImageBatch
from data_prep.system.processors import cores
from hls_projects.emulator.fast_emulator import FastEmulator
from hls_projects.network.network import Network

CONFIGURATION = Path(__file__).parents[1] / "configs" / "demo" / "model.yaml"
LIT = 0.09
"""Share of lit pixels: that of the demo's images."""
PEAK = """
#include <immintrin.h>
#include <cstdio>
#include <ctime>
int main() {
#ifdef __AVX2__
    __m256i sum[8] = {}, x = _mm256_set1_epi16(3);
    const long rounds = 50000000;
    const std::clock_t start = std::clock();
    for (long i = 0; i < rounds; ++i) {
#pragma GCC unroll 8
        for (int k = 0; k < 8; ++k) {
            asm volatile("" : "+x"(x));
            sum[k] = _mm256_add_epi32(sum[k], _mm256_madd_epi16(x, x));
        }
    }
    const double seconds = double(std::clock() - start) / CLOCKS_PER_SEC;
#pragma GCC unroll 8
    for (int k = 0; k < 8; ++k) asm volatile("" : : "x"(sum[k]));
    std::printf("%g", rounds * 8 * 16 / seconds);
#endif
}
"""


@dataclass(frozen=True)
class Design:
    """One tagger in the forms that are compared."""

    keras: Any
    network: Network
    images: ImageBatch


def main() -> None:
    """Parse the arguments, run everything, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--model-config", type=Path, default=CONFIGURATION, help="model.yaml, built with random weights"
    )
    parser.add_argument("--lowered", type=Path, help="folder made by `lower`, instead")
    parser.add_argument("--pixels", type=int, default=16, help="pixels along each side")
    parser.add_argument("--images", type=int, default=100_000, help="images for the fast emulator")
    parser.add_argument("--slow-images", type=int, default=2_000, help="images for the HLS emulation")
    parser.add_argument("--repeat", type=int, default=5, help="repetitions, the best counts")
    parser.add_argument("--quick", action="store_true", help="leave out what is made for minutes: csim and interpreter")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report(design(options, Path(folder)), options, Path(folder))


def design(options: argparse.Namespace, folder: Path) -> Design:
    """The Keras model, its integer network, and random sparse images."""
    from models.files.load import load_model
    from models.quantization.exact import exact_inference

    if options.lowered is None:
        network, keras = untrained(options)
    else:
        network, keras = Network.load(options.lowered), load_model(options.lowered / "model.h5")
    return Design(exact_inference(keras), network, random_images(network.graph.inputs[0].shape, options.images))


def untrained(options: argparse.Namespace) -> tuple[Network, Any]:
    """A tagger with random weights."""
    from tensorflow import keras

    from hls_projects.lowering.lower import lower
    from hls_projects.lowering.types import prove_network
    from models.architectures.registry import HARDWARE, networks
    from models.settings import ModelSettings
    from pipeline.configuration import load

    keras.utils.set_random_seed(1)
    settings = load(options.model_config, ModelSettings)
    chosen = next(network for network in networks(settings) if network.name == HARDWARE)
    lowered = lower(chosen.build(settings, (options.pixels, options.pixels, 1), 5))
    return prove_network(lowered), lowered.model


def random_images(shape: tuple[int, ...], count: int) -> ImageBatch:
    """Seeded images with falling pixel values."""
    rng = np.random.default_rng(1)
    lit = rng.random((count, int(np.prod(shape)))) < LIT
    return ImageBatch(
        shape=(shape[0], shape[1], shape[2]),
        offsets=np.concatenate([[0], np.cumsum(lit.sum(axis=1))]).astype(np.int64),
        pixel=np.nonzero(lit)[1].astype(np.uint16),
        value=rng.exponential(30, int(lit.sum())).astype(np.float32),
        label=np.zeros(count, np.uint8),
        weight=np.ones(count, np.float32),
        event=np.arange(count, dtype=np.uint64),
        features={name: np.zeros(count, np.float32) for name in FEATURES},
    )


def report(tagger: Design, options: argparse.Namespace, folder: Path) -> None:
    """Compare, time and print."""
    images, dense, output_type = tagger.images, tagger.images.dense(), tagger.network.graph.outputs[0].type
    start = time.perf_counter()
    emulator = FastEmulator(tagger.network, folder)
    built = time.perf_counter() - start
    wanted = emulator.run(images)[0]
    all_cores = cores()
    few = dense[: options.slow_images]
    rates: dict[str, float] = {}

    def time_it(name: str, work: Callable[[], npt.NDArray[Any]], count: int) -> None:
        np.testing.assert_array_equal(work().reshape(count, -1), wanted[:count].reshape(count, -1), name)
        rates[name] = count / best(work, options.repeat, time.process_time if "1 core" in name else time.perf_counter)

    sample = dense[:20_000]
    time_it(
        "Keras, batches of 1024", lambda: raw(tagger.keras.predict(sample, 1024, verbose=0), output_type), len(sample)
    )
    if not options.quick:
        emulated = hls_emulation(tagger, folder)
        time_it("HLS emulation (csim), 1 core", lambda: raw(emulated(few), output_type), len(few))
        interpreted = interpreter(tagger.network)
        ports = [tagger.network.graph.inputs[0].type.quantize(sample)]
        time_it("RTL interpreter, 1 core", lambda: interpreted(ports), len(sample))
        simulator = verilated(tagger.network, folder)
        time_it("Verilated RTL, 1 process", lambda: simulator(ports), len(sample))
    for threads in sorted({1, all_cores}):
        name = f"fast emulator, {threads} core{'s' if threads > 1 else ''}"
        time_it(f"{name}, sparse", lambda t=threads: emulator.run(images, threads=t)[0], len(images))
        time_it(f"{name}, dense", lambda t=threads: emulator.run(dense, threads=t)[0], len(images))

    products = multiplications(tagger.network)
    shape = " x ".join(map(str, tagger.network.graph.inputs[0].shape))
    print(f"{shape} images, {products:,} multiplications an image, {images.offsets[-1] / len(images):.0f} lit pixels")
    print(f"the fast emulator was built in {built:.1f} s\n")
    base = rates.get("HLS emulation (csim), 1 core")
    print(f"{'':34} {'images/s':>12}   {'/ csim':>8}")
    for name, rate in rates.items():
        print(f"{name:34} {rate:>12,.0f}   {f'{rate / base:,.1f}' if base else '':>8}")
    peak = machine_peak(folder)
    if peak:
        used = rates["fast emulator, 1 core, sparse"] * products / peak
        print(f"\n16-bit products a second on one core: {peak:.3g} at most, of which the emulator uses {used:.0%}")


def best(work: Callable[[], Any], repeat: int, clock: Callable[[], float]) -> float:
    """Seconds of the fastest of some repetitions."""
    times = []
    for _ in range(repeat):
        start = clock()
        work()
        times.append(clock() - start)
    return min(times)


def raw(values: npt.NDArray[Any], port_type: FixedType) -> npt.NDArray[np.int64]:
    """Real outputs as raw integers."""
    return np.ldexp(np.asarray(values, np.float64), port_type.fraction).astype(np.int64)


def hls_emulation(tagger: Design, folder: Path) -> Callable[[npt.NDArray[Any]], npt.NDArray[np.float64]]:
    """Convert and compile the HLS project; its own entry point, image by image, without a trace of the layers."""
    from hls_projects.hls.convert import convert
    from hls_projects.hls.csim import build
    from hls_projects.settings import HlsSettings

    convert(tagger.keras, tagger.network.graph, "tagger", HlsSettings(), folder / "50_hls")
    infer = ctypes.CDLL(str(build(folder / "50_hls", folder).library)).tagger_double
    size = int(np.prod(tagger.network.graph.outputs[0].shape))

    def run(images: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        flat = np.ascontiguousarray(images.reshape(len(images), -1), np.float64)
        outputs = np.zeros((len(images), size))
        for x, y in zip(flat, outputs, strict=True):
            infer(ctypes.c_void_p(x.ctypes.data), ctypes.c_void_p(y.ctypes.data))
        return outputs

    return run


def interpreter(network: Network) -> Callable[[Any], npt.NDArray[Any]]:
    """The RTL compiler's interpreter."""
    from hls_projects.rtl.logic.trace import trace

    logic = trace(network)
    return lambda raw_inputs: np.asarray(logic.interpret(raw_inputs, threads=1)[0])


def verilated(network: Network, folder: Path) -> Callable[[Any], npt.NDArray[Any]]:
    """The unrolled RTL as `rtl` builds it, simulated clock by clock in one process; starting it is part of the time."""
    from hls_projects.rtl.forms.assemble import write_design
    from hls_projects.rtl.simulation import verilator
    from hls_projects.settings import RtlSettings, VariantSettings

    write_design(network, "tagger", RtlSettings(), VariantSettings(), folder / "65_rtl")
    simulator = verilator.build(folder / "65_rtl", folder)
    shape = network.graph.outputs[0].shape

    def run(raw_inputs: Any) -> npt.NDArray[Any]:
        flat = raw_inputs[0].reshape(len(raw_inputs[0]), -1)
        return np.concatenate([simulated.outputs for simulated in simulator.run([flat], workers=1)]).reshape(-1, *shape)

    return run


def multiplications(network: Network) -> int:
    """Products of an image with weights that are not zero, padding included."""
    total = 0
    for layer in network.graph.layers:
        if layer.name in network.weights:
            weights = np.count_nonzero(network.weights[layer.name].kernel)
            total += weights * (int(np.prod(layer.shape[:-1])) if len(layer.shape) > 1 else 1)
    return total


def machine_peak(folder: Path) -> float | None:
    """16-bit products a second of one core: multiply-and-add on registers, eight sums at a time."""
    if shutil.which("g++") is None:
        return None
    (folder / "peak.cpp").write_text(PEAK, encoding="utf-8")
    subprocess.run(["g++", "-O3", "-march=native", "peak.cpp", "-o", "peak"], cwd=folder, check=True)
    products = subprocess.run([str(folder / "peak")], capture_output=True, text=True, check=True).stdout
    return float(products) if products else None


if __name__ == "__main__":
    sys.exit(main())
