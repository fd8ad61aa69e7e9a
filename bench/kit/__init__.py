"""What every bench needs: a server of its own, runs in turn, results, and progress."""
