"""What checks are built from. Knows servers, traffic and processes; knows no exercise."""
