"""What people look at outside the program: documents, and texts from templates."""
