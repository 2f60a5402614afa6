from django.db import models


class Person(models.Model):
    name = models.CharField(max_length=30, unique=True)


class Room(models.Model):
    title = models.CharField(max_length=100, unique=True)


class Member(models.Model):
    room = models.ForeignKey(Room, models.CASCADE)
    person = models.ForeignKey(Person, models.CASCADE)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "person"], name="once_a_room")]


class Message(models.Model):
    room = models.ForeignKey(Room, models.CASCADE)
    author = models.ForeignKey(Person, models.CASCADE)
    key = models.CharField(max_length=64)
    text = models.TextField()
    said_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint("room", "author", "key", name="no_doubles")]
