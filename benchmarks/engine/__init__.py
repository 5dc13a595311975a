"""Speed and memory of the recurrent layers, beside torch.nn and Keras."""
