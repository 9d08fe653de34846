//! Reads a configuration and names every mistake in it.
