"""How good the teacher is: statistics, figures and the report page."""
