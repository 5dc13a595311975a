"""The networks: recurrent layers, stem, position embedding, pooling, classifier, model files."""
