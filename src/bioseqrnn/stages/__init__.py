"""What a run does: one folder a stage, named like its rules file and its results folder."""
