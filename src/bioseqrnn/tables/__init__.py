"""All files that pass from one stage to another: their columns, readers and writers."""
