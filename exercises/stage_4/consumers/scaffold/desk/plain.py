"""Given, as a model: the fourth class. It is sync, and gets frames as they come.

`websocket_receive` passes `text_data=` or `bytes_data=`, whichever the frame was: so both have a default.
"""

from channels.generic.websocket import WebsocketConsumer

from desk import exchange


class PlainConsumer(WebsocketConsumer):
    """A text frame is an article; its price comes back as text."""

    def receive(self, text_data=None, bytes_data=None):
        """Channels runs this in a thread: the one thread that all sync consumers of the process share."""
        if text_data is None:
            self.send(text_data="send the article as text")
            return
        try:
            self.send(text_data=exchange.price(text_data))
        except exchange.ExchangeError as error:
            self.send(text_data=str(error))
