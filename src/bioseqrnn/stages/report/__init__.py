"""Stage ``report``: one offline HTML page per dataset, its tables as TSV, and a manifest."""
