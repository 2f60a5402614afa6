"""systemd's unit files: read as systemd reads them, and what their service is started by. Starts nothing."""
