"""The plain layers that a lowered model is made of, one file each: all that the project knows of a layer.

A file declares `LAYER`, a `Layer` (`hls_projects/network/layer.py`), and is found by that. Its facets:

    integers, fraction                  what it computes: the reference of every other form
    interval, partial_sums, accumulator its proven types
    kernel, geometry, quantizes         what is read off the Keras layer
    logic                               unrolled RTL
    rows, pads, costly                  the stream, rewriting, the estimate
    plan, join                          the fast emulator
    hls                                 what hls4ml does in its own way

`moves.py`, `products.py` and `joining.py` beside this package hold what several layers share.

A layer that a user's model may have also needs its rule in `hls_projects/lowering/`, which says that it is plain
already, or how it is made of plain ones.

No file here imports a form of the hardware, TensorFlow or the RTL compiler. The facets of the hardware are methods that
are handed the operations of the compiler (`logic.py`) or the steps of the emulator (`emulation.py`). So a network runs
on integers, and a bundle is checked, where none of them is installed, and a change of the RTL does not make lowered
networks out of date. A change of any facet does: that is the price of one file.
"""
