"""What the terminal shows: tables of rows, and traces hop by hop."""
