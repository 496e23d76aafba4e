"""The estate file: what it says, what it may leave out, and how its faults are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from extractor.errors import UserError
from extractor.estate.file import find_estate, load_estate
from extractor.estate.model import Deployed, Repository, Target, Use
from extractor.estate.options import SourceOverride, apply_overrides, estate_of, only, parse_source_override

SMALL = """
systems:
  shop:
    name: Shop
    repository: https://github.com/acme/shop
"""

ROW = {"source": "Contacts", "system": "crm", "consumer": "billing"}

FULL = """
title: Acme
systems:
  shop:
    name: Shop
    repository: {url: ../repos/shop, ref: 1.10, web: "https://code.acme.test/{commit}/{path}"}
    hosts: [shop.acme.test]
    services:
      web:
        name: Web
        urlconf: shop.urls
        settings_modules: [shop.settings]
        settings: {billing: [SHOP_URL]}
        calls: {billing: [/hook/*]}
  billing:
    name: Billing
    repository: https://github.com/acme/billing
  crm:
    name: CRM
    group: Marketing
    hosts: ["*.crm.test", eu.crm.test]
    settings: [CRM_*]
  crm-old:
    name: Old CRM
    settings: {shop: [CRM_URL]}
people:
  buyer:
    name: Buyer
    uses: {shop/web: Buys, crm: Complains}
libraries: [acme-client]
deployment:
  - {repository: billing, path: deploy/.env, system: shop}
scenarios: [buy, more/return.yaml]
policy: {anything: [goes, here]}
etl: [{source: Contacts, system: crm, consumer: billing}]
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "estate.yaml"
    path.write_text(text)
    return path


def test_a_repository_takes_four_lines(tmp_path: Path) -> None:
    estate = load_estate(write(tmp_path, SMALL))
    (shop,) = estate.systems
    assert (estate.title, shop.id, shop.kind) == ("estate", "shop", "system")
    assert shop.repository == Repository("https://github.com/acme/shop", "HEAD", None)


def test_all_that_a_file_may_say(tmp_path: Path) -> None:
    estate = load_estate(write(tmp_path, FULL))
    shop, billing, crm, _ = estate.systems
    assert shop.repository == Repository(
        str(tmp_path / "../repos/shop"), "1.10", "https://code.acme.test/{commit}/{path}"
    )
    assert [system.kind for system in estate.systems] == ["system", "system", "external", "external"]
    assert (shop.services[0].urlconf, shop.services[0].root) == ("shop.urls", "/")
    assert crm.group == "Marketing"
    assert estate.people[0].uses == (Use(Target("shop", "web"), "Buys"), Use(Target("crm"), "Complains"))
    assert estate.deployment == (Deployed("billing", "deploy/.env", "shop"),)
    assert (estate.libraries, estate.scenarios) == (("acme-client",), ("buy", "more/return.yaml"))
    assert (estate.policy, estate.etl) == ({"anything": ["goes", "here"]}, (ROW,))
    assert [spec.name for spec in estate.sources()] == ["shop", "billing"]
    assert billing.services == ()


def test_a_setting_means_what_the_most_exact_hint_says(tmp_path: Path) -> None:
    estate = load_estate(write(tmp_path, FULL))
    assert estate.of_setting("billing", "SHOP_URL") == Target("shop", "web")
    assert estate.of_setting("shop", "SHOP_URL") is None
    assert estate.of_setting("shop", "CRM_URL") == Target("crm-old")
    assert estate.of_setting("billing", "CRM_URL") == Target("crm")
    assert estate.of_setting("billing", "OTHER") is None


def test_a_host_means_what_the_most_exact_pattern_says(tmp_path: Path) -> None:
    estate = load_estate(write(tmp_path, FULL))
    assert estate.of_host("SHOP.acme.test.") == Target("shop")
    assert estate.of_host("api.crm.test") == Target("crm")
    assert estate.of_host("crm.test") is None


def test_who_is_known_to_call_which_routes(tmp_path: Path) -> None:
    estate = load_estate(write(tmp_path, FULL.replace("[CRM_*]", "[CRM_*]\n    calls: {shop: [/crm/, /crm/*]}")))
    assert [(target.system, target.service, hint.repo, hint.pattern) for target, hint in estate.callers()] == [
        ("shop", "web", "billing", "/hook/*"),
        ("crm", None, "shop", "/crm/"),
        ("crm", None, "shop", "/crm/*"),
    ]


def test_a_caller_of_a_repository_that_is_not_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="'crm' is not a system with a repository"):
        load_estate(write(tmp_path, FULL.replace("calls: {billing:", "calls: {crm:")))


def test_every_fault_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """titel: Acme
systems:
  shop:
    name: Shop
    repositry: https://github.com/acme/shop
    kind: databse
  Shop Two:
    name: 12
  crm:
    settings: 5
people:
  buyer: {name: ""}
""",
    )
    with pytest.raises(UserError) as caught:
        load_estate(path)
    kinds = "system, external, database, cache, queue, search, storage"
    assert str(caught.value).splitlines() == [
        f"{path} has 8 faults:",
        "  line 1: titel: unknown key (did you mean 'title'?)",
        "  line 5: systems.shop.repositry: unknown key (did you mean 'repository'?)",
        f"  line 6: systems.shop.kind: must be one of {kinds}, not 'databse' (did you mean 'database'?)",
        "  line 7: systems.Shop Two: the name must be lower-case letters and digits, with '.', '_' or '-' between them",
        "  line 8: systems.Shop Two.name: must be text, not 12: quote it",
        "  line 9: systems.crm: 'name' is missing",
        "  line 10: systems.crm.settings: must be a list or a mapping",
        "  line 12: people.buyer.name: must not be empty",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("systems: {shop: {name: Shop}, shop: {name: Twice}}", "line 1: systems: 'shop' stands here twice"),
        ("systems: {1: {name: One}}", "the key 1 is not text"),
        ("systems: [", "line 1: not YAML"),
        ("- a list", "must be a mapping"),
        ("", "'systems' is missing"),
        ("a: &a [*a]", "holds itself"),
        ("a: !!python/object/apply:os.system [id]", "not YAML: could not determine a constructor"),
        ("systems: {a: {name: A, runs: b}}", "systems.a.runs: 'b' is not a system with a repository"),
        ("systems: {a: {name: A, services: {w: {name: W}}}}", "services run out of a repository"),
        ("systems: {abc: {name: A, repository: x, settings: {abd: [X]}}}", "did you mean 'abc'"),
        (
            "systems: {ab: {name: A}}\npeople: {p: {name: P, uses: {ab/web: x}}}",
            "line 2: people.p.uses.ab/web: 'ab/web' is",
        ),
        (
            "systems:\n ab:\n  {name: A, repository: x, services: {web: {name: W}, web-worker: {name: V}}}",
            "line 3: systems.ab.services.web-worker: its id, ab/web-worker, would be that of the worker of web: give",
        ),
        (
            "systems: {ab: {name: A, repository: x, services: {web-queue: {name: V}, web: {name: W}}}}",
            "ab/web-queue, would be that of the queue of web",
        ),
        (
            "systems: {ab: {name: A, repository: x, services: {redis: {name: R}}}}",
            "ab/redis, would be that of the datastore redis",
        ),
        ("systems: {ab: {name: A}}\ndeployment: [{repository: ab, path: x}]", "'ab' is not a known repository"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UserError) as caught:
        load_estate(write(tmp_path, text))
    assert words in str(caught.value)


def test_a_service_may_be_called_worker_where_no_other_has_one(tmp_path: Path) -> None:
    text = "systems: {ab: {name: A, repository: x, services: {web-worker: {name: W}, api: {name: V}}}}"
    assert [s.id for s in load_estate(write(tmp_path, text)).systems[0].services] == ["web-worker", "api"]


def test_a_file_that_is_not_there_or_no_text_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no estate file"):
        find_estate(str(tmp_path / "no.yaml"))
    (tmp_path / "estate.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match="cannot be read"):
        load_estate(tmp_path / "estate.yaml")


def test_the_shipped_estate_is_found_by_name_and_whole() -> None:
    estate = load_estate(find_estate("mit-open-learning"))
    assert [spec.name for spec in estate.sources()] == ["edx-platform", "mitxonline", "micromasters"]
    assert estate.of_setting("micromasters", "MITXONLINE_BASE_URL") == Target("edx-platform")
    assert estate.of_setting("micromasters", "MITXONLINE_URL") == Target("mitxonline")
    assert estate.of_setting("mitxonline", "OPENEDX_STUDIO_API_BASE_URL") == Target("edx-platform", "cms")
    assert estate.of_host("api.learn.mit.edu") == Target("mit-learn")


@pytest.mark.parametrize(
    ("text", "name", "url", "ref"),
    [
        ("shop=https://github.com/acme/shop", "shop", "https://github.com/acme/shop", "HEAD"),
        ("shop=https://github.com/acme/shop@v1", "shop", "https://github.com/acme/shop", "v1"),
        ("shop=https://ada:p@x.test/acme/shop", "shop", "https://ada:p@x.test/acme/shop", "HEAD"),
        ("shop=https://x.test/@acme/shop@a/b", "shop", "https://x.test/@acme/shop", "a/b"),
        ("shop=git@github.com:acme/shop.git", "shop", "git@github.com:acme/shop.git", "HEAD"),
        ("shop=git@github.com:acme/shop.git@feature/x", "shop", "git@github.com:acme/shop.git", "feature/x"),
        ("shop=ssh://git@x.test:22/acme/shop@v1", "shop", "ssh://git@x.test:22/acme/shop", "v1"),
        ("shop=../nowhere@v1", "shop", "../nowhere", "v1"),
        ("shop=.", "shop", ".", "HEAD"),
        ("shop=a=b@v1", "shop", "a=b", "v1"),
    ],
)
def test_a_source_override_knows_an_address_from_a_ref(text: str, name: str, url: str, ref: str) -> None:
    assert parse_source_override(text) == SourceOverride(name, url, ref)


def test_an_at_sign_in_a_directory_is_part_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "shop@home").mkdir()
    assert parse_source_override(f"shop={tmp_path}/shop@home") == SourceOverride("shop", f"{tmp_path}/shop@home")
    assert parse_source_override(f"shop={tmp_path}/shop@home@v@1").url == f"{tmp_path}/shop@home"


@pytest.mark.parametrize("text", ["shop", "=x", "shop=", "shop=x@", "Shop=x", "a/b=x"])
def test_what_is_no_override_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="--source"):
        parse_source_override(text)


def test_an_override_changes_where_is_read_and_not_where_links_lead(tmp_path: Path) -> None:
    estate = load_estate(write(tmp_path, SMALL))
    shop = apply_overrides(estate, [SourceOverride("shop", "/srv/shop", "v2")]).systems[0]
    web = "https://github.com/acme/shop/blob/{commit}/{path}#L{line}-L{end_line}"
    assert shop.repository == Repository("/srv/shop", "v2", web)
    with pytest.raises(UserError, match="did you mean 'shop'"):
        apply_overrides(estate, [SourceOverride("shp", "x")])
    with pytest.raises(UserError, match="given twice"):
        apply_overrides(estate, [SourceOverride("shop", "x"), SourceOverride("shop", "y")])


def test_only_some_sources_are_read_and_the_others_stay_known(tmp_path: Path) -> None:
    estate = load_estate(write(tmp_path, FULL))
    narrowed = only(estate, ["billing"])
    assert [spec.name for spec in narrowed.sources()] == ["billing"]
    assert narrowed.of_host("shop.acme.test") == Target("shop")
    with pytest.raises(UserError, match="did you mean 'shop'"):
        only(estate, ["shp"])


def test_without_an_estate_file_the_sources_are_the_estate() -> None:
    estate = estate_of([SourceOverride("b", "/srv/b"), SourceOverride("a", "/srv/a", "v1")])
    assert (estate.title, [spec.ref for spec in estate.sources()]) == ("a, b", ["v1", "HEAD"])
