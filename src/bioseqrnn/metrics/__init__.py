"""How predictions are scored: metrics, intervals, calibration, thresholds."""
