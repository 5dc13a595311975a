"""How records are divided into folds: groups, roles, inner splits, subsets."""
