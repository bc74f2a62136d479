"""What leaves the program because of a change: enqueued in the transaction of the change."""
