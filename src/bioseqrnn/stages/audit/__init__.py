"""The audit before training: findings, their limits, the gate."""
