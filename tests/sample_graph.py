"""A plausible, rich `Graph` for tests of views and renderers: three systems, their stores, externals and flows.

Commits, lines and code are invented. `hostile_graph.py` makes of it one with hostile text in it.
"""

from __future__ import annotations

import dataclasses

from extractor.model.graph import (
    SCHEMA_VERSION,
    Call,
    Context,
    Enqueue,
    EtlRow,
    Evidence,
    Finding,
    Flow,
    Gap,
    Graph,
    Hop,
    Inbound,
    Node,
    Place,
    Route,
    Scenario,
    Schedule,
    Setting,
    Skip,
    Source,
    Step,
    Store,
    Task,
)

COMMITS = {"edx-platform": "e" * 40, "mitxonline": "a1b2c3d4" * 5, "micromasters": "0f1e2d3c" * 5}

# id, kind, name, technology, description, parent, group
_NODES = (
    ("learner", "person", "Learner", "", "Takes courses, pays, earns certificates", None, ""),
    ("author", "person", "Course author", "", "Writes and publishes courses", None, ""),
    ("edx", "system", "Open edX", "", "Courseware: learning, authoring, grades", None, ""),
    ("mitxonline", "system", "MITx Online", "", "Enrolment, payment, certificates", None, ""),
    ("micromasters", "system", "MicroMasters", "", "Programmes: batch reads of enrolments and grades", None, ""),
    ("edx.lms", "container", "LMS", "Django", "Learners, REST APIs, OAuth2 provider", "edx", ""),
    ("edx.cms", "container", "Studio", "Django", "Course authoring", "edx", ""),
    ("edx.lms-worker", "container", "LMS worker", "Celery", "Queues: default, high", "edx", ""),
    ("edx.cms-worker", "container", "Studio worker", "Celery", "Queue: cms.default", "edx", ""),
    ("edx.mysql", "database", "MySQL", "MySQL 8", "Users, enrolments, grades", "edx", ""),
    ("edx.mongo", "database", "Modulestore", "MongoDB", "Course structure and content", "edx", ""),
    ("edx.redis", "queue", "Broker", "Redis", "Celery broker", "edx", ""),
    ("edx.search", "search", "Search", "Elasticsearch", "Course index", "edx", ""),
    ("mitxonline.web", "container", "Web", "Django, DRF", "Site, API and webhooks", "mitxonline", ""),
    ("mitxonline.worker", "container", "Worker", "Celery", "Queue: default", "mitxonline", ""),
    ("mitxonline.beat", "container", "Beat", "RedBeat", "Starts scheduled tasks", "mitxonline", ""),
    ("mitxonline.db", "database", "PostgreSQL", "PostgreSQL 15", "Orders, enrolments", "mitxonline", ""),
    ("mitxonline.redis", "queue", "Broker", "Redis", "Celery broker and RedBeat keys", "mitxonline", ""),
    ("mitxonline.cache", "cache", "Cache", "Redis", "Sessions and catalogue pages", "mitxonline", ""),
    ("mitxonline.s3", "storage", "Media", "S3", "Certificates' signatures, images", "mitxonline", ""),
    ("micromasters.web", "container", "Web", "Django", "Dashboard and admin", "micromasters", ""),
    ("micromasters.worker", "container", "Worker", "Celery", "Queues: default, dashboard", "micromasters", ""),
    ("micromasters.beat", "container", "Beat", "Celery beat", "Starts scheduled tasks", "micromasters", ""),
    ("micromasters.db", "database", "PostgreSQL", "PostgreSQL 12", "Cached enrolments and grades", "micromasters", ""),
    ("micromasters.redis", "queue", "Broker", "Redis", "Celery broker", "micromasters", ""),
    ("micromasters.search", "search", "OpenSearch", "OpenSearch", "Learner index", "micromasters", ""),
    ("keycloak", "external", "Keycloak", "OpenID Connect", "Identity provider", None, "Identity"),
    ("hubspot", "external", "HubSpot", "REST", "Deals and contacts", None, "Marketing"),
    ("mailgun", "external", "Mailgun", "REST", "E-mail", None, "E-mail"),
    ("cybersource", "external", "CyberSource", "SOAP", "Payments", None, "Payment"),
    ("sheets", "external", "Google Sheets", "REST", "Refund and deferral requests", None, "Google"),
    ("drive", "external", "Google Drive", "REST", "Watches on sheets", None, "Google"),
    ("forum", "external", "Forum", "REST", "Discussion service", None, ""),
    ("notes", "external", "Notes", "REST", "Student notes service", None, ""),
    ("exchange", "external", "Open Exchange Rates", "REST", "Currency rates", None, "Data"),
    ("posthog", "external", "PostHog", "REST", "Feature flags", None, "Marketing"),
)

