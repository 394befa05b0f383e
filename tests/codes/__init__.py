"""What is promised of the code on the card."""
