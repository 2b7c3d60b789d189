"""What students learned: tests, the report page's section, model cards."""
