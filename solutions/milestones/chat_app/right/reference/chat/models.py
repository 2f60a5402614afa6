"""The store: people, rooms, and what was said in them."""

from django.db import models

PAGE = 50


class Person(models.Model):
    name = models.CharField(max_length=30, unique=True)


class Room(models.Model):
    title = models.CharField(max_length=100, unique=True)


class Member(models.Model):
    room = models.ForeignKey(Room, models.CASCADE)
    person = models.ForeignKey(Person, models.CASCADE)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "person"], name="once_a_room")]


class Messages(models.QuerySet):
    """What is asked of the store: each is one statement, however many messages there are."""

    def of(self, room_id):
        """A room's messages, as frames."""
        return self.filter(room_id=room_id).values("id", "author__name", "text")

    def latest_before(self, room_id, before=None):
        """The last page before this id, the latest first."""
        messages = self.of(room_id)
        if before is not None:
            messages = messages.filter(id__lt=before)
        return messages.order_by("-id")[:PAGE]

    def after(self, room_id, seen):
        """All that came after this id."""
        return self.of(room_id).filter(id__gt=seen).order_by("id")


class Message(models.Model):
    room = models.ForeignKey(Room, models.CASCADE)
    author = models.ForeignKey(Person, models.CASCADE)
    key = models.CharField(max_length=64)  # the client's own id of it
    text = models.TextField()
    said_at = models.DateTimeField(auto_now_add=True)  # to be shown; the order is the id's

    objects = Messages.as_manager()

    class Meta:
        # The only place where two processes meet: whoever comes second is told so.
        constraints = [models.UniqueConstraint(fields=["room", "author", "key"], name="stored_once")]


def frame_of(row):
    """A row of `Messages.of` as clients see it."""
    return {"id": row["id"], "from": row["author__name"], "text": row["text"]}
