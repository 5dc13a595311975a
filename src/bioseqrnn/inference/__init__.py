"""Application of a network to records: devices, processes, memory, batches, windows, scores."""
