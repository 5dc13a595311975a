"""The audit before training: what is looked for, what was found, and the gate."""
