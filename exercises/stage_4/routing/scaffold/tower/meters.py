"""Given: the consumer of the tower's meters, which speak MQTT. One instance for each meter that is connected."""

from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer


class MeterConsumer(AsyncConsumer):
    """A message's type chooses the method: `mqtt.publish` comes to `mqtt_publish`."""

    count = 0

    async def mqtt_connect(self, message):
        await self.send({"type": "mqtt.connack", "client": self.scope["client_id"]})

    async def mqtt_publish(self, message):
        self.count += 1
        await self.send({"type": "mqtt.puback", "topic": message["topic"], "count": self.count})

    async def mqtt_disconnect(self, message):
        raise StopConsumer
