"""The process that Python servers are forked from, where hundreds are started: it has imported what all of them do."""
