from django.db import models, transaction


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
        unique_together = [("author", "room", "key")]

    @property
    def frame(self):
        return {"id": self.pk, "from": self.author.name, "text": self.text}


def membership(title, name):
    return Member.objects.select_related("person").filter(room__title=title, person__name=name).first()


def keep(member, key, text):
    """Store it unless it is there; the message, and the id of the one before it in its room (0 for the first)."""
    with transaction.atomic():
        Message.objects.bulk_create(
            [Message(room_id=member.room_id, author_id=member.person_id, key=key, text=text)],
            ignore_conflicts=True,
        )
        message = Message.objects.select_related("author").get(
            room_id=member.room_id, author_id=member.person_id, key=key
        )
        earlier = Message.objects.filter(room_id=member.room_id, pk__lt=message.pk)
        return message.frame, earlier.aggregate(models.Max("pk"))["pk__max"] or 0


def page(room_id, before=None):
    """The 50 messages before this one, or the last 50; oldest first."""
    messages = Message.objects.select_related("author").filter(room_id=room_id)
    if before is not None:
        messages = messages.filter(pk__lt=before)
    return [message.frame for message in messages.order_by("-pk")[:50]][::-1]


def newer(room_id, seen):
    messages = Message.objects.select_related("author").filter(room_id=room_id, pk__gt=seen)
    return [message.frame for message in messages.order_by("pk")]
