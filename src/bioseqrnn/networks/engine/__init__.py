"""Recurrent layers on the CPU: kernels, and what hands them their work.

``layer`` is what PyTorch calls; ``plan`` cuts a batch into tiles and deals them to threads;
``forward`` and ``backward`` run a tile through all its steps with the equations of ``cells`` and
the matrix products of ``products``; ``simd`` and ``rows`` are the vectors that these are written
in; ``memory`` keeps large arrays for the next batch. docs/engine.md tells why it is so.
"""
