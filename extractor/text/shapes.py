"""Secrets that text gives away by its own shape: keys of known vendors, random keys, passwords and tokens of addresses,
headers and connection strings. What is masked must be likely to be a secret: placeholders, templates, names, hashes,
ids and paths stay."""

from __future__ import annotations

import re

from extractor.text.placeholders import is_opaque_key, is_placeholder, looks_random

MASK = "***"
MASKED_KEY = "*****"  # stands for a secret that looks generated: what is checked needs to know that, nothing more
MASKS = frozenset((MASK, MASKED_KEY))

_SHORTEST, _SHORTEST_KEY = 8, 24
_WORDS = r"token|secret|password|passwd|api[-_]?key|access[-_]?key|auth[-_]?key|account[-_]?key"
_OPEN = r"{}%$<>()\s'\"\\"  # where a template, a route pattern or code begins

VENDOR_SHAPES = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----[\s\S]*"
    r"|(?<![A-Za-z0-9_])(?=[AGNPSadeghklnprswxy])(?:A(?:KIA|SIA)[0-9A-Z]{16}\b"  # AWS
    r"|gh[pousr]_\w{20,}|github_pat_\w{20,}|gl(?:pat|rt|ptt|dt)-[\w-]{16,}"  # GitHub, GitLab
    r"|xox[abeoprs]-[\w.-]{10,}|xapp-[\w-]{10,}"  # Slack
    r"|[rs]k_(?:live|test)_\w{10,}|whsec_\w{16,}|sq0(?:atp|csp)-[\w-]{20,}"  # Stripe, Square
    r"|AIza[\w-]{30,}|ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,}"  # Google
    r"|npm_\w{30,}|pypi-[\w-]{50,}|dckr_pat_[\w-]{20,}"  # npm, PyPI, Docker
    r"|SG\.[\w-]{16,}\.[\w-]{16,}|key-[0-9a-f]{32}\b|(?:AC|SK)[0-9a-f]{32}(?::[0-9a-f]{32})?\b"  # mail, Twilio
    r"|sk-(?:proj-|ant-|or-)?[\w-]*\d[\w-]{20,}|hf_[A-Za-z]\w{30,}"  # OpenAI, Anthropic, Hugging Face
    r"|do[opr]_v1_[0-9a-f]{60,}|hv[sbr]\.[\w-]{20,}|shp(?:at|ss|ca|pa)_[0-9a-f]{32}"  # DigitalOcean, Vault, Shopify
    r"|ATATT[\w=-]{20,}|lin_api_\w{30,}|PMAK-[\w-]{30,}|NRAK-\w{20,}"  # Atlassian, Linear, Postman, New Relic
    r"|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)"  # JSON Web Token
)
# Told apart by their first letters, so that the search may skip to one.
_VENDOR_HINTS = (
    r"-----begin|a(?:kia|sia|iza|tatt|c[0-9a-f]{32})|do[opr]_v1|dckr_pat|eyj"
    r"|g(?:h[opusr]_|ithub_pat_|l(?:pat|rt|ptt|dt)-|ocspx)|h(?:f_|v[sbr]\.)|key-[0-9a-f]{32}|lin_api"
    r"|n(?:pm_|rak)|p(?:ypi-|mak-)|rk_(?:live|test)|s(?:k_(?:live|test)|(?<!as)k-|k[0-9a-f]{32}|q0|g\.|hp[a-z]{2}_)|whsec_|x(?:ox|app-)|ya29\."
)
_VENDOR_HINT = re.compile(_VENDOR_HINTS)
_HINT = re.compile(
    rf"{_VENDOR_HINTS}|://|[?&;#][\w.-]+=|password|pwd=|b(?:earer|asic)\s|token\s+\w{{12}}|webhook|hooks?/|api\.telegram"
    r"|/(?:token|secret|password|passwd|api|access|auth)[-_=:k]"
)
# The password may hold `@`, `/` and `?`: it ends at the last `@` that a host follows.
_USER_INFO = re.compile(
    rf"([A-Za-z][\w+.-]{{0,20}}://(?:[^\s/:?#'\"{{}}%$<>]|%[0-9A-Fa-f]{{2}}){{0,256}}:)(?!\d{{1,5}}(?:[/?#\s]|$))"
    rf"((?:[^{_OPEN}]|%[0-9A-Fa-f]{{2}}){{1,256}})@(?=[\w.\[{{%$-])"
)
_USER_ONLY = re.compile(r"(https?://)([\w.~-]{12,256})(?=:?@[\w\[]|:\*{3,5}@)")
_QUERY = re.compile(
    rf"([?&;#][\w.-]{{0,64}}(?:{_WORDS}|(?<=[?&;#])sig|signature|(?<=[?&;#])key|credential|pwd)=)([^{_OPEN}&#;]{{8,}})",
    re.IGNORECASE,
)
_QUERY_KEY = re.compile(r"([?&;#][\w.-]{1,64}=)([\w+/=-]{24,256})")
_PATH = re.compile(rf"(/(?:{_WORDS})[-=:])(?=[\w.~-]*\d)([\w.~-]{{8,}})", re.IGNORECASE)
_HOOK = re.compile(
    r"(hooks\.slack\.com/(?:services|workflows|triggers)/|discord(?:app)?\.com/api/webhooks/\d{1,30}/"
    r"|webhook\.office\.com/webhookb2/|api\.telegram\.org/bot\d{1,20}:|hooks\.zapier\.com/hooks/catch/)[\w@/-]+"
)
_HOOK_KEY = re.compile(r"((?<![\w.-])(?:web)?hooks?/(?:[\w.-]{1,64}/){0,3})([\w-]{20,256})(?![\w-])", re.IGNORECASE)
_LIBPQ = re.compile(
    rf"((?<!\w)password\s*=\s*|\bpwd=)('[^']+'|[^{_OPEN}&;,]{{4,}})(?=\s+\w+\s*=|\s*$|;)", re.IGNORECASE
)
_HEADER = re.compile(
    r"(\b(?:(?:bearer|basic)\s+(?=[\w.~+/=-]*\d)|token\s+(?=[0-9a-f]{32}|(?:[\w-]*\d){3}[\w-]{20})))([\w.~+/=-]{12,})",
    re.IGNORECASE,
)
_BY_HINT = (
    *(("@", _USER_INFO), ("=", _QUERY), ("/", _PATH), ("password", _LIBPQ), ("pwd=", _LIBPQ)),
    *((scheme, _HEADER) for scheme in ("bearer", "basic", "token")),
)
# A run of letters and digits that stands by itself; not a digest that says so, and not data of a data URL.
_RUN = re.compile(r"(?<![\w/+.-])(?<!base64,)[A-Za-z0-9_+-]{24,256}(?![\w/+.-]*[/.])={0,2}")
_LONG = re.compile(r"[A-Za-z0-9_+/-]{24}")
_WHOLE = re.compile(r"[A-Za-z0-9_+/-]{24,256}={0,2}")


