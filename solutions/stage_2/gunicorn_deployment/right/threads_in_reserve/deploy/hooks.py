"""No hooks here: the reports profile has the one it needs."""
