"""A network over records: devices, processes, memory, batches, windows, scores."""
