"""Everything between a Request and a recorded Response."""
