"""Whether care pays: one student, taught four training sets that were made of the same answers."""
