"""A sync worker that says when it comes and goes."""

from gunicorn.workers.sync import SyncWorker


class ExportWorker(SyncWorker):
    """One slot, and a heartbeat that stops with the export, as its parent's."""

    def init_process(self):
        self.log.info("export worker %s is here", self.pid)
        super().init_process()