# source, target, label, sync, protocol, trigger, cadence, confidence, (repo, path, line, function)
_FLOWS = (
    (
        "learner",
        "edx.lms",
        "course pages",
        1,
        "HTTPS",
        "request",
        "",
        "certain",
        ("edx-platform", "lms/urls.py", 210, "urlpatterns"),
    ),
    (
        "learner",
        "mitxonline.web",
        "catalogue, dashboard, checkout",
        1,
        "HTTPS",
        "request",
        "",
        "certain",
        ("mitxonline", "main/urls.py", 31, "urlpatterns"),
    ),
    (
        "learner",
        "micromasters.web",
        "dashboard",
        1,
        "HTTPS",
        "request",
        "",
        "certain",
        ("micromasters", "micromasters/urls.py", 40, "urlpatterns"),
    ),
    (
        "author",
        "edx.cms",
        "course edits",
        1,
        "HTTPS",
        "request",
        "",
        "certain",
        ("edx-platform", "cms/urls.py", 88, "urlpatterns"),
    ),
    (
        "edx.lms",
        "edx.mysql",
        "users, enrolments",
        1,
        "SQL",
        "request",
        "",
        "certain",
        ("edx-platform", "common/djangoapps/student/models.py", 512, "CourseEnrollment.enroll"),
    ),
    (
        "edx.lms",
        "edx.mongo",
        "course blocks",
        1,
        "MongoDB",
        "request",
        "",
        "certain",
        ("edx-platform", "xmodule/modulestore/mongo/base.py", 633, "MongoModuleStore.get_item"),
    ),
    (
        "edx.cms",
        "edx.mongo",
        "drafts, published versions",
        1,
        "MongoDB",
        "request",
        "",
        "certain",
        ("edx-platform", "xmodule/modulestore/split_mongo/split.py", 1402, "SplitMongoModuleStore.publish"),
    ),
    (
        "edx.cms",
        "edx.redis",
        "publish tasks",
        0,
        "Celery",
        "signal",
        "",
        "certain",
        ("edx-platform", "cms/djangoapps/contentstore/signals/handlers.py", 142, "listen_for_course_publish"),
    ),
    (
        "edx.redis",
        "edx.cms-worker",
        "publish tasks",
        0,
        "Celery",
        "task",
        "",
        "certain",
        ("edx-platform", "cms/djangoapps/contentstore/tasks.py", 78, "update_search_index"),
    ),
    (
        "edx.cms-worker",
        "edx.search",
        "course index",
        1,
        "Elasticsearch",
        "task",
        "",
        "likely",
        ("edx-platform", "cms/djangoapps/contentstore/courseware_index.py", 240, "CoursewareSearchIndexer.index"),
    ),
    (
        "edx.lms",
        "edx.redis",
        "grade tasks",
        0,
        "Celery",
        "signal",
        "",
        "certain",
        ("edx-platform", "lms/djangoapps/grades/signals/handlers.py", 233, "enqueue_subsection_update"),
    ),
    (
        "edx.redis",
        "edx.lms-worker",
        "grade tasks",
        0,
        "Celery",
        "task",
        "",
        "certain",
        ("edx-platform", "lms/djangoapps/grades/tasks.py", 166, "recalculate_subsection_grade_v3"),
    ),
    (
        "edx.lms-worker",
        "edx.mysql",
        "grades",
        1,
        "SQL",
        "task",
        "",
        "certain",
        ("edx-platform", "lms/djangoapps/grades/models.py", 420, "PersistentSubsectionGrade.update_or_create"),
    ),
    (
        "edx.lms",
        "forum",
        "threads, comments",
        1,
        "HTTPS",
        "request",
        "",
        "certain",
        ("edx-platform", "openedx/core/comment_client/requests.py", 64, "perform_request"),
    ),
    (
        "edx.lms",
        "notes",
        "notes, highlights",
        1,
        "HTTPS",
        "request",
        "",
        "possible",
        ("edx-platform", "lms/djangoapps/edxnotes/helpers.py", 116, "send_request"),
    ),
    (
        "edx.lms",
        "mitxonline.web",
        "enrolment webhook",
        1,
        "HTTPS",
        "request",
        "",
        "likely",
        ("edx-platform", "lms/djangoapps/ol_webhooks/receivers.py", 20, "on_enroll"),
    ),
    (
        "mitxonline.web",
        "mitxonline.db",
        "orders, enrolments",
        1,
        "SQL",
        "request",
        "",
        "certain",
        ("mitxonline", "courses/api.py", 210, "create_run_enrollments"),
    ),
    (
        "mitxonline.web",
        "mitxonline.cache",
        "sessions, pages",
        1,
        "Redis",
        "request",
        "",
        "certain",
        ("mitxonline", "cms/models.py", 88, "CatalogPage.get_context"),
    ),
    (
        "mitxonline.web",
        "mitxonline.s3",
        "media files",
        1,
        "S3",
        "request",
        "",
        "certain",
        ("mitxonline", "main/settings.py", 640, "STORAGES"),
    ),
    (
        "mitxonline.web",
        "mitxonline.redis",
        "enrolment, HubSpot and e-mail tasks",
        0,
        "Celery",
        "request",
        "",
        "certain",
        ("mitxonline", "hubspot_sync/task_helpers.py", 22, "sync_hubspot_order"),
    ),
    (
        "mitxonline.beat",
        "mitxonline.redis",
        "scheduled tasks",
        0,
        "Celery",
        "schedule",
        "see timetable",
        "certain",
        ("mitxonline", "main/settings.py", 770, "CELERY_BEAT_SCHEDULE"),
    ),
    (
        "mitxonline.redis",
        "mitxonline.worker",
        "tasks",
        0,
        "Celery",
        "task",
        "",
        "certain",
        ("mitxonline", "openedx/tasks.py", 18, "retry_failed_edx_enrollments"),
    ),
    (
        "mitxonline.worker",
        "mitxonline.db",
        "enrolments, grades, certificates",
        1,
        "SQL",
        "task",
        "",
        "certain",
        ("mitxonline", "courses/tasks.py", 25, "generate_course_certificates"),
    ),
    (
        "mitxonline.web",
        "edx.lms",
        "POST enrollment",
        1,
        "HTTPS",
        "request",
        "",
        "certain",
        ("mitxonline", "openedx/api.py", 812, "enroll_in_edx_course_runs"),
    ),
    (
        "mitxonline.web",
        "edx.lms",
        "POST user registration",
        1,
        "HTTPS",
        "request",
        "",
        "certain",
        ("mitxonline", "openedx/api.py", 140, "create_edx_user"),
    ),
    (
        "mitxonline.web",
        "edx.lms",
        "OAuth2 token",
        1,
        "HTTPS",
        "request",
        "",
        "certain",
        ("mitxonline", "openedx/api.py", 402, "create_edx_auth_token"),
    ),
    (
        "mitxonline.worker",
        "edx.lms",
        "POST enrollment (retry)",
        0,
        "HTTPS",
        "schedule",
        "every 30 minutes",
        "certain",
        ("mitxonline", "openedx/api.py", 901, "retry_failed_edx_enrollments"),
    ),
    (
        "mitxonline.worker",
        "edx.lms",
        "current grades",
        0,
        "HTTPS",
        "schedule",
        "daily at 06:15 UTC",
        "certain",
        ("mitxonline", "courses/api.py", 640, "sync_course_run_grades"),
    ),
    (
        "mitxonline.worker",
        "edx.cms",
        "course runs",
        0,
        "HTTPS",
        "schedule",
        "hourly at minute 5",
        "likely",
        ("mitxonline", "openedx/api.py", 1203, "get_edx_api_course_list_client"),
    ),
    (
        "mitxonline.web",
        "keycloak",
        "sign-in, tokens",
        1,
        "HTTPS",
        "request",
        "",
        "certain",
        ("mitxonline", "authentication/backends/ol_open_id_connect.py", 14, "OlOpenIdConnectAuth"),
    ),
    (
        "edx.lms",
        "keycloak",
        "sign-in, tokens",
        1,
        "HTTPS",
        "request",
        "",
        "likely",
        ("edx-platform", "common/djangoapps/third_party_auth/pipeline.py", 700, "login"),
    ),
    (
        "mitxonline.worker",
        "hubspot",
        "deals, contacts",
        0,
        "HTTPS",
        "task",
        "",
        "certain",
        ("mitxonline", "hubspot_sync/api.py", 333, "sync_deal_with_hubspot"),
    ),
    (
        "mitxonline.worker",
        "sheets",
        "refund requests",
        0,
        "HTTPS",
        "schedule",
        "every 60 minutes",
        "certain",
        ("mitxonline", "sheets/refund_request_api.py", 60, "RefundRequestHandler.process"),
    ),
    (
        "mitxonline.worker",
        "drive",
        "file watches",
        0,
        "HTTPS",
        "schedule",
        "every 12 hours",
        "likely",
        ("mitxonline", "sheets/tasks.py", 40, "renew_file_watches"),
    ),
    (
        "mitxonline.web",
        "cybersource",
        "payment",
        1,
        "HTTPS",
        "request",
        "",
        "likely",
        ("mitxonline", "ecommerce/api.py", 95, "generate_checkout_payload"),
    ),
    (
        "mitxonline.worker",
        "mailgun",
        "receipts, enrolment e-mail",
        0,
        "HTTPS",
        "task",
        "",
        "certain",
        ("mitxonline", "mail/api.py", 47, "send_messages"),
    ),
    (
        "mitxonline.web",
        "posthog",
        "feature flags",
        1,
        "HTTPS",
        "request",
        "",
        "certain",
        ("mitxonline", "main/features.py", 55, "is_enabled"),
    ),
    (
        "micromasters.web",
        "micromasters.db",
        "profiles, cached grades",
        1,
        "SQL",
        "request",
        "",
        "certain",
        ("micromasters", "dashboard/api.py", 120, "get_user_program_info"),
    ),
    (
        "micromasters.beat",
        "micromasters.redis",
        "scheduled tasks",
        0,
        "Celery",
        "schedule",
        "see timetable",
        "certain",
        ("micromasters", "micromasters/settings.py", 430, "CELERY_BEAT_SCHEDULE"),
    ),
    (
        "micromasters.redis",
        "micromasters.worker",
        "tasks",
        0,
        "Celery",
        "task",
        "",
        "certain",
        ("micromasters", "dashboard/tasks.py", 44, "batch_update_user_data"),
    ),
    (
        "micromasters.worker",
        "edx.lms",
        "enrolments",
        0,
        "HTTPS",
        "schedule",
        "Fridays, every 6 hours, UTC",
        "certain",
        ("micromasters", "dashboard/api_edx_cache.py", 230, "CachedEdxDataApi.update_cached_enrollments"),
    ),
    (
        "micromasters.worker",
        "edx.lms",
        "certificates",
        0,
        "HTTPS",
        "schedule",
        "Fridays, every 6 hours, UTC",
        "certain",
        ("micromasters", "dashboard/api_edx_cache.py", 262, "CachedEdxDataApi.update_cached_certificates"),
    ),
    (
        "micromasters.worker",
        "edx.lms",
        "current grades",
        0,
        "HTTPS",
        "schedule",
        "Fridays, every 6 hours, UTC",
        "certain",
        ("micromasters", "dashboard/api_edx_cache.py", 291, "CachedEdxDataApi.update_cached_current_grades"),
    ),
    (
        "micromasters.web",
        "edx.lms",
        "OAuth2 refresh",
        1,
        "HTTPS",
        "request",
        "",
        "certain",
        ("micromasters", "backends/utils.py", 25, "refresh_user_token"),
    ),
    (
        "micromasters.worker",
        "micromasters.db",
        "enrolments, certificates, grades",
        1,
        "SQL",
        "task",
        "",
        "certain",
        ("micromasters", "dashboard/models.py", 140, "CachedEnrollment.update"),
    ),
    (
        "micromasters.worker",
        "micromasters.search",
        "learner documents",
        1,
        "OpenSearch",
        "task",
        "",
        "certain",
        ("micromasters", "search/indexing_api.py", 300, "index_program_enrolled_users"),
    ),
    (
        "micromasters.worker",
        "exchange",
        "currency rates",
        0,
        "HTTPS",
        "schedule",
        "daily at 03:00 UTC",
        "certain",
        ("micromasters", "financialaid/tasks.py", 19, "sync_currency_exchange_rates"),
    ),
    (
        "micromasters.web",
        "mailgun",
        "course team e-mail",
        1,
        "HTTPS",
        "request",
        "",
        "certain",
        ("micromasters", "mail/api.py", 71, "MailgunClient.send_batch"),
    ),
    (
        "micromasters.web",
        "mitxonline.web",
        "course catalogue",
        1,
        "HTTPS",
        "request",
        "",
        "likely",
        ("micromasters", "courses/mitxonline.py", 33, "fetch_catalogue"),
    ),
)

