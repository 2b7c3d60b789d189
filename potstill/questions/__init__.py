"""From a dataset to a checked sample of its questions: what stage load is made of."""
