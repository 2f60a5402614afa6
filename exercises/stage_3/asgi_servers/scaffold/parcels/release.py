"""Which release is served. A new one is deployed by an edit of this line."""

RELEASE = "1.0"
