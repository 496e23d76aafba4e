"""What is written about c4trace, and the program that makes the generated pages."""