# id, repo, name, path, line, queue, summary, service
_TASKS = (
    (
        "edx-platform",
        "cms.djangoapps.contentstore.tasks.update_search_index",
        "cms/djangoapps/contentstore/tasks.py",
        78,
        "cms.default",
        "Updates the course search index.",
        "cms",
    ),
    (
        "edx-platform",
        "lms.djangoapps.grades.tasks.recalculate_subsection_grade_v3",
        "lms/djangoapps/grades/tasks.py",
        166,
        "high",
        "Saves an updated subsection grade.",
        "lms",
    ),
    (
        "mitxonline",
        "openedx.tasks.retry_failed_edx_enrollments",
        "openedx/tasks.py",
        18,
        "default",
        "Retries enrolments that failed in Open edX.",
        "",
    ),
    (
        "mitxonline",
        "courses.tasks.generate_course_certificates",
        "courses/tasks.py",
        25,
        "default",
        "Makes certificates for runs that ended.",
        "",
    ),
    ("mitxonline", "openedx.tasks.sync_courseruns", "openedx/tasks.py", 52, "default", "Reads course runs.", ""),
    (
        "mitxonline",
        "hubspot_sync.tasks.sync_deal_with_hubspot",
        "hubspot_sync/tasks.py",
        61,
        "hubspot_sync",
        "Sends an order to HubSpot.",
        "",
    ),
    ("mitxonline", "sheets.tasks.process_refund_requests", "sheets/tasks.py", 22, "default", "Reads refunds.", ""),
    ("mitxonline", "sheets.tasks.renew_file_watches", "sheets/tasks.py", 40, None, "Renews the watches.", ""),
    (
        "micromasters",
        "dashboard.tasks.batch_update_user_data",
        "dashboard/tasks.py",
        44,
        "dashboard",
        "Refreshes every learner's cached edX data.",
        "",
    ),
    (
        "micromasters",
        "dashboard.tasks.batch_update_user_data_subtasks",
        "dashboard/tasks.py",
        101,
        "dashboard",
        "Refreshes the cached edX data of some learners.",
        "",
    ),
    (
        "micromasters",
        "financialaid.tasks.sync_currency_exchange_rates",
        "financialaid/tasks.py",
        19,
        None,
        "Stores today's currency rates.",
        "",
    ),
    ("micromasters", "search.tasks.start_recreate_index", "search/tasks.py", 210, "search", "Rebuilds the index.", ""),
)

