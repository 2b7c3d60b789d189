"""What makes a data set bought here everyone's: remote storage, other machines, other commits."""
