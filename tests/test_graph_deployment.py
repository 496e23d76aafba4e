"""What deployment files show and code does not: proxies, front ends, sign-in, and the units that meet at the broker."""

from __future__ import annotations

import dataclasses

import pytest

from extractor.deployment.read import read_runtime
from extractor.estate.model import Estate, Person, Service, System, Target, Use
from extractor.graph.arrows import Arrows
from extractor.graph.commands import command_processes
from extractor.graph.deployment import Deployment, deployments
from extractor.graph.nodes import nodes
from extractor.graph.proxies import Link
from extractor.graph.timing import timings
from extractor.link.facts import RepoFacts
from extractor.link.settings import DeclaredStore, SettingBinding, Where
from extractor.model.graph import Context, Flow, Node, Source
from tests.diff_graphs import call, route, schedule, task

KEYCLOAK = System("keycloak", "Keycloak", hosts=("id.shop.example",))
WEB = "  web:\n    build: .\n    command: gunicorn shop.wsgi:application\n"
NGINX = "  front:\n    image: nginx:1.25\n    ports:\n      - '80:80'\n"
CONF = "location / {\n  proxy_pass http://web:8000;\n}\n"
BROKER = ("", DeclaredStore("default", "queue", "Redis", "redis", "BROKER_URL", None, Where("shop/settings.py", 9, 9)))


def facts(files: dict[str, str], **rows: object) -> RepoFacts:
    """The facts of the shop, whose repository holds these files."""
    read = read_runtime({path: text.encode() for path, text in files.items()})
    known = RepoFacts(Source("shop", "", "main", "s" * 40, 1), routes=(route(repo="shop", pattern="/"),), runtime=read)
    return dataclasses.replace(known, **rows)  # type: ignore[arg-type]


def estate(*services: Service) -> Estate:
    """The shop, whom a buyer uses, and an identity provider outside."""
    shop = System("shop", "Shop", kind="system", services=services)
    used = Target("shop", services[0].id if services else None)
    return Estate("Test", (shop, KEYCLOAK), (Person("buyer", "Buyer", uses=(Use(used, "buys"),)),))


def deployed(files: dict[str, str], *services: Service, **rows: object) -> Deployment:
    return deployments(estate(*services), {"shop": facts(files, **rows)})["shop"]


def flows(files: dict[str, str], **rows: object) -> dict[tuple[str, str], Flow]:
    known = {"shop": facts(files, **rows)}
    found = Arrows(
        estate(), known, timings(known), deployments(estate(), known), command_processes(estate(), known)
    ).flows()
    return {(flow.source, flow.target): flow for flow in found}


def elements(files: dict[str, str], **rows: object) -> dict[str, Node]:
    known, where = {"shop": facts(files, **rows)}, deployments(estate(), {"shop": facts(files, **rows)})
    return {node.id: node for node in nodes(estate(), known, {}, (), where, command_processes(estate(), known))}


def roles(files: dict[str, str]) -> dict[str, str]:
    return {node.id: node.role for node in elements(files).values()}


def ends(found: Deployment) -> list[tuple[str, str, str]]:
    return [(link.source, link.target, link.label) for link in found.links]


def lines(link: Link | Flow, role: str = "runtime") -> list[tuple[str, int]]:
    return [(e.path, e.line) for e in link.evidence if e.role == role]


def test_people_come_in_through_the_proxy_before_the_service() -> None:
    found = flows({"docker-compose.yml": f"services:\n{NGINX}{WEB}", "nginx/site.conf": CONF})
    assert lines(found["shop/nginx", "shop/web"]) == [("nginx/site.conf", 2)]
    assert lines(found["person:buyer", "shop/nginx"]) == [("docker-compose.yml", 5), ("nginx/site.conf", 1)]
    assert lines(found["person:buyer", "shop/nginx"], "route") == [("campus/urls.py", 5)]
    assert ("person:buyer", "shop/web") not in found


def test_without_a_proxy_people_come_to_the_service() -> None:
    assert set(flows({"docker-compose.yml": f"services:\n{WEB}"})) == {("person:buyer", "shop/web")}


def test_what_is_named_but_not_run_is_not_drawn() -> None:
    assert ends(deployed({"docker-compose.yml": f"services:\n{WEB}", "nginx/site.conf": CONF})) == []
    conf = CONF.replace("web:8000", "elsewhere:8000")
    assert ends(deployed({"docker-compose.yml": f"services:\n{NGINX}{WEB}", "nginx/site.conf": conf})) == []


