"""What-ifs that somebody asked for."""
