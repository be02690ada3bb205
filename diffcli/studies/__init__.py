"""What is built on derivatives."""
