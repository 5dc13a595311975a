"""Recurrent layers on the CPU: kernels, and the code that gives them their work.

PyTorch calls ``layer``. ``plan`` cuts a batch into tiles and assigns them to threads. ``forward``
and ``backward`` run a tile through all its steps, with the equations of ``cells`` and the matrix
products of ``products``. ``simd`` and ``rows`` provide vector operations for these. ``buffers``
keeps large arrays for the next batch. docs/engine.md explains the reasons for this design.
"""