# repo, key, task, schedule, cadence, path, line, note
_SCHEDULES = (
    (
        "mitxonline",
        "retry-failed-edx-enrollments",
        "openedx.tasks.retry_failed_edx_enrollments",
        "interval: 1800 s, offset 900 s",
        "every 30 minutes, offset 15 minutes",
        "main/settings.py",
        772,
        "RedBeat runs this entry every 45 minutes: it adds the offset to the interval",
    ),
    (
        "mitxonline",
        "generate-course-certificate",
        "courses.tasks.generate_course_certificates",
        "crontab: 15 6 * * *",
        "daily at 06:15 UTC",
        "main/settings.py",
        790,
        "",
    ),
    (
        "mitxonline",
        "sync-courseruns",
        "openedx.tasks.sync_courseruns",
        "crontab: 5 * * * *",
        "hourly at minute 5",
        "main/settings.py",
        801,
        "",
    ),
    (
        "mitxonline",
        "process-refunds",
        "sheets.tasks.process_refund_requests",
        "interval: 3600 s",
        "every 60 minutes",
        "main/settings.py",
        812,
        "",
    ),
    (
        "mitxonline",
        "renew-watches",
        "sheets.tasks.renew_file_watches",
        "interval: 43200 s",
        "every 12 hours",
        "main/settings.py",
        823,
        "",
    ),
    (
        "mitxonline",
        "gone",
        "courses.tasks.no_longer_here",
        "crontab: 0 4 * * 1-5",
        "weekdays at 04:00 UTC",
        "main/settings.py",
        834,
        "",
    ),
    (
        "micromasters",
        "batch-update-user-data",
        "dashboard.tasks.batch_update_user_data",
        "crontab: 0 */6 * * 5",
        "Fridays, every 6 hours, UTC",
        "micromasters/settings.py",
        431,
        "",
    ),
    (
        "micromasters",
        "update-currency-exchange-rates",
        "financialaid.tasks.sync_currency_exchange_rates",
        "crontab: 0 3 * * *",
        "daily at 03:00 UTC",
        "micromasters/settings.py",
        440,
        "",
    ),
    (
        "micromasters",
        "recreate-index",
        "search.tasks.start_recreate_index",
        "unknown: settings.REINDEX_SCHEDULE",
        "unknown",
        "micromasters/settings.py",
        449,
        "",
    ),
)

# repo, service, pattern, name, view, methods, path, line, deprecated
_ROUTES = (
    (
        "edx-platform",
        "lms",
        "/api/enrollment/v1/enrollment",
        "courseenrollments",
        "openedx.core.djangoapps.enrollments.views.EnrollmentListView",
        ("GET", "POST"),
        "openedx/core/djangoapps/enrollments/urls.py",
        30,
        "",
    ),
    (
        "edx-platform",
        "lms",
        "/api/user/v2/account/registration/",
        "user_api_registration",
        "openedx.core.djangoapps.user_authn.views.register.RegistrationView",
        ("GET", "POST"),
        "openedx/core/djangoapps/user_authn/urls.py",
        22,
        "",
    ),
    (
        "edx-platform",
        "lms",
        "/oauth2/access_token/",
        "access_token",
        "openedx.core.djangoapps.oauth_dispatch.views.AccessTokenView",
        ("POST",),
        "openedx/core/djangoapps/oauth_dispatch/urls.py",
        18,
        "",
    ),
    (
        "edx-platform",
        "lms",
        "/api/grades/v1/courses/<course_id>/",
        "course_grades",
        "lms.djangoapps.grades.rest_api.v1.views.CourseGradesView",
        ("GET",),
        "lms/djangoapps/grades/urls.py",
        14,
        "",
    ),
    (
        "edx-platform",
        "lms",
        "/api/certificates/v0/certificates/<username>/courses/<course_id>/",
        "certificate",
        "lms.djangoapps.certificates.apis.v0.views.CertificatesDetailView",
        ("GET",),
        "lms/djangoapps/certificates/urls.py",
        40,
        "",
    ),
    (
        "edx-platform",
        "lms",
        "/courses/<course_id>/courseware/",
        "courseware",
        "lms.djangoapps.courseware.views.index.CoursewareIndex",
        ("GET",),
        "lms/urls.py",
        210,
        "moved to the MFE",
    ),
    (
        "edx-platform",
        "cms",
        "/api/v1/course_runs/",
        "course_run-list",
        "cms.djangoapps.api.v1.views.course_runs.CourseRunViewSet",
        ("GET", "POST", "PATCH"),
        "cms/urls.py",
        88,
        "",
    ),
    (
        "edx-platform",
        "cms",
        "/course/<course_key>",
        "course_handler",
        "cms.djangoapps.contentstore.views.course.course_handler",
        (),
        "cms/urls.py",
        97,
        "",
    ),
    (
        "mitxonline",
        "web",
        "/api/v1/enrollments/",
        "enrollments-list",
        "courses.views.v1.UserEnrollmentsApiViewSet",
        ("GET", "POST"),
        "courses/urls/v1/urls.py",
        20,
        "",
    ),
    (
        "mitxonline",
        "web",
        "/api/v1/courses/",
        "courses_api-list",
        "courses.views.v1.CourseViewSet",
        ("GET",),
        "courses/urls/v1/urls.py",
        12,
        "use /api/v2/courses/",
    ),
    (
        "mitxonline",
        "web",
        "/api/openedx_webhook/enrollment/",
        "openedx-enrollment-webhook",
        "openedx.views.edx_enrollment_webhook",
        ("POST",),
        "openedx/urls.py",
        9,
        "",
    ),
    ("mitxonline", "web", "/login/", "login", "authentication.views.login", ("GET",), "authentication/urls.py", 11, ""),
    (
        "micromasters",
        "web",
        "/api/v0/dashboard/<username>/",
        "dashboard_api",
        "dashboard.views.UserDashboard",
        ("GET",),
        "dashboard/urls.py",
        8,
        "",
    ),
    (
        "micromasters",
        "web",
        "/api/v0/mail/course/<course_id>/",
        "course_team_mail_api",
        "mail.views.CourseTeamMailView",
        ("POST",),
        "mail/urls.py",
        15,
        "",
    ),
)

