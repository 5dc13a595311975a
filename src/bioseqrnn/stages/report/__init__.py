"""Stage ``report``: one offline HTML page a dataset, its tables as TSV, and a manifest."""
