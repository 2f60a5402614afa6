"""What all three services have in common."""

from deploy.hooks import post_fork as post_fork, worker_abort as worker_abort

wsgi_app = "depot.wsgi:application"
accesslog = "-"
graceful_timeout = 130