# flow index (by label and source), url, method, setting, route pattern or None, timeout, context
_CALLS = (
    (
        "mitxonline.web",
        "POST enrollment",
        "{setting:OPENEDX_API_BASE_URL}/api/enrollment/v1/enrollment",
        "POST",
        "OPENEDX_API_BASE_URL",
        "/api/enrollment/v1/enrollment",
        "no",
        ("request", "/api/v1/enrollments/"),
    ),
    (
        "mitxonline.web",
        "POST user registration",
        "{setting:OPENEDX_API_BASE_URL}/api/user/v2/account/registration/",
        "POST",
        "OPENEDX_API_BASE_URL",
        "/api/user/v2/account/registration/",
        "no",
        ("request", "/login/"),
    ),
    (
        "mitxonline.web",
        "OAuth2 token",
        "{setting:OPENEDX_API_BASE_URL}/oauth2/access_token/",
        "POST",
        "OPENEDX_API_BASE_URL",
        "/oauth2/access_token/",
        "yes",
        ("request", "/login/"),
    ),
    (
        "mitxonline.worker",
        "POST enrollment (retry)",
        "{setting:OPENEDX_API_BASE_URL}/api/enrollment/v1/enrollment",
        "POST",
        "OPENEDX_API_BASE_URL",
        "/api/enrollment/v1/enrollment",
        "no",
        ("task", "openedx.tasks.retry_failed_edx_enrollments"),
    ),
    (
        "mitxonline.worker",
        "current grades",
        "{setting:OPENEDX_API_BASE_URL}/api/grades/v1/courses/{arg:course_id}/",
        "GET",
        "OPENEDX_API_BASE_URL",
        "/api/grades/v1/courses/<course_id>/",
        "yes",
        ("task", "courses.tasks.generate_course_certificates"),
    ),
    (
        "mitxonline.worker",
        "course runs",
        "{setting:OPENEDX_STUDIO_API_BASE_URL}/api/v1/course_runs/",
        "GET",
        "OPENEDX_STUDIO_API_BASE_URL",
        "/api/v1/course_runs/",
        "unknown",
        ("task", "openedx.tasks.sync_courseruns"),
    ),
    (
        "mitxonline.worker",
        "deals, contacts",
        "https://api.hubapi.com/crm/v3/objects/deals",
        "POST",
        None,
        None,
        "unknown",
        ("task", "hubspot_sync.tasks.sync_deal_with_hubspot"),
    ),
    (
        "mitxonline.worker",
        "refund requests",
        "https://sheets.googleapis.com/v4/spreadsheets/{arg:sheet_id}",
        "GET",
        None,
        None,
        "unknown",
        ("task", "sheets.tasks.process_refund_requests"),
    ),
    (
        "mitxonline.worker",
        "file watches",
        "https://www.googleapis.com/drive/v3/files/{arg:file_id}/watch",
        "POST",
        None,
        None,
        "unknown",
        ("task", "sheets.tasks.renew_file_watches"),
    ),
    (
        "micromasters.worker",
        "enrolments",
        "{setting:MITXONLINE_BASE_URL}/api/enrollment/v1/enrollment",
        "GET",
        "MITXONLINE_BASE_URL",
        "/api/enrollment/v1/enrollment",
        "no",
        ("task", "dashboard.tasks.batch_update_user_data"),
    ),
    (
        "micromasters.worker",
        "certificates",
        "{setting:MITXONLINE_BASE_URL}/api/certificates/v0/certificates/{arg:username}/courses/{arg:course_id}/",
        "GET",
        "MITXONLINE_BASE_URL",
        "/api/certificates/v0/certificates/<username>/courses/<course_id>/",
        "no",
        ("task", "dashboard.tasks.batch_update_user_data"),
    ),
    (
        "micromasters.worker",
        "current grades",
        "{setting:MITXONLINE_BASE_URL}/api/grades/v1/courses/{arg:course_id}/",
        "GET",
        "MITXONLINE_BASE_URL",
        "/api/grades/v1/courses/<course_id>/",
        "no",
        ("task", "dashboard.tasks.batch_update_user_data"),
    ),
    (
        "micromasters.worker",
        "currency rates",
        "https://openexchangerates.org/api/latest.json",
        "GET",
        "OPEN_EXCHANGE_RATES_URL",
        None,
        "no",
        ("task", "financialaid.tasks.sync_currency_exchange_rates"),
    ),
    (
        "micromasters.web",
        "course team e-mail",
        "https://api.mailgun.net/v3/{setting:MAILGUN_DOMAIN}/messages",
        "POST",
        "MAILGUN_URL",
        None,
        "no",
        ("request", "/api/v0/mail/course/<course_id>/"),
    ),
    (
        "micromasters.web",
        "course catalogue",
        "http://mitxonline.example.org/api/v1/courses/",
        "GET",
        None,
        "/api/v1/courses/",
        "no",
        ("command", "seed_catalogue"),
    ),
)

# repo, service, system (node), kind, operation, setting, engine, path, line, function
_STORES = (
    (
        "mitxonline",
        "web",
        "mitxonline.db",
        "database",
        "both",
        "DATABASE_URL",
        "postgresql",
        "courses/api.py",
        210,
        "create_run_enrollments",
        ("request", "/api/v1/enrollments/"),
    ),
    (
        "mitxonline",
        "web",
        "mitxonline.cache",
        "cache",
        "both",
        "REDIS_URL",
        "redis",
        "cms/models.py",
        88,
        "CatalogPage.get_context",
        ("request", "/api/v1/courses/"),
    ),
    (
        "mitxonline",
        "worker",
        "mitxonline.db",
        "database",
        "write",
        "DATABASE_URL",
        "postgresql",
        "courses/tasks.py",
        25,
        "generate_course_certificates",
        ("task", "courses.tasks.generate_course_certificates"),
    ),
    (
        "mitxonline",
        "web",
        "mitxonline.s3",
        "storage",
        "write",
        "AWS_STORAGE_BUCKET_NAME",
        "s3",
        "main/settings.py",
        640,
        "STORAGES",
        ("startup", "settings"),
    ),
    (
        "micromasters",
        "worker",
        "micromasters.db",
        "database",
        "write",
        "DATABASE_URL",
        "postgresql",
        "dashboard/models.py",
        140,
        "CachedEnrollment.update",
        ("task", "dashboard.tasks.batch_update_user_data"),
    ),
    (
        "micromasters",
        "worker",
        "micromasters.search",
        "search",
        "write",
        "OPENSEARCH_URL",
        "opensearch",
        "search/indexing_api.py",
        300,
        "index_program_enrolled_users",
        ("task", "search.tasks.start_recreate_index"),
    ),
    (
        "edx-platform",
        "lms",
        "edx.mysql",
        "database",
        "both",
        "DATABASES",
        "mysql",
        "common/djangoapps/student/models.py",
        512,
        "CourseEnrollment.enroll",
        ("request", "/api/enrollment/v1/enrollment"),
    ),
    (
        "edx-platform",
        "lms",
        "edx.mongo",
        "database",
        "read",
        "MODULESTORE",
        "mongodb",
        "xmodule/modulestore/mongo/base.py",
        633,
        "MongoModuleStore.get_item",
        ("request", "/courses/<course_id>/courseware/"),
    ),
)

