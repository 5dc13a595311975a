"""Sequences in half bytes: alphabets, packing, decoding, digests, words, transfer to a device."""
