"""What the stages of students share: params, runs, and the rows of a training set."""
