"""The fast emulator: a lowered model compiled to vector code that computes the firmware's integers for many images.

Nothing here needs TensorFlow. `intervals` finds what every number can be, `planner` fuses layers and chooses lane
widths (`plan` says what a step is), `source` writes C++, `build` compiles and keeps it, `fast_emulator` runs it.
"""
