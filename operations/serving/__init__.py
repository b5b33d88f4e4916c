"""The whole platform in one process: the site, a Celery worker and beat, for the installation without services."""
