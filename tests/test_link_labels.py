"""What moves, in words: given an endpoint, a client's method and the function around it, this label."""

from __future__ import annotations

import pytest

from extractor.link.labels import label


@pytest.mark.parametrize(
    ("method", "url", "expected"),
    [
        ("POST", "{setting:LMS_URL}/api/enrollment/v1/enrollment", "POST enrollment"),
        ("GET", "{setting:LMS_URL}/api/grades/v1/current_grades/{user_id}/", "current grades"),
        # What is done stands last in the path, and first in the label.
        ("POST", "https://lms.example.org/api/v1/course_runs/clone/", "clone course runs"),
        ("POST", "https://crm.example.org/v3/objects/contacts/batch/create", "batch create contacts"),
        ("POST", "https://crm.example.org/v1/accounts/bulk_retire_users", "bulk retire users"),
        # Words that say little bring the one before along.
        ("GET", "https://lms.example.org/api/users/me", "users me"),
        ("GET", "https://git.example.org/repos/{owner}/{name}/releases/latest", "latest releases"),
        ("GET", "https://bi.example.org/jobs/{id}/results?key={setting:KEY}", "jobs results"),
        ("POST", "https://id.example.org/token", "POST token"),
        # An unknown part is no query: what stands behind it counts.
        ("GET", "{setting:FORUM}/api/v1/users/{?User.id}/active_threads", "active threads"),
        ("GET", "https://shop.example.org/images/logo-red.png", "logo-red.png"),
        ("GET", "https://shop.example.org/rates.json", "rates"),
        # Percent-encoding is no word (RFC 3986, section 2.1).
        ("GET", "https://shop.example.org/api/price%20lists%2F", "price lists"),
        ("GET", "{setting:OIDC_DISCOVERY_URL}", "oidc discovery"),
    ],
)
def test_an_endpoint_says_what_moves(method: str, url: str, expected: str) -> None:
    assert label(method, url, "requests.request", "sync") == expected


@pytest.mark.parametrize(
    ("via", "function", "path", "expected"),
    [
        # A client's method that speaks for itself, whoever calls it.
        ("boto3.client().send_email", "Command.handle", "mail/send.py", "send email"),
        ("github.Github().get_repo().get_contents", "sync", "a.py", "contents"),
        # The function's own name, where the method is plain; what only reads is left out.
        ("googleapiclient.discovery.build().files().list().execute", "get_video_captions", "a.py", "video captions"),
        ("requests.get", "fetch_or_create", "a.py", "fetch or create"),
        ("requests.get", "fetch_data", "a.py", "fetch data"),
        # Neither: method and object, or class, or the first folder that says more than its role.
        ("googleapiclient.discovery.build().captions().insert().execute", "Command.handle", "a.py", "insert captions"),
        ("stripe.Stripe().sessions.create", "PortalView.post", "a.py", "create sessions"),
        ("requests.get", "CurrencyView.get", "shop/views.py", "currency"),
        ("requests.request", "BadgeClient.perform_request", "a.py", "badge"),
        ("requests.request", "send_request", "lms/djangoapps/notes/helpers.py", "notes"),
        ("requests.put", "RealmClient.save", "a.py", "save realm"),
    ],
)
def test_without_an_endpoint_the_code_says_it(via: str, function: str, path: str, expected: str) -> None:
    assert label(None, "", via, function, path) == expected


@pytest.mark.parametrize(
    ("path", "method", "expected"),
    [
        # The path ends with what is asked for by; the client says what is read.
        ("/api/grades/v1/courses/{course_id}/?username={name}", "Grades.get_current_grades", "current grades"),
        (
            "/api/certificates/v0/certificates/{name}/courses/{id}/",
            "Certs.get_student_certificate",
            "student certificate",
        ),
        # The path says it as well, or the method speaks of something else.
        ("/api/enrollment/v1/enrollment/{name}", "Enrollments.get_student_enrollment", "enrollment"),
        ("/crm/v3/objects/products", "Crm.get_all_objects", "products"),
    ],
)
def test_a_clients_method_names_the_subject_of_a_path(path: str, method: str, expected: str) -> None:
    assert label("GET", "{setting:LMS_URL}" + path, f"client.{method}", "sync") == expected


def test_a_rule_has_the_first_word() -> None:
    assert (
        label("POST", "https://a.example.org/envelope", "sentry_sdk.init", "f", given="error reports")
        == "error reports"
    )
