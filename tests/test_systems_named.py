"""Systems have one name: the estate's where it names them, a product's, and never that of a model or of a rule file."""

from __future__ import annotations

import pytest

from extractor.estate.model import Estate, Repository, System
from extractor.link.naming import owner_named
from extractor.link.systems import SystemNames
from extractor.rules.clients import shipped_rules
from extractor.rules.stores import store_rules

VENDORS = shipped_rules().vendors


def names(*systems: System) -> SystemNames:
    return SystemNames(Estate("Acme", systems), VENDORS)


def test_a_system_that_the_estate_calls_as_the_vendor_is_the_estates() -> None:
    assert names(System("gdrive", "Google Drive")).id_of("google-drive") == "gdrive"
    assert names(System("files", "GOOGLE DRIVE")).id_of("google-drive") == "files"


def test_a_system_of_another_name_is_another_system() -> None:
    assert names(System("gdrive", "Google Drive archive")).id_of("google-drive") == "google-drive"


def test_an_id_of_the_estate_comes_before_a_name() -> None:
    both = names(System("other", "Google Drive"), System("google-drive", "Our drive"))
    assert both.id_of("google-drive") == "google-drive"


def test_a_repository_that_is_called_as_a_vendor_is_not_the_vendor() -> None:
    own = System("slack-bot", "Slack", repository=Repository("https://git.acme.example/slack-bot"))
    assert names(own).id_of("slack") == "slack"


def test_a_host_of_a_vendor_is_the_estates_system() -> None:
    target = names(System("gdrive", "Google Drive")).of_host("drive.google.com")
    assert target is not None
    assert target.system == "gdrive"


@pytest.mark.parametrize(
    ("store", "name", "technology"),
    [
        ("s3", "Object storage", "Amazon S3"),
        ("kafka", "Kafka", "Kafka"),
        ("dynamodb", "Amazon DynamoDB", "Amazon DynamoDB"),
        ("search", "Search index", ""),
    ],
)
def test_a_store_is_called_by_its_product(store: str, name: str, technology: str) -> None:
    assert (names().store(store), names().technology(store)) == (name, technology)


def test_every_store_of_the_rules_has_a_product() -> None:
    fixed = {
        call.system.text
        for client in shipped_rules().clients
        for call in client.calls
        if call.effect == "store" and call.system is not None and call.system.text
    }
    assert {store for store in fixed if store_rules().engine(store) is None and store not in VENDORS} == set()


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("Tool.outcome_service_url", "outcome"),
        ("SegmentApi.url", "segment"),
        ("ParcelClient.base_url", "parcel"),
        ("Freight.api_url", "freight"),
        ("Connector.base_url", None),
        ("Order.url", None),
        ("ToolConfiguration.url", None),
        ("Connector.books_url", None),
    ],
)
def test_a_model_is_no_system_unless_it_says_so(name: str, owner: str | None) -> None:
    assert owner_named(name) == owner


def test_a_key_of_a_setting_names_a_system_by_the_key_above_it() -> None:
    assert owner_named("PHOTO_CHECK.URL", is_key=True) == "photo-check"
    assert owner_named("PHOTO_CHECK.URL") is None