def masked_literal(text: str) -> str:
    """A literal of code without the secrets that its own shape gives away: passwords and tokens of URLs, headers,
    connection strings, keys of known vendors, and random keys. One that is a key whole is MASKED_KEY."""
    if len(text) < _SHORTEST:
        return text
    if _HINT.search(lowered := text.lower()):
        text = _by_hints(text, lowered)
    if len(text) >= _SHORTEST_KEY and max(map(len, text.split()), default=0) >= _SHORTEST_KEY and _LONG.search(text):
        text = _without_runs(text)
    return text


def _by_hints(text: str, lowered: str) -> str:
    if _VENDOR_HINT.search(lowered):
        text = _without_vendors(text)
    if "hook" in lowered or "telegram" in lowered:
        text = _HOOK_KEY.sub(_without_key, _HOOK.sub(rf"\g<1>{MASK}", text))
    for hint, pattern in _BY_HINT:
        if hint in lowered:
            text = pattern.sub(_without_secret, text)
    text = _QUERY_KEY.sub(_without_key, text) if "=" in lowered else text
    return _USER_ONLY.sub(_without_user, text) if "@" in text else text


def mask_of(text: str) -> str:
    """What stands for a secret."""
    return MASKED_KEY if looks_random(text) else MASK


def _without_vendors(text: str) -> str:
    if VENDOR_SHAPES.fullmatch(text):
        return text if is_placeholder(text) else mask_of(text)
    return VENDOR_SHAPES.sub(lambda found: found[0] if is_placeholder(found[0]) else MASK, text)


def _without_runs(text: str) -> str:
    if _WHOLE.fullmatch(text):
        return MASKED_KEY if is_opaque_key(text) else text
    return _RUN.sub(lambda found: MASK if is_opaque_key(found[0]) else found[0], text)


def _without_secret(match: re.Match[str]) -> str:
    return match[0] if is_placeholder(match[2]) else f"{match[1]}{MASK}{match[0][match.end(2) - match.start() :]}"


def _without_key(match: re.Match[str]) -> str:
    return f"{match[1]}{MASK}" if is_opaque_key(match[2]) else match[0]


def _without_user(match: re.Match[str]) -> str:
    """A user who is a token; beside a password, only one that looks like a key."""
    alone = not match.string.startswith(f":{MASK}", match.end())
    return f"{match[1]}{MASK}" if alone or looks_random(match[2]) else match[0]
