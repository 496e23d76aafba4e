"""A repository with a secret in every form and in every kind of file that one is seen in: each is another, and none
stands anywhere but there.

A template holds a mark for each secret: `<s>` is a password that a person chose, `<key>` what a generator makes,
`<n:…>` characters of a kind (`a` letters and digits, `A` capitals and digits, `x` hexadecimal), as many as the number
says.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from textwrap import indent

_SMALL, _DIGITS = "bcdfghjkmnpqrstvwxyz", "0123456789"
_KINDS = {"a": _SMALL + _SMALL.upper() + _DIGITS, "A": _SMALL.upper() + _DIGITS, "x": _DIGITS + "abcdef"}
_MARK = re.compile(r"<(?:s|key|(\d+):([aAx]))>")

# Addresses and connection strings.
URLS = (
    "https://u:<s>@a1.test/x",
    "https://u:<s>@x/y?<s>@a2.test/x",
    "https://u:%40<s>%2F<s>@a3.test/x",
    "https://<key>@a4.test/x",
    "https://<key>:@a5.test/x",
    "https://:<s>@a6.test/x",
    "https://<32:x>@o1.ingest.sentry.test/42",
    "https://<32:x>:<32:x>@sentry.test/2",
    "https://a7.test/x?access_token=<s>&page=1",
    "https://a8.test/x?sv=2020&sig=<s>%3D",
    "https://a9.test/x?api_key=<s>",
    "https://b1.test/x?apikey=<s>",
    "https://b2.test/x?key=<s>",
    "https://b3.test/x?client_secret=<s>",
    "https://b4.test/x?pwd=<s>&user=a",
    "https://b5.test/x?X-Amz-Signature=<40:x>&X-Amz-Security-Token=<key>",
    "https://b6.test/x#access_token=<s>",
    "https://b7.test/x?auth=<key>",
    "https://b8.test/x?code=<key>",
    "https://b9.test/token-<s>/x",
    "https://c1.test/hooks/<key>",
    "https://hooks.slack.com/services/T0ABCDE12/B0ABCDE34/<24:a>",
    "https://discord.com/api/webhooks/123456/<key>",
    "https://api.telegram.org/bot123456:<key>/sendMessage",
    "https://acme.webhook.office.com/webhookb2/<40:x>",
    "https://hooks.zapier.com/hooks/catch/12345/<8:a>/",
    "https://chat.googleapis.com/v1/spaces/A/messages?key=<s>&token=<s>",
    "amqp://guest:<s>@mq.test:5672//",
    "redis://:<s>@cache.test:6379/0",
    "rediss://default:<s>@cache.test:6379/0",
    "redis://cache.test:6379/0?password=<s>",
    "postgres://shop:<s>@db.test/shop",
    "postgresql+psycopg2://shop:<s>@db.test/shop",
    "mysql://shop:<s>@db.test/shop",
    "mongodb+srv://shop:<s>@db.test/shop",
    "mongodb://shop:<s>@db5.test:27017,db6.test:27017/shop",
    "ldap://cn=admin:<s>@ldap.test",
    "smtp://mail@acme.test:<s>@smtp.test:587",
    "sftp://u:<s>@ftp.test/x",
    "git+https://u:<s>@git.test/x.git",
    "ssh://u:<s>@git.test/x.git",
    "jdbc:postgresql://db7.test/shop?user=u&password=<s>",
    "jdbc:sqlserver://db8.test;user=u;password=<s>;",
    "Server=db9.test;Database=shop;User Id=u;Password=<s>;",
    "Driver={ODBC};Server=db10.test;UID=u;PWD=<s>",
    "DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=<44:a>==;EndpointSuffix=core.test",
    "Endpoint=sb://acme.bus.test/;SharedAccessKeyName=Root;SharedAccessKey=<43:a>=",
    "host=db11.test user=shop password=<s> dbname=shop",
)
# Texts whose own shape says that they are secrets.
TOKENS = (
    *("Bearer <key>", "Basic <24:a>==", "Token <40:x>", "AKIA<16:A>", "ghp_<36:a>", "github_pat_<22:a>_<59:a>"),
    *("gho_<36:a>", "glpat-<20:a>", "sk_live_<24:a>", "rk_live_<24:a>", "whsec_<32:a>", "xapp-1-A0-<24:a>"),
    *("xoxb-123456789012-123456789012-<24:a>", "AIza<35:a>", "ya29.<60:a>", "GOCSPX-<28:a>", "npm_<36:a>"),
    *("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.<43:a>", "SG.<22:a>.<43:a>", "pypi-AgEIcHlwaS5vcmc<60:a>"),
    *("sk-proj-<48:a>", "sk-ant-api03-<60:a>", "hf_<34:a>", "dop_v1_<64:x>", "shpat_<32:x>", "key-<32:x>"),
    *("AC<32:x>:<32:x>", "hvs.<40:a>", "<key>", "<32:a>"),
)
KEYS = (
    "-----BEGIN RSA PRIVATE KEY-----\n<64:a>\n<64:a>\n-----END RSA PRIVATE KEY-----\n",
    "-----BEGIN OPENSSH PRIVATE KEY-----\n<64:a>",
)
# Names that hold one.
NAMES = (
    *("PASSWORD", "DB_PASSWORD", "DB_PASS", "db_passwd", "PGPASSWORD", "passphrase", "ADMIN_PWD", "smtpPassword"),
    *("SECRET", "SECRET_KEY", "client_secret", "JWT_SECRET", "WEBHOOK_SECRET", "consumer_secret", "sharedSecret"),
    *("TOKEN", "ACCESS_TOKEN", "refresh_token", "authToken", "X-Api-Key", "API_KEY", "apikey", "API_KEY_V2"),
    *("AWS_SECRET_ACCESS_KEY", "private_key", "ENCRYPTION_KEY", "SIGNING_KEY", "STRIPE_KEY", "MAILGUN_KEY"),
    *("credentials", "X-Auth-Token", "PRIVATE-TOKEN", "X-Vault-Token", "HMAC_KEY", "FERNET_KEY", "SECRET_KEY_BASE"),
    *("PASSWORD_SALT", "TOKENS", "SECRETS", "ACCOUNT_KEY", "LICENSE_KEY", "password1", "OAUTH_SECRET_PROD"),
)
# Lines that send or hold something: {name} is each name, {text} each address, token and key, as Python writes it.
NAMED_LINES = (
    "later.delay(1, {word}='<s>')",
    "later.apply_async(kwargs={{'{name}': '<s>'}})",
    "later.s({word}='<s>').delay()",
    "requests.get('https://crm.test/x', params={{'{name}': '<s>'}}, timeout=5)",
    "requests.get('https://crm.test/x', headers={{'{name}': '<s>'}}, timeout=5)",
    "requests.post('https://crm.test/x', data={{'{name}': '<s>'}}, timeout=5)",
    "requests.post('https://crm.test/x', json=dict({word}='<s>'), timeout=5)",
)
TEXT_LINES = (
    "requests.get({text}, timeout=5)",
    "requests.get('https://crm.test/x/' + {text}, timeout=5)",
    "requests.post('https://crm.test/x', json={{'next': {text}}}, timeout=5)",
    "later.delay({text})",
    "later.apply_async(args=[{text}])",
)
LINES = """\
requests.get('https://crm.test/x', auth=('svc', '<s>'), timeout=5)
requests.get('https://crm.test/x', auth=HTTPBasicAuth('svc', '<s>'), timeout=5)
requests.get('https://crm.test/x', cookies={'sessionid': '<key>'}, timeout=5)
requests.get('https://crm.test/x', headers={'Cookie': 'sessionid=<key>'}, timeout=5)
requests.get('https://crm.test/x', headers={'Authorization': 'Bearer ' + '<key>'}, timeout=5)
requests.get('https://crm.test/x', headers={'Authorization': f'Bearer <key>'}, timeout=5)
requests.get('https://crm.test/x?token=%s' % '<key>', timeout=5)
requests.get('https://crm.test/x?token={}'.format('<key>'), timeout=5)
requests.get(f"https://u:{'<key>'}@crm.test/x", timeout=5)
requests.get('https://crm.test/x', proxies={'https': 'http://u:<s>@proxy.test:3128'}, timeout=5)
requests.get('https://crm.test/x', timeout=5)  # token=<s>
requests.get('https://crm.test/x', timeout=5)  # c4trace: ignore[hardcoded-url] password=<s>
boto3.client('s3', aws_access_key_id='AKIA<16:A>', aws_secret_access_key='<key>').list_buckets()
psycopg2.connect('dbname=shop user=shop password=<s> host=db.test')
psycopg2.connect(host='db.test', password='<s>')
redis.Redis(host='cache.test', password='<s>').get('x')
pymongo.MongoClient('mongodb://u:<s>@mongo.test/x').db.x.find()
smtplib.SMTP('smtp.test').login('u', '<s>')
stripe.api_key = '<key>'
slack_sdk.WebClient(token='xoxb-<30:a>').chat_postMessage(channel='#x', text='x')
subprocess.run(['curl', '-u', 'svc:<s>', 'https://crm.test/x'])
subprocess.run(['push', '--token', '<s>', 'https://crm.test/x'])
subprocess.run('curl -H "Authorization: Bearer <key>" https://crm.test/x', shell=True)
"""
TASKS = '''\
import os, subprocess, smtplib
import boto3, psycopg2, pymongo, redis, requests, slack_sdk, stripe
from celery import shared_task
from requests.auth import HTTPBasicAuth

@shared_task
def later(what, **more):
    """Sends what it is given, with https://u:<s>@crm.test/x."""
    requests.get(what, timeout=5)

