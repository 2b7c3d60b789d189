"""Students: trained on data/export, converted, served, asked by the pipeline that asked their teacher, and judged."""
