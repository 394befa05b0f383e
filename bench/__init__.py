"""What is claimed about speed and weight, measured by one command: `make bench`. Limits that must hold are tests."""
