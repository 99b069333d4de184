"""Models loaded as CMSSW loads them: two versions at once, and nothing else to be seen of them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np

from hls_projects.export.design import Design
from tests.hls_projects.export.targets.cmssw_builds import compile_program, library_of

# A process with models loaded as the ModelLoader of hls4mlEmulatorExtras does. Vectors go through them in turn, and
# each has objects in two threads. Written for the two-input, two-output network of the fixture.
LOADER = r"""
#include "emulator.h"
#include "zoo_model_v1.h"
#include <dlfcn.h>
#include <cstdio>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace ports = hls4ml_zoo_model_v1::ports;

std::shared_ptr<hls4mlEmulator::Model> load(const std::string &name) {
    void *library = dlopen((name + ".so").c_str(), RTLD_LAZY | RTLD_LOCAL);
    if (!library) throw std::runtime_error(dlerror());
    auto create = (hls4mlEmulator::Model * (*)()) dlsym(library, "create_model");
    auto destroy = (void (*)(hls4mlEmulator::Model *))dlsym(library, "destroy_model");
    return {create(), destroy};
}

std::vector<long> numbers(const std::string &path) {
    std::ifstream file(path);
    std::vector<long> found;
    for (long x; file >> x;) found.push_back(x);
    return found;
}

int main(int, char **argv) {
    const std::string folder = argv[1];
    const auto pixels = numbers(folder + "/input_0.txt"), jets = numbers(folder + "/input_1.txt");
    const std::size_t count = jets.size() / 3;
    std::vector<std::string> names(argv + 2, argv + 4);
    std::vector<std::vector<long>> found(4);
    std::vector<std::thread> threads;
    std::vector<std::shared_ptr<hls4mlEmulator::Model>> models;
    for (int t = 0; t < 4; t++) models.push_back(load(names[t % 2]));
    auto play = [&](int t, std::size_t first, std::size_t last) {
        for (std::size_t v = first; v < last; v++) {
            ports::Input input;
            // values, not bits: the port converts them
            for (int i = 0; i < 16; i++) input.first[i] = pixels[16 * v + i] / 64.;
            for (int i = 0; i < 3; i++) input.second[i] = jets[3 * v + i] / 16.;
            ports::Result result;
            models[t]->prepare_input(&input);
            models[t]->predict();
            models[t]->read_result(&result);
            for (auto &x : result.first) found[t].push_back(long(x.to_double() * 256));
            for (auto &x : result.second) found[t].push_back(long(x.to_double() * 256));
        }
    };
    for (std::size_t v = 0; v < count; v++)
        for (int t = 0; t < 2; t++) play(t, v, v + 1);
    for (int t = 2; t < 4; t++) threads.emplace_back(play, t, 0, count);
    for (auto &thread : threads) thread.join();
    for (auto &all : found) {
        for (long x : all) std::printf("%ld ", x);
        std::printf("\n");
    }
    for (auto wrong : {std::any(), std::any(1), std::any((ports::Result *)nullptr), std::any(&pixels)})
        try {
            models[0]->prepare_input(wrong);
        } catch (const std::invalid_argument &error) {
            std::printf("%s\n", error.what());
        }
}
"""


# Closes the library before the model is used and destroyed.
CLOSER = r"""
#include "emulator.h"
#include "zoo_model_v1.h"
#include <dlfcn.h>
#include <cstdio>

int main(int, char **argv) {
    void *library = dlopen(argv[1], RTLD_LAZY | RTLD_LOCAL);
    auto create = (hls4mlEmulator::Model * (*)()) dlsym(library, "create_model");
    auto destroy = (void (*)(hls4mlEmulator::Model *))dlsym(library, "destroy_model");
    hls4mlEmulator::Model *model = create();
    dlclose(library);
    hls4ml_zoo_model_v1::ports::Input input;
    model->prepare_input(&input);
    model->predict();
    destroy(model);
    std::printf("destroyed");
}
"""


def test_two_versions_in_one_process_give_each_its_own_answers(
    two_versions: tuple[Path, Design, Design], tmp_path: Path
) -> None:
    root, first, second = two_versions
    package = root / "v1" / "cmssw"
    (tmp_path / "loader.cpp").write_text(LOADER)
    compile_program(package, tmp_path / "loader.cpp")
    libraries = [library_of(root / f"v{version}" / "cmssw", version).with_suffix("") for version in ("1", "2_0")]
    done = subprocess.run(
        [tmp_path / "loader", root / "v1" / "vectors", *libraries], check=True, capture_output=True, text=True
    )
    lines = done.stdout.splitlines()
    found = [np.array(line.split(), dtype=np.int64) for line in lines[:4]]
    wanted = [
        np.concatenate([x.reshape(103, -1) for x in each.vectors.outputs], axis=1).ravel() for each in (first, second)
    ]
    assert not np.array_equal(*wanted)
    for t in range(4):
        np.testing.assert_array_equal(found[t], wanted[t % 2])
    assert lines[4:] == ["zoo_model_v1: prepare_input takes a ports::Input*"] * 4


def test_a_model_outlives_its_loader(two_versions: tuple[Path, Design, Design], tmp_path: Path) -> None:
    package = two_versions[0] / "v1" / "cmssw"
    (tmp_path / "closer.cpp").write_text(CLOSER)
    compile_program(package, tmp_path / "closer.cpp")
    done = subprocess.run([tmp_path / "closer", library_of(package, "1")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "destroyed")


def test_a_symbol_of_its_own_fails_the_audit(two_versions: tuple[Path, Design, Design], tmp_path: Path) -> None:
    package = Path(shutil.copytree(two_versions[0] / "v1" / "cmssw", tmp_path / "cmssw"))
    (package / "zoo_model_v1" / "exports.map").write_text("{ global: *; };\n")
    # nothing of the model is seen even then, but what it made of the templates of the C++ library is
    make_it = ["make", "--no-print-directory", "-s", "-C", str(package), "audit"]
    done = subprocess.run(make_it, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    found = re.search(r"exports other symbols than create_model and destroy_model: (.*)", done.stderr)
    assert found
    names = set(found[1].split()) - {"create_model", "destroy_model"}
    assert names
    assert all(name.startswith(("_ZNSt", "_ZNKSt", "_ZSt", "_ZT")) for name in names)


def test_static_buffers_are_not_shared_by_name(two_versions: tuple[Path, Design, Design]) -> None:
    """If not told not to, g++ makes the static buffers of hls4ml's templates unique in the process."""
    library = library_of(two_versions[0] / "v2_0" / "cmssw", "2_0")
    symbols = subprocess.run(["nm", library], check=True, capture_output=True, text=True).stdout
    assert "line_buffer" in symbols
    assert not re.search(r"^\w+ u ", symbols, re.MULTILINE)
