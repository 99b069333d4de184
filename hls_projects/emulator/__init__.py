"""The fast emulator: a lowered model compiled to vector code that computes the firmware's integers for many images.

Nothing here needs TensorFlow. `network/intervals.py` bounds every number; `planner` fuses layers and chooses widths of
lanes (`plan` defines the steps); `source` writes C++, `build` compiles it once and keeps it; `fast_emulator` runs it.
"""
