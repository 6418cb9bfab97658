"""Ids and secrets of a meter replaced, the same one by the same replacement throughout."""

import gzip
import hashlib
import json
import re
import zlib

_ID = re.compile(r"\b[0-9a-f]{32}\b")
_SERIAL = re.compile(r"^(# serial: *)\S+", re.MULTILINE)
_LARGEST_BLOCK = 16 * 1024 * 1024

#: What of config/kube must not leave the house (docs/protocol.md section 5).
_SECRETS = ("key", "null_key", "hw_id")


class Anonymiser:
    """Replaces ids by others that only the ``salt`` could lead back from; the salt is not kept."""

    def __init__(self, salt: bytes) -> None:
        self._salt = salt

    def topic(self, topic: str) -> str:
        """A topic with other ids."""
        return self._text(topic)

    def payload(self, topic: str, payload: bytes) -> bytes:
        """A payload with other ids and without secrets; one that can't be read is left out."""
        if topic.endswith("/gz"):
            return self._block(payload)
        try:
            text = str(payload, "utf-8")
        except UnicodeDecodeError:
            return b""
        if topic.endswith("/config/kube"):
            text = _without_secrets(text)
        return self._text(_SERIAL.sub(r"\1FL00000000", text)).encode()

    def _text(self, text: str) -> str:
        return _ID.sub(lambda found: self._other(found[0]), text)

    def _other(self, identity: str) -> str:
        return hashlib.blake2b(identity.encode(), key=self._salt, digest_size=16).hexdigest()

    def _block(self, payload: bytes) -> bytes:
        """A tmpo block, whose text names its sensor (docs/protocol.md section 7)."""
        inflate = zlib.decompressobj(wbits=31)
        try:
            text = str(inflate.decompress(payload, _LARGEST_BLOCK), "utf-8")
        except zlib.error, UnicodeDecodeError:
            return b""
        return gzip.compress(self._text(text).encode(), mtime=0)


def _without_secrets(text: str) -> str:
    try:
        config = json.loads(text, object_hook=_blank_secrets)
    except ValueError:
        return ""
    return json.dumps(config)


def _blank_secrets(section: dict[str, object]) -> dict[str, object]:
    return {key: "" if key in _SECRETS else value for key, value in section.items()}
