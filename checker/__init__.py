"""The judge: starts real servers on the learner's project, sends real traffic, says what happened and why."""
