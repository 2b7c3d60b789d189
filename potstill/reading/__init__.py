"""From the text of a model's answer to the letter it commits to, or to the reason why none was read."""
