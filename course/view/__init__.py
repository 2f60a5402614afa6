"""The screens: values in, rows out. The only users of rich; they read no file and judge nothing."""