# repo, service, name, default, env, system, path, line, kind, required
_SETTINGS = (
    (
        "mitxonline",
        "web",
        "OPENEDX_API_BASE_URL",
        "http://edx.odl.local:18000",
        "OPENEDX_API_BASE_URL",
        "edx",
        "main/settings.py",
        611,
        "url",
        True,
    ),
    (
        "mitxonline",
        "web",
        "OPENEDX_STUDIO_API_BASE_URL",
        None,
        "OPENEDX_STUDIO_API_BASE_URL",
        "edx",
        "main/settings.py",
        618,
        "url",
        True,
    ),
    (
        "mitxonline",
        "web",
        "DATABASE_URL",
        "postgres://postgres:***@localhost/mitxonline",
        "DATABASE_URL",
        "mitxonline.db",
        "main/settings.py",
        240,
        "database",
        True,
    ),
    ("mitxonline", "web", "REDIS_URL", None, "REDIS_URL", "mitxonline.redis", "main/settings.py", 700, "broker", False),
    (
        "mitxonline",
        "web",
        "MITOL_HUBSPOT_API_PRIVATE_TOKEN",
        None,
        "MITOL_HUBSPOT_API_PRIVATE_TOKEN",
        "hubspot",
        "main/settings.py",
        905,
        "credential",
        False,
    ),
    (
        "mitxonline",
        "web",
        "OLD_SERVICE_URL",
        "https://old.example.org",
        "OLD_SERVICE_URL",
        None,
        "main/settings.py",
        990,
        "url",
        False,
    ),
    (
        "micromasters",
        "web",
        "MITXONLINE_BASE_URL",
        "https://courses.mitxonline.mit.edu",
        "MITXONLINE_BASE_URL",
        "edx",
        "micromasters/settings.py",
        601,
        "url",
        False,
    ),
    (
        "micromasters",
        "web",
        "OPENSEARCH_URL",
        None,
        "OPENSEARCH_URL",
        "micromasters.search",
        "micromasters/settings.py",
        540,
        "search",
        True,
    ),
    (
        "edx-platform",
        "lms",
        "COMMENTS_SERVICE_URL",
        "http://localhost:18080",
        "COMMENTS_SERVICE_URL",
        "forum",
        "lms/envs/common.py",
        2780,
        "url",
        False,
    ),
)

# id, rule, severity, message, repo, path, line, flow label, remedy, suppressed
_FINDINGS = (
    (
        "no-timeout",
        "medium",
        "The request has no timeout: a slow LMS holds the web process",
        "mitxonline",
        "openedx/api.py",
        812,
        "POST enrollment",
        "Pass timeout= to the session's request",
        "",
    ),
    (
        "plain-http",
        "high",
        "The catalogue is read over plain http",
        "micromasters",
        "courses/mitxonline.py",
        33,
        "course catalogue",
        "Use https",
        "",
    ),
    (
        "hardcoded-host",
        "medium",
        "The host is written into the code",
        "micromasters",
        "courses/mitxonline.py",
        33,
        "course catalogue",
        "Read the host from a setting",
        "",
    ),
    (
        "deprecated-endpoint",
        "low",
        "The target marks /api/v1/courses/ as deprecated: use /api/v2/courses/",
        "micromasters",
        "courses/mitxonline.py",
        33,
        "course catalogue",
        "Call /api/v2/courses/",
        "",
    ),
    (
        "no-timeout",
        "medium",
        "Three requests of the batch have no timeout",
        "micromasters",
        "dashboard/api_edx_cache.py",
        291,
        "current grades",
        "Give the client a timeout",
        "",
    ),
    (
        "schedule-unresolved",
        "high",
        "The beat entry `gone` names a task that does not exist",
        "mitxonline",
        "main/settings.py",
        834,
        "",
        "Delete the entry or restore courses.tasks.no_longer_here",
        "",
    ),
    (
        "credentials-in-code",
        "high",
        "A token stands in the code",
        "mitxonline",
        "localdev/seed.py",
        12,
        "",
        "Read it from the environment",
        "seed data of local development only",
    ),
)

_GAPS = (
    (
        "unresolved-call",
        "mitxonline",
        "flexiblepricing/tasks.py",
        70,
        "requests.get(url)",
        "`url` comes from a database row",
        "Name the host in the estate file: hosts:",
    ),
    (
        "unresolved-call",
        "micromasters",
        "exams/pearson/sftp.py",
        33,
        "pysftp.Connection(host=...)",
        "SFTP host is read from a setting without default",
        "Name the setting's system in the estate file: settings:",
    ),
    (
        "ambiguous-match",
        "mitxonline",
        "users/api.py",
        45,
        "GET /api/v0/users/me/",
        "two services serve this path and the base is unknown",
        "Name the base setting's system in the estate file",
    ),
    (
        "schedule-unresolved",
        "micromasters",
        "micromasters/settings.py",
        449,
        "recreate-index",
        "the schedule is the value of settings.REINDEX_SCHEDULE, set nowhere",
        "Give the value in the estate's values",
    ),
)


def sample_graph() -> Graph:
    """The sample, whole. Deterministic; ids are made of content as the extractor makes them."""
    flows, routes = _flows(), _routes()
    calls = _calls(flows, routes)
    findings = _findings(flows)
    flows = _joined(flows, calls, findings)
    return Graph(
        schema=SCHEMA_VERSION,
        version="0.1.0",
        generated="2026-01-05T04:00:00Z",
        estate="Sample course platform",
        sources=_sources(),
        tasks=_tasks(),
        schedules=_schedules(),
        enqueues=_enqueues(),
        routes=routes,
        calls=calls,
        stores=_stores(),
        settings=_settings(),
        inbound=_inbound(routes),
        findings=findings,
        gaps=_gaps(),
        nodes=_nodes(),
        flows=flows,
        scenarios=_scenarios(flows),
        etl=_etl(flows),
    )


def _evidence(repo: str, path: str, line: int, role: str, text: str = "") -> Evidence:
    return Evidence(repo, COMMITS[repo], path, line, line + 3, role, text)


def _sources() -> tuple[Source, ...]:
    web = "https://github.com/example/{name}/blob/{{commit}}/{{path}}#L{{line}}-L{{end_line}}"
    skips = (Skip("legacy/py2_script.py", "Python 2 syntax: print statement at line 3"),)
    return tuple(
        Source(
            name=name,
            url=f"https://github.com/example/{name}.git",
            ref="main",
            commit=commit,
            modules=modules,
            skipped=skipped,
            set_aside=(("tests", tests),),
            web=web.format(name=name),
            kind="repository",
            stale=stale,
        )
        for name, commit, modules, skipped, tests, stale in (
            ("edx-platform", COMMITS["edx-platform"], 3812, skips, 1400, False),
            ("micromasters", COMMITS["micromasters"], 411, (), 160, True),
            ("mitxonline", COMMITS["mitxonline"], 502, (), 190, False),
        )
    )


def _repo_of(node: str) -> str | None:
    return {"edx": "edx-platform", "mitxonline": "mitxonline", "micromasters": "micromasters"}.get(node.split(".")[0])


def _nodes() -> tuple[Node, ...]:
    nodes = []
    for ident, kind, name, technology, description, parent, group in _NODES:
        repo = _repo_of(ident)
        evidence = (_evidence(repo, "docker-compose.yml", 4, "runtime", f"  {ident}:"),) if repo and parent else ()
        service = ident.split(".")[1].split("-")[0] if kind == "container" else None
        scope = "external" if kind == "external" else "estate"
        nodes.append(
            Node(
                id=ident,
                kind=kind,
                name=name,
                technology=technology,
                description=description,
                parent=parent,
                evidence=evidence,
                group=group,
                scope=scope,
                repo=repo,
                role={"Celery": "worker", "Celery beat": "beat"}.get(technology, "web") if service else "",
                service=service,
            )
        )
    return tuple(sorted(nodes, key=lambda node: node.id))


