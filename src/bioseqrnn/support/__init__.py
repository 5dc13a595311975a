"""What every part uses and no part owns: files, messages, errors, memory, compiled kernels."""
