"""A configuration folder for Home Assistant, without onboarding and without network access.

It does not use `default_config`, whose integrations use the network. The HTTP settings and the
finished onboarding steps are storage files, because Home Assistant reads them from there: a YAML
`http:` block is only a proposal that the user is asked to confirm, and the onboarding step
"core_config" sets up a dozen integrations that use the internet.
"""

from collections.abc import Iterable, Mapping
import json
from pathlib import Path
import textwrap
from typing import Any

from .ports import LOOPBACK

PASSWORDLESS = f"""\
auth_providers:
  - type: trusted_networks
    trusted_networks:
      - {LOOPBACK}/32
      - ::1/128
    allow_bypass_login: true
  - type: homeassistant
"""

# Suppress the messages at each start about missing libraries that are not needed here: a faster
# zlib, ffmpeg, libjpeg-turbo.
_LEVELS = {
    "aiohttp_fast_zlib": "error",
    "haffmpeg": "critical",
    "homeassistant.components.camera.img_util": "critical",
}

_YAML = """\
homeassistant:
  name: Home
  latitude: 50.85
  longitude: 4.35
  elevation: 10
  unit_system: metric
  time_zone: Europe/Brussels
  country: {country}
  currency: EUR
{core}
frontend:
history:
energy:
recorder:
  commit_interval: {commit_interval}
logger:
  default: info
  logs:
{levels}
{extra}
"""


def prepare(
    folder: Path,
    port: int,
    component: Path | None,
    *,
    passwordless: bool = False,
    levels: Mapping[str, str] | None = None,
    country: str = "BE",
    commit_interval: int = 1,
    extra: str = "",
    more: Iterable[Path] = (),
) -> None:
    """Write a configuration folder, unless it exists.

    Args:
        folder: the configuration folder.
        port: the port of Home Assistant, on the loopback address only.
        component: a custom integration's folder; it is linked to, not copied.
        passwordless: whether the only user can sign in without a password, from this machine.
        levels: log levels by logger name; the default is info.
        country: Home Assistant's country.
        commit_interval: the recorder's commit interval (s); Home Assistant's default is 5 s.
        extra: further text of configuration.yaml.
        more: folders of further custom integrations.
    """
    storage = folder / ".storage"
    if storage.exists():
        return
    storage.mkdir(parents=True)
    (folder / "custom_components").mkdir()
    for each in (component, *more):
        if each is not None:
            (folder / "custom_components" / each.name).symlink_to(each.resolve())
    all_levels = _LEVELS | dict(levels or {})
    (folder / "configuration.yaml").write_text(
        _YAML.format(
            core=textwrap.indent(PASSWORDLESS, "  ") if passwordless else "",
            levels="".join(f"    {name}: {level}\n" for name, level in all_levels.items()),
            country=country,
            commit_interval=commit_interval,
            extra=extra,
        )
    )
    _store(storage, "onboarding", 4, 1, {"done": ["core_config", "analytics", "integration"]})
    _store(storage, "http", 2, 2, _http(port))


def _store(storage: Path, key: str, version: int, minor: int, data: Mapping[str, Any]) -> None:
    (storage / key).write_text(
        json.dumps({"version": version, "minor_version": minor, "key": key, "data": data})
    )


def _http(port: int) -> dict[str, Any]:
    """Settings as Home Assistant 2026.10 stores them (homeassistant/components/http/config.py)."""
    return {
        "stable": {
            "server_host": [LOOPBACK],
            "server_port": port,
            "cors_allowed_origins": [],
            "login_attempts_threshold": -1,
            "ip_ban_enabled": True,
            "ssl_profile": "modern",
            "use_x_frame_options": True,
            "created_at": "2026-01-01T00:00:00+00:00",
            "error": None,
            "error_message": None,
        },
        "pending": None,
        "yaml_migration_done": True,
    }
