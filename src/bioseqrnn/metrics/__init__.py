"""Scoring of predictions: metrics, confidence intervals, calibration, thresholds."""
