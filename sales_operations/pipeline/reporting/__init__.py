"""The reports beside the brief's four, and how every report becomes tables and charts."""