def test_a_proxy_without_a_configuration_passes_on_to_what_it_needs() -> None:
    [link] = deployed({"docker-compose.yml": f"services:\n{NGINX}    depends_on: [web]\n{WEB}"}).links
    assert (link.source, link.target, link.confidence) == ("shop/nginx", "shop/web", "likely")
    assert lines(link) == [("docker-compose.yml", 6)]


def test_a_proxy_started_beside_the_server_passes_on_to_it() -> None:
    files = {
        "Procfile": "web: bin/start-nginx gunicorn shop.wsgi\n",
        "config/nginx.conf.erb": "location / {\n  proxy_pass http://unix:/tmp/socket;\n}\n",
    }
    found = flows(files)
    assert lines(found["shop/nginx", "shop/web"]) == [("config/nginx.conf.erb", 2)]
    assert lines(found["person:buyer", "shop/nginx"]) == [("Procfile", 1), ("config/nginx.conf.erb", 1)]


def test_proxies_stand_in_a_row_and_the_outermost_is_the_way_in() -> None:
    cache = "  cache:\n    image: varnish:7\n    ports: ['80:80']\n"
    compose = f"services:\n{cache}{NGINX}{WEB}".replace("    ports:\n      - '80:80'\n", "")
    vcl = 'vcl 4.1;\nbackend default {\n  .host = "front"; // nginx\n  .port = "80";\n}\n'
    found = flows({"docker-compose.yml": compose, "nginx/site.conf": CONF, "config/default.vcl": vcl})
    assert set(found) == {("person:buyer", "shop/varnish"), ("shop/varnish", "shop/nginx"), ("shop/nginx", "shop/web")}
    assert lines(found["shop/varnish", "shop/nginx"]) == [("config/default.vcl", 3)]


def test_two_proxies_of_a_kind_in_a_file_are_two_and_share_no_configuration() -> None:
    second = NGINX.replace("front", "static")
    found = deployed({"docker-compose.yml": f"services:\n{NGINX}{second}{WEB}", "nginx/site.conf": CONF})
    assert [node.id for node in found.nodes] == ["shop/front", "shop/static"]
    assert found.links == ()


def test_a_proxy_that_is_called_as_a_part_of_a_service_has_an_id_of_its_own() -> None:
    second = NGINX.replace("front", "web-queue")
    assert roles({"docker-compose.yml": f"services:\n{NGINX}{second}{WEB}"}) == {
        "person:buyer": "",
        "shop": "",
        "shop/front": "proxy",
        "shop/web": "web",
        "shop/web-queue-unit": "proxy",
    }


APISIX = """\
upstreams:
  - id: 1
    nodes:
      "web:8000": 1
routes:
  - id: 1
    upstream_id: 1
    plugins:
      openid-connect:
        discovery: ${{DISCOVERY}}
    uris:
      - "/login"
      - "/*"
  - uri: /static
    upstream:
      nodes:
        - host: web
          port: 8001
#END
"""
GATEWAY = """\
services:
  gateway:
    image: apache/apisix:3
    profiles: [sso]
    environment:
      DISCOVERY: ${URL:-https://id.shop.example/realms/shop}
"""


def test_a_gateway_behind_a_profile_is_one_of_two_ways_in() -> None:
    found = flows({"docker-compose.yml": GATEWAY + WEB, "config/apisix/apisix.yaml": APISIX})
    assert found["shop/apache-apisix", "shop/web"].condition == "compose profile sso"
    assert lines(found["shop/apache-apisix", "shop/web"]) == [
        ("config/apisix/apisix.yaml", 4),
        ("config/apisix/apisix.yaml", 17),
    ]
    assert found["person:buyer", "shop/apache-apisix"].condition == "compose profile sso"
    assert found["person:buyer", "shop/web"].condition == ""
    served = [(e.line, e.end_line) for e in found["person:buyer", "shop/apache-apisix"].evidence if "apisix" in e.path]
    assert served == [(6, 13), (14, 14)]


def test_a_gateway_sends_people_to_the_provider_that_its_configuration_names() -> None:
    found = flows({"docker-compose.yml": GATEWAY + WEB, "config/apisix/apisix.yaml": APISIX})
    flow = found["shop/apache-apisix", "keycloak"]
    assert (flow.label, flow.protocol) == ("sign-in", "OpenID Connect")
    assert lines(flow) == [("config/apisix/apisix.yaml", 10), ("docker-compose.yml", 6)]


