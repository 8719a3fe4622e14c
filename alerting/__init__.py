"""What to do about a reading: pure, except `channels`."""