def _flow_id(source: str, target: str, label: str) -> str:
    return f"{source}-{target}-{label}".lower().replace(" ", "-").replace(",", "").replace("(", "").replace(")", "")


def _flows() -> tuple[Flow, ...]:
    flows = []
    for source, target, label, sync, protocol, trigger, cadence, confidence, (repo, path, line, function) in _FLOWS:
        evidence: tuple[Evidence, ...] = (_evidence(repo, path, line, "call", f"client.send({label!r})"),)
        chain: tuple[Hop, ...] = ()
        if trigger in ("schedule", "task") and protocol == "HTTPS":
            settings = "micromasters/settings.py" if repo == "micromasters" else "main/settings.py"
            evidence += (_evidence(repo, settings, 431, "schedule", '"schedule": crontab(...)'),)
            chain = (
                Hop(repo, settings, 431, "CELERY_BEAT_SCHEDULE", "schedule"),
                Hop(repo, path.split("/")[0] + "/tasks.py", 44, "task entry", "enqueue"),
                Hop(repo, path, line, function, "call"),
            )
        elif trigger == "request":
            chain = (
                Hop(repo, path.split("/")[0] + "/urls.py", 20, "urlpatterns", "route"),
                Hop(repo, path, line, function, "call"),
            )
        flows.append(
            Flow(
                id=_flow_id(source, target, label),
                source=source,
                target=target,
                label=label,
                sync=bool(sync),
                protocol=protocol,
                data=label,
                trigger=trigger,
                cadence=cadence,
                confidence=confidence,
                evidence=evidence,
                why=f"{confidence}: base setting names the system",
                chain=chain,
            )
        )
    return tuple(sorted(flows, key=lambda flow: flow.id))


def _tasks() -> tuple[Task, ...]:
    return tuple(
        sorted(
            (
                Task(
                    id=f"{repo}:{name}",
                    repo=repo,
                    name=name,
                    path=path,
                    line=line,
                    end_line=line + 20,
                    function=name.rsplit(".", 1)[1],
                    queue=queue,
                    services=(service,) if service else (),
                    summary=summary,
                )
                for repo, name, path, line, queue, summary, service in _TASKS
            ),
            key=lambda task: task.id,
        )
    )


def _schedules() -> tuple[Schedule, ...]:
    known = {task.id for task in _tasks()}
    return tuple(
        sorted(
            (
                Schedule(
                    id=f"{repo}:{key}",
                    repo=repo,
                    key=key,
                    task=task,
                    task_id=f"{repo}:{task}" if f"{repo}:{task}" in known else None,
                    schedule=schedule,
                    cadence=cadence,
                    path=path,
                    line=line,
                    end_line=line + 5,
                    note=note,
                )
                for repo, key, task, schedule, cadence, path, line, note in _SCHEDULES
            ),
            key=lambda item: item.id,
        )
    )


def _enqueues() -> tuple[Enqueue, ...]:
    rows = (
        (
            "mitxonline",
            "hubspot_sync/task_helpers.py",
            22,
            "sync_hubspot_order",
            "hubspot_sync.tasks.sync_deal_with_hubspot",
            "delay",
            ("request", "/api/v1/enrollments/"),
        ),
        (
            "micromasters",
            "dashboard/tasks.py",
            80,
            "batch_update_user_data",
            "dashboard.tasks.batch_update_user_data_subtasks",
            "group",
            ("task", "dashboard.tasks.batch_update_user_data"),
        ),
        (
            "edx-platform",
            "cms/djangoapps/contentstore/signals/handlers.py",
            142,
            "listen_for_course_publish",
            "cms.djangoapps.contentstore.tasks.update_search_index",
            "delay",
            ("request", "/course/<course_key>"),
        ),
        ("mitxonline", "main/tasks_dispatch.py", 10, "dispatch", None, "apply_async", ("unknown", "")),
    )
    return tuple(
        Enqueue(
            id=f"{repo}:{function}:{task}:{how}",
            repo=repo,
            path=path,
            line=line,
            end_line=line,
            function=function,
            task=task,
            how=how,
            task_id=f"{repo}:{task}" if task else None,
            queue=None,
            contexts=(Context(*context),),
            confidence="certain" if task else "possible",
            note="" if task else "the task is an argument",
        )
        for repo, path, line, function, task, how, context in rows
    )


def _routes() -> tuple[Route, ...]:
    return tuple(
        sorted(
            (
                Route(
                    id=f"{repo}:{service}:{pattern}",
                    repo=repo,
                    service=service,
                    pattern=pattern,
                    name=name,
                    view=view,
                    methods=methods,
                    path=path,
                    line=line,
                    view_path=view.rsplit(".", 1)[0].replace(".", "/") + ".py",
                    view_line=30,
                    deprecated=deprecated,
                )
                for repo, service, pattern, name, view, methods, path, line, deprecated in _ROUTES
            ),
            key=lambda route: route.id,
        )
    )


def _calls(flows: tuple[Flow, ...], routes: tuple[Route, ...]) -> tuple[Call, ...]:
    by_key, by_pattern = {(f.source, f.label): f for f in flows}, {route.pattern: route.id for route in routes}
    calls = []
    for source, label, url, method, setting, pattern, timeout, context in _CALLS:
        flow = by_key[source, label]
        spot, system = flow.evidence[0], flow.target.split(".")[0]
        function = flow.chain[-1].function
        calls.append(
            Call(
                id=f"{spot.repo}:{function}:{label}",
                repo=spot.repo,
                path=spot.path,
                line=spot.line,
                end_line=spot.end_line,
                function=function,
                via="requests.Session.request",
                system=system,
                http_method=method,
                url=url,
                base_setting=setting,
                route_id=by_pattern[pattern] if pattern else None,
                timeout=timeout,
                contexts=(Context(*context),),
                confidence=flow.confidence,
                label=label,
                auth="OAuth2 client credentials" if system == "edx" else "",
                service=source.split(".")[1],
                known_by="setting" if setting else "estate host",
                why=flow.why,
                chains=(flow.chain,),
            )
        )
    return tuple(sorted(calls, key=lambda call: call.id))


def _stores() -> tuple[Store, ...]:
    return tuple(
        Store(
            id=f"{repo}:{system}:{function}",
            repo=repo,
            service=service,
            system=system,
            kind=kind,
            operation=operation,
            setting=setting,
            engine=engine,
            path=path,
            line=line,
            end_line=line + 2,
            function=function,
            contexts=(Context(*context),),
            via="django.db.models",
        )
        for repo, service, system, kind, operation, setting, engine, path, line, function, context in _STORES
    )