def test_a_system_of_the_estate_that_compose_runs_is_that_system() -> None:
    compose = f"services:\n  sso:\n    image: quay.io/keycloak/keycloak:24\n{WEB}"
    found = deployed({"docker-compose.yml": compose})
    assert [(e.path, e.line) for e in found.outside["keycloak"]] == [("docker-compose.yml", 2)]
    drawn = elements({"docker-compose.yml": compose})
    assert (drawn["keycloak"].scope, drawn["keycloak"].parent) == ("external", None)
    assert "shop/sso" not in drawn


TRAEFIK = """\
http:
  routers:
    shop:
      rule: Host(`shop.example`)
      service: shop
  services:
    shop:
      loadBalancer:
        servers:
          - url: http://web:8000
"""


def test_traefik_routers_lead_to_the_servers_of_their_services() -> None:
    compose = f"services:\n  edge:\n    image: traefik:v3\n{WEB}"
    found = flows({"docker-compose.yml": compose, "traefik/dynamic.yml": TRAEFIK})
    assert lines(found["shop/traefik", "shop/web"]) == [("traefik/dynamic.yml", 10)]
    assert lines(found["person:buyer", "shop/traefik"]) == [("docker-compose.yml", 2), ("traefik/dynamic.yml", 3)]


def test_files_for_tests_show_no_deployment() -> None:
    found = deployed({"docker-compose.test.yml": f"services:\n{NGINX}    depends_on: [web]\n{WEB}"})
    assert found == Deployment()


BUNDLES = SettingBinding("", "bundles", "WEBPACK_LOADER", Where("shop/settings.py", 3, 5))
WATCH = "  watch:\n    image: node:20\n    environment:\n      API: http://web:8000/api\n"


def test_pages_take_their_scripts_from_the_front_end() -> None:
    compose = f"services:\n{WATCH}{WEB}    links:\n      - watch\n"
    found = {(k.source, k.target): k for k in deployed({"docker-compose.yml": compose}, bindings=(BUNDLES,)).links}
    bundles = found["shop/web", "shop/watch"]
    assert (bundles.label, bundles.confidence) == ("front-end bundles", "certain")
    assert (lines(bundles, "setting"), lines(bundles)) == ([("shop/settings.py", 3)], [("docker-compose.yml", 10)])
    assert lines(found["shop/watch", "shop/web"]) == [("docker-compose.yml", 5)]


@pytest.mark.parametrize(("front_ends", "drawn"), [(1, 1), (2, 0)])
def test_a_front_end_that_nothing_names_is_taken_when_it_is_the_only_one(front_ends: int, drawn: int) -> None:
    fronts = "".join(f"  front{n}:\n    image: node:20\n" for n in range(front_ends))
    found = deployed({"docker-compose.yml": f"services:\n{fronts}{WEB}"}, bindings=(BUNDLES,)).links
    assert [link.confidence for link in found] == ["likely"] * drawn


def test_of_two_services_a_proxy_serves_the_one_whose_application_the_unit_runs() -> None:
    lms, cms = Service("lms", "LMS", wsgi="shop.wsgi"), Service("cms", "Studio", wsgi="cms.wsgi")
    files = {"docker-compose.yml": f"services:\n{NGINX}{WEB}", "nginx/site.conf": CONF}
    found = deployed(files, lms, cms)
    assert ends(found) == [("shop/nginx", "shop/lms", "requests")]
    assert set(found.entries) == {"lms"}


def test_beat_keeps_its_schedule_where_its_scheduler_does() -> None:
    kept = (SettingBinding("", "scheduler", "CELERY_BEAT_SCHEDULER", Where("shop/settings.py", 7, 7), "redis"),)
    rows = {"bindings": kept, "schedules": (schedule(),), "tasks": (task(),)}
    assert ends(deployed({}, declared=(BROKER,), **rows)) == [("shop/web-beat", "shop/redis", "keeps its schedule")]
    assert ends(deployed({}, **rows)) == []


def test_workers_and_beat_meet_at_the_broker_that_a_setting_names_in_the_units_that_run_them() -> None:
    procfile = (
        "mail: celery -A shop worker -Q mail\nwork: celery -A shop worker -Q default\nclock: celery -A shop beat\n"
    )
    rows = {"tasks": (task(queue="mail"),), "schedules": (schedule(),), "declared": (BROKER,)}
    found = flows({"Procfile": procfile}, **rows)
    worked, queued = found["shop/web-queue", "shop/web-worker"], found["shop/web-beat", "shop/web-queue"]
    assert (lines(worked), lines(worked, "setting")) == ([("Procfile", 1)], [("shop/settings.py", 9)])
    assert (lines(queued), lines(queued, "setting")) == ([("Procfile", 3)], [("shop/settings.py", 9)])