@shared_task
def tell(request=None):
'''
VIEWS = '''\
import requests
from shop.tasks import later, tell

def buy(request, token='<s>', *, password: str = '<s>'):
    """Buys. password=<s>"""
    tell.delay()
    later.delay(request.GET['x'], api_key='<s>')
    requests.post('https://crm.test/y?token=<s>', timeout=5)

class Client:
    base = 'https://u:<s>@crm.test'
    token = '<s>'

    def get(self):
        return requests.get(self.base + '/z', headers={'X-Api-Key': self.token}, timeout=5)

def ask(request):
    Client().get()
'''
SETTINGS = """\
import os
from decouple import config
ROOT_URLCONF = 'shop.urls'
INSTALLED_APPS = ['shop']
DATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql', 'HOST': 'db.test', 'PASSWORD': '<s>'}}
CACHES = {'default': {'BACKEND': 'django_redis.cache.RedisCache', 'LOCATION': 'redis://:<s>@c.test/1',
    'OPTIONS': {'PASSWORD': '<s>'}}}
CELERY_BROKER_URL = 'amqp://u:<s>@mq.test//'
CELERY_RESULT_BACKEND = 'redis://:<s>@c.test/2'
CELERY_BEAT_SCHEDULE = {'x': {'task': 'shop.tasks.later', 'schedule': 60, 'args': ('https://u:<s>@b.test/x',),
    'kwargs': {'token': '<s>'}}}
EMAIL_HOST = 'smtp.test'
EMAIL_HOST_PASSWORD = '<s>'
SENTRY_DSN = 'https://<32:x>@o1.ingest.sentry.io/1'
SOCIAL_AUTH_GOOGLE_OAUTH2_SECRET = '<s>'
JWT_AUTH = {'JWT_SECRET_KEY': '<s>', 'JWT_PRIVATE_SIGNING_JWK': '{"d": "<key>"}'}
LOGIN = dict(user='u', password='<s>')
SETTINGS = {}
SETTINGS['CRM_PASSWORD'] = '<s>'
"""
COMMAND = (
    "gunicorn shop.wsgi --password=<s> --api-key <s> --token '<s>' -e AWS_SECRET_ACCESS_KEY=<s>"
    " --bind redis://:<s>@c.test/0 --header 'Authorization: Bearer <key>' --dsn https://<32:x>@s.test/1"
)
DEPLOYED = {
    "Procfile": f"""\
web: API_TOKEN=<s> {COMMAND}
worker: celery -A shop worker -b amqp://u:<s>@mq.test//
release: curl -u svc:<s> https://crm.test/x && mysql -u root -p<s> shop
""",
    "Dockerfile": """\
FROM python:3.11
ENV OLD_TOKEN <s>
LABEL token=<s>
RUN pip install --index-url https://u:<s>@pypi.test/simple x && curl -H 'X-Api-Key: <s>' https://crm.test
CMD ["gunicorn", "shop.wsgi", "--token", "<s>", "--password=<s>"]
""",
    "docker-compose.yml": f"""\
services:
  web:
    build: {{context: ., args: {{API_TOKEN: <s>}}}}
    command: {COMMAND}
    labels: {{token: <s>}}
    healthcheck: {{test: "curl -H 'Authorization: Bearer <key>' http://localhost"}}
  worker:
    image: acme/worker
    environment:
      - DB_PASSWORD=<s>
      - BROKER=amqp://u:<s>@mq.test//
    command: ['celery', '--broker', 'amqp://u:<s>@mq.test//', '--token', '<s>']
  db:
    image: postgres
    environment: {{POSTGRES_PASSWORD: <s>}}
  sftp: {{image: atmoz/sftp, command: "foo:<s>:1001:1001"}}
  all:
    image: acme/all
    environment:
""",
    "requirements.txt": """\
--index-url https://u:<s>@index.test/simple
--extra-index-url https://<key>@index2.test/simple
-i https://__token__:<s>@i3.test/simple
--find-links https://u:<s>@files.test/x
shop-client @ git+https://u:<s>@git.test/client.git@v1
git+https://<key>@git.test/acme/kit.git#egg=kit
other @ https://files.test/other-1.0.tar.gz?token=<s>
celery==5.3.0
""",
    "pyproject.toml": """\
[project]
name = "shop"
version = "1"
dependencies = ["celery", "kit @ git+https://u:<s>@git.test/kit.git"]
[[tool.poetry.source]]
name = "x"
url = "https://u:<s>@p.test/simple"
""",
    "uv.lock": """\
version = 1
[[package]]
name = "celery"
version = "5.3.0"
source = { registry = "https://u:<s>@uv.test/simple" }
[[package]]
name = "boto3"
version = "1.0"
source = { git = "https://u:<s>@git.test/boto3.git?rev=1#abc" }
""",
    "Pipfile.lock": '{"_meta": {"sources": [{"name": "x", "url": "https://u:<s>@p.test/simple"}]}, "default": '
    '{"stripe": {"version": "==1.0", "git": "https://u:<s>@git.test/s.git"}}}\n',
    "k8s/web.yaml": """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      containers:
      - name: web
        image: acme/shop
        args: ['--token', '<s>', '--password=<s>']
        env:
        - {name: BROKER, value: 'amqp://u:<s>@mq.test//'}
        - {name: DB_PASSWORD, value: <s>}
---
apiVersion: v1
kind: Secret
metadata: {name: x}
data: {anything: <24:a>}
stringData: {more: <24:a>}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: y}
data: {URL: 'https://u:<s>@x.test', TOKEN: <s>}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: push}
spec:
  schedule: '5 * * * *'
  jobTemplate:
    spec:
      template:
        spec:
          containers:
          - {name: push, image: acme/shop, command: ['sh', '-c', 'python manage.py push --token=<s>']}
""",
    "nginx.conf": """\
upstream web { server web:8000; }
server {
  listen 80;
  location / {
    proxy_set_header Authorization 'Basic <24:a>==';
    proxy_pass http://u:<s>@web/x?token=<s>;
  }
}
""",
    "crontab": """\
API_TOKEN=<s>
5 * * * * root python manage.py push --password=<s> --url https://u:<s>@x.test
""",
    "supervisord.conf": f"""\
[program:web]
command={COMMAND}
environment=DB_PASSWORD='<s>',BROKER='amqp://u:<s>@mq.test//'
""",
    "shop.service": f"[Service]\nEnvironment=DB_PASSWORD=<s>\nEnvironment='TOKEN=<s>'\nExecStart={COMMAND}\n",
    "app.json": '{"name": "shop", "env": {"DB_PASSWORD": {"value": "<s>"}, "API_TOKEN": "<s>", "BROKER": {"value": '
    '"amqp://u:<s>@mq.test//"}}, "scripts": {"postdeploy": "python manage.py push --token=<s>"}}\n',
    "entrypoint.sh": f"#!/bin/sh\nexport DB_PASSWORD=<s>\n{COMMAND}\n",
    "config/values.yaml": """\
list:
  - https://u:<s>@x.test
  - {password: <s>}
nested: {db: {password: <s>, url: 'postgres://u:<s>@db.test/x'}}
key: |
  -----BEGIN RSA PRIVATE KEY-----
  <60:a>
  <60:a>
""",
    "broken.yml": "services:\n  web:\n    environment:\n      DB_PASSWORD: <s>\n   x: [\n",
    "docker-compose.override.yml": "services:\n  web: {environment: {DB_PASSWORD: '<s>' }\n",
}
# How a file gives a value to a name.
_PAIRS = {
    ".env": "{name}={value}\n",
    "prod.env": "export {name}='{value}'\n",
    "Dockerfile": 'ENV {name}="{value}"\nARG {name}={other}\n',
    "docker-compose.yml": "      {name}: '{value}'\n",
    "config/values.yaml": "{name}: '{value}'\n",
}


class Planter:
    """Puts a secret in place of each mark; `made` are those so far, with the place they were made for."""

    def __init__(self, seed: int) -> None:
        self.made: dict[str, str] = {}
        self._chance = random.Random(seed)

    def __call__(self, template: str, place: str) -> str:
        """The template with a secret of its own for each mark."""
        return _MARK.sub(lambda mark: self._secret(mark, place), template)

    def _secret(self, mark: re.Match[str], place: str) -> str:
        length = int(mark[1]) if mark[1] else 40 if mark[0] == "<key>" else 12
        while True:
            text = "".join(self._chance.choices(_KINDS[mark[2] or "a"], k=length))
            digits = sum(c.isdigit() for c in text)
            if text not in self.made and 2 < digits < length - 2 and "xxx" not in text.lower():
                self.made[text] = place
                return text


def planted(plant: Planter) -> dict[str, str]:
    """The files of the repository."""
    return {**_code(plant), **_deployed(plant)}


def _code(plant: Planter) -> dict[str, str]:
    pairs = [(template, one) for template in TEXT_LINES for one in (*URLS, *TOKENS, *KEYS)]
    lines = [template.format(text=repr(one)) for template, one in pairs]
    lines += [template.format(name=name, word=_word(name)) for template in NAMED_LINES for name in NAMES]
    body = "".join(plant(f"{line}\n", f"shop/tasks.py: {line}") for line in (*lines, *LINES.splitlines()))
    return {
        "manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n",
        "shop/__init__.py": "",
        "shop/settings.py": plant(SETTINGS + "".join(_settings()), "shop/settings.py"),
        "shop/urls.py": plant(
            "from django.urls import path\nfrom shop import views\n"
            "urlpatterns = [path('buy/', views.buy), path('hook/<key>/', views.ask)]\n",
            "shop/urls.py",
        ),
        "shop/tasks.py": plant(TASKS, "shop/tasks.py") + indent(body, "    "),
        "shop/views.py": plant(VIEWS, "shop/views.py"),
        "shop/broken.py": plant("def broken(:\n    password = '<s>'\nget('https://u:<s>@x.test')\n", "shop/broken.py"),
        "shop/management/__init__.py": "",
        "shop/management/commands/__init__.py": "",
        "shop/management/commands/push.py": plant(
            "import requests\nfrom django.core.management.base import BaseCommand\n\n"
            "class Command(BaseCommand):\n    def handle(self, *args, **options):\n"
            "        requests.get('https://crm.test/x?token=<s>', timeout=5)\n",
            "shop/management/commands/push.py",
        ),
    }


def _settings() -> Iterable[str]:
    for name in NAMES:
        yield f"{_word(name)} = '<s>'\n"
        yield f"{_word(name)}_1 = os.environ.get('{name}', '<s>')\n"
        yield f"{_word(name)}_2 = config('{name}', default='<s>')\n"
    for number, text in enumerate((*URLS, *TOKENS, *KEYS)):
        yield f"TEXT_{number} = os.environ.get('TEXT_{number}', {text!r})\n"


def _deployed(plant: Planter) -> dict[str, str]:
    files = {name: plant(template, name) for name, template in DEPLOYED.items()}
    for name, form in _PAIRS.items():
        rows = [(_word(one), "<s>") for one in NAMES]
        rows += [(f"TEXT_{number}", one) for number, one in enumerate((*URLS, *TOKENS))]
        text = "".join(form.format(name=one, value=value, other=value) for one, value in rows)
        files[name] = files.get(name, "") + plant(text, name)
    return files


def _word(name: str) -> str:
    return name.replace("-", "_")
