"""Windows of long records, scored by a model for records: regions, tables and tracks."""