def test_containers_say_what_runs_them_and_where_that_was_read() -> None:
    files = {"docker-compose.yml": f"services:\n{NGINX}{WEB}", "Procfile": "web: gunicorn shop.wsgi\n"}
    drawn = elements(files)
    assert drawn["shop/nginx"].description == (
        "Passes requests on. Read from docker-compose.yml (development): front runs nginx:1.25"
    )
    assert drawn["shop/web"].description.startswith(
        "1 routes. Read from Procfile: web runs gunicorn shop.wsgi; docker-"
    )
    assert [(e.path, e.line) for e in drawn["shop/web"].evidence if e.role == "runtime"] == [
        ("Procfile", 1),
        ("docker-compose.yml", 6),
    ]


def test_a_backend_that_settings_name_sends_people_to_its_provider() -> None:
    where = Where("shop/settings.py", 11, 14)
    binding = SettingBinding(
        service="",
        role="sign-in",
        setting="AUTHENTICATION_BACKENDS",
        where=where,
        system="google-oauth",
        named="a.Google",
        protocol="OAuth 2",
        condition="settings.SSO",
    )
    [link] = deployed({}, bindings=(binding,)).links
    assert (link.source, link.target, link.label, link.protocol) == ("shop/web", "google-oauth", "sign-in", "OAuth 2")
    assert (link.condition, link.why) == ("settings.SSO", "AUTHENTICATION_BACKENDS names a.Google")
    assert [(e.path, e.line, e.end_line, e.role) for e in link.evidence] == [("shop/settings.py", 11, 14, "setting")]


CRON = """
apiVersion: batch/v1
kind: CronJob
metadata: {name: prices}
spec:
  schedule: "15 2 * * *"
  jobTemplate: {spec: {template: {spec: {containers: [{name: pull, command: [python, manage.py, pull_prices]}]}}}}
"""


def commands(**files: str) -> dict[tuple[str, str], Flow]:
    """The arrows of a shop of these files, whose command `pull_prices` calls the campus."""
    pulled = call(id="pull", route_id=None, contexts=(Context("command", "pull_prices", ("web",)),))
    found = flows(
        {path.replace("__", "/").replace("_dot_", "."): text for path, text in files.items()}, calls=(pulled,)
    )
    return {ends: arrow for ends, arrow in found.items() if ends[1] == "campus"}


@pytest.mark.parametrize(
    ("path", "text", "cadence"),
    [
        ("k8s__prices_dot_yaml", CRON, "daily at 02:15 UTC"),
        ("deploy__crontab", "15 2 * * * cd /app && python manage.py pull_prices >> log\n", "daily at 02:15 UTC"),
        ("deploy__crontab", "@hourly python manage.py pull_prices\n", "hourly at minute 0 UTC"),
        ("Procfile", "web: gunicorn shop.wsgi\nprices: python manage.py pull_prices\n", ""),
    ],
)
def test_a_command_that_deployment_runs_is_drawn_from_its_own_process(path: str, text: str, cadence: str) -> None:
    [((source, target), arrow)] = commands(**{path: text}).items()
    assert (source, target) == ("shop/web-command-pull_prices", "campus")
    assert (arrow.cadence, arrow.sync) == (cadence, not cadence)
    assert [e.path for e in arrow.evidence if e.role == "runtime"] == [path.replace("__", "/").replace("_dot_", ".")]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("Procfile", "release: python manage.py pull_prices\n"),  # it prepares a release
        ("deploy__crontab", "# 15 2 * * * python manage.py pull_prices\n"),
        ("deploy__crontab", "15 2 * * * python manage.py push_prices\n"),  # another
        ("k8s__prices_dot_yaml", CRON.replace("pull_prices", "migrate")),
    ],
)
def test_a_command_that_people_run_is_drawn_from_its_service(path: str, text: str) -> None:
    assert [source for source, _target in commands(**{path: text})] == ["shop/web"]


def test_the_process_of_a_command_says_when_it_runs_and_where_that_was_read() -> None:
    pulled = call(route_id=None, contexts=(Context("command", "pull_prices", ("web",)),))
    node = elements({"k8s/prices.yaml": CRON}, calls=(pulled,))["shop/web-command-pull_prices"]
    assert (node.name, node.role, node.parent) == ("Pull prices", "command", "shop")
    assert node.description.startswith("Runs daily at 02:15 UTC. Read from k8s/prices.yaml")
