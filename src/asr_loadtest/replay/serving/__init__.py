"""Sockets, threads and the clock: the only I/O of the replay beside its files."""
