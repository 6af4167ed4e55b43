"""How questions become clusters: neighbours, communities, granularity, labels, lineage and the run."""
