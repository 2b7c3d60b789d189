"""What the stages and the commands are made of."""
