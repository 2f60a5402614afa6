"""The course as files: where its rooms lie, what its TOML says, and the projects that scaffolds make."""
