"""Celery: the tasks of a repository, their queues, the beat schedule, and the places that queue them."""

from __future__ import annotations

from extractor.link.celery.enqueues import Enqueues, enqueues, gaps_of
from extractor.link.celery.finding import find_tasks, type_tasks
from extractor.link.celery.read import Celery, read_celery
from extractor.link.celery.schedules import Schedules, schedules
from extractor.link.celery.taskindex import Found, TaskIndex
from extractor.link.celery.tasks import Tasks, tasks

__all__ = [
    "Celery",
    "Enqueues",
    "Found",
    "Schedules",
    "TaskIndex",
    "Tasks",
    "enqueues",
    "find_tasks",
    "gaps_of",
    "read_celery",
    "schedules",
    "tasks",
    "type_tasks",
]
