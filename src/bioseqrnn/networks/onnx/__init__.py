"""A network as an ONNX graph, which onnxruntime and other programs can run."""
