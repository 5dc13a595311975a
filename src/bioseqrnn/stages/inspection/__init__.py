"""Stage ``inspection``: chosen records, one by one: changes, designs, traces of the memory."""