def _settings() -> tuple[Setting, ...]:
    return tuple(
        Setting(
            id=f"{repo}:{service}:{name}",
            repo=repo,
            service=service,
            name=name,
            default=default,
            env=env,
            system=system,
            path=path,
            line=line,
            kind=kind,
            required=required,
            read_at=() if name.startswith("OLD_") else (_evidence(repo, "main/apps.py", 12, "setting", name),),
        )
        for repo, service, name, default, env, system, path, line, kind, required in _SETTINGS
    )


def _inbound(routes: tuple[Route, ...]) -> tuple[Inbound, ...]:
    route = next(route for route in routes if "webhook" in route.pattern)
    return (
        Inbound(
            id="mitxonline:webhook:edx",
            repo="mitxonline",
            service="web",
            route_id=route.id,
            system="edx",
            kind="webhook",
            label="enrolment changes",
            evidence=(_evidence("mitxonline", route.path, route.line, "route", "path('enrollment/', ...)"),),
        ),
    )


def _findings(flows: tuple[Flow, ...]) -> tuple[Finding, ...]:
    found = []
    for n, (rule, severity, message, repo, path, line, label, remedy, suppressed) in enumerate(_FINDINGS):
        ids = tuple(f.id for f in flows if label and f.label == label and f.evidence[0].repo == repo)
        found.append(
            Finding(
                id=f"{rule}:{repo}:{n}",
                rule=rule,
                severity=severity,
                message=message,
                repo=repo,
                path=path,
                line=line,
                end_line=line,
                fingerprint=f"{n:032x}",
                flow_ids=ids,
                remedy=remedy,
                suppressed=suppressed,
            )
        )
    return tuple(sorted(found, key=lambda finding: finding.id))


def _joined(flows: tuple[Flow, ...], calls: tuple[Call, ...], findings: tuple[Finding, ...]) -> tuple[Flow, ...]:
    tasks, schedules = {task.name: task.id for task in _tasks()}, {s.task: s.id for s in _schedules()}
    joined = []
    for flow in flows:
        mine = [c for c in calls if c.label == flow.label and c.repo == flow.evidence[0].repo]
        names = sorted({context.name for call in mine for context in call.contexts if context.kind == "task"})
        joined.append(
            dataclasses.replace(
                flow,
                call_ids=tuple(call.id for call in mine),
                route_ids=tuple(sorted({call.route_id for call in mine if call.route_id})),
                task_ids=tuple(tasks[name] for name in names),
                schedule_ids=tuple(schedules[name] for name in names if name in schedules),
                finding_ids=tuple(f.id for f in findings if flow.id in f.flow_ids),
            )
        )
    return tuple(joined)


def _scenarios(flows: tuple[Flow, ...]) -> tuple[Scenario, ...]:
    by_key = {(flow.source, flow.target, flow.label): flow for flow in flows}

    def steps(*keys: tuple[str, str, str]) -> tuple[Step, ...]:
        made = []
        for n, key in enumerate(keys, 1):
            flow = by_key.get(key)
            if flow:
                made.append(Step(n, *key, flow.sync, flow.evidence, flow_id=flow.id, cadence=flow.cadence))
            else:
                note = f"nothing matches: from {key[0]} to {key[1]}, endpoint /api/missing/"
                made.append(Step(n, *key, True, (), True, note))
        return tuple(made)

    sync = steps(
        ("learner", "mitxonline.web", "catalogue, dashboard, checkout"),
        ("mitxonline.web", "mitxonline.db", "orders, enrolments"),
        ("mitxonline.web", "edx.lms", "POST enrollment"),
        ("edx.lms", "edx.mysql", "users, enrolments"),
        ("mitxonline.worker", "edx.lms", "current grades"),
        ("mitxonline.worker", "mitxonline.db", "enrolments, grades, certificates"),
        ("mitxonline.worker", "edx.lms", "certificate status"),
    )
    batch = steps(
        ("micromasters.beat", "micromasters.redis", "scheduled tasks"),
        ("micromasters.redis", "micromasters.worker", "tasks"),
        ("micromasters.worker", "edx.lms", "enrolments"),
        ("micromasters.worker", "edx.lms", "certificates"),
        ("micromasters.worker", "edx.lms", "current grades"),
        ("micromasters.worker", "micromasters.db", "enrolments, certificates, grades"),
    )
    course = steps(
        ("learner", "edx.lms", "course pages"),
        ("edx.lms", "edx.mongo", "course blocks"),
        ("edx.lms", "edx.redis", "grade tasks"),
        ("edx.redis", "edx.lms-worker", "grade tasks"),
        ("edx.lms-worker", "edx.mysql", "grades"),
    )
    return (
        Scenario(
            "enrollment-sync",
            "MITx Online enrolment, grade and certificate sync",
            "A learner enrols; MITx Online enrols them in Open edX and later reads their grades.",
            sync,
            (7,),
            "mitxonline",
        ),
        Scenario(
            "learner-course",
            "Learner takes a course",
            "Pages come at once; grades are computed by a worker.",
            course,
            (),
            "edx",
        ),
        Scenario(
            "micromasters-refresh",
            "MicroMasters batch refresh",
            "On Fridays, every six hours, every learner's edX data is read again.",
            batch,
            (),
            "micromasters",
            "async",
        ),
    )


def _etl(flows: tuple[Flow, ...]) -> tuple[EtlRow, ...]:
    def row(name: str, source: str, label: str, transport: str, cadence: str, brittle: str = "") -> EtlRow:
        flow = next(f for f in flows if f.source == source and f.label == label)
        spot = flow.evidence[0]
        return EtlRow(
            source=name,
            transport=transport,
            cadence=cadence,
            data=label,
            source_of_truth=Place(spot.repo, spot.path, spot.line),
            brittle=bool(brittle),
            reasons=(brittle,) if brittle else (),
            system="edx",
            consumer=source.split(".")[0],
            flow_ids=(flow.id,),
            evidence=flow.evidence,
        )

    return (
        row(
            "MITx Online (enrollment/grade API consumer)",
            "mitxonline.worker",
            "current grades",
            "REST JSON, OAuth2",
            "daily at 06:15 UTC",
        ),
        row(
            "MicroMasters (batch enrollment/cert/grade refresh)",
            "micromasters.worker",
            "current grades",
            "REST JSON through edx-api-client",
            "Fridays, every 6 hours, UTC",
            "three requests have no timeout",
        ),
        row(
            "MicroMasters (catalogue)",
            "micromasters.web",
            "course catalogue",
            "REST JSON over plain http",
            "when a command runs",
            "plain http; hardcoded host",
        ),
    )


def _gaps() -> tuple[Gap, ...]:
    return tuple(
        Gap(
            id=f"{kind}:{repo}:{n}", kind=kind, repo=repo, path=path, line=line, what=what, reason=reason, remedy=remedy
        )
        for n, (kind, repo, path, line, what, reason, remedy) in enumerate(_GAPS)
    )
