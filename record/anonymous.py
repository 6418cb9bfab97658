"""Replacement of ids and removal of secrets; the same id always has the same replacement."""

import gzip
import hashlib
import json
import re
import zlib

#: An id, or part of a truncated one; no number is that long.
_ID = re.compile(r"[0-9A-Fa-f]{24,}")
#: A serial number by its format, anywhere, and one of any format after ``serial:``.
_SERIAL = re.compile(r"\bFL[0-9]{8}\b|(?<=serial:)[^\S\n]*\S+", re.IGNORECASE)
_LARGEST_BLOCK = 16 * 1024 * 1024

#: The secrets of config/kube (docs/protocol.md section 5).
_SECRETS = ("key", "null_key", "hw_id")


class Anonymiser:
    """Replaces ids by keyed hashes. The key, ``salt``, is not stored."""

    def __init__(self, salt: bytes) -> None:
        self._salt = salt

    def topic(self, topic: str) -> str:
        """Return a topic with replaced ids."""
        return self._text(topic)

    def payload(self, topic: str, payload: bytes) -> bytes:
        """Return a payload with replaced ids and without secrets; empty if it can't be decoded."""
        if topic.endswith("/gz"):
            return self._block(payload)
        try:
            text = str(payload, "utf-8")
        except UnicodeDecodeError:
            return b""
        if topic.endswith("/config/kube"):
            text = _without_secrets(text)
        return self._text(text).encode()

    def _text(self, text: str) -> str:
        with_other_ids = _ID.sub(lambda found: self._other(found[0])[: len(found[0])], text)
        return _SERIAL.sub(lambda found: self._other_serial(found[0]), with_other_ids)

    def _other(self, secret: str) -> str:
        return hashlib.blake2b(secret.lower().encode(), key=self._salt).hexdigest()

    def _other_serial(self, found: str) -> str:
        """Return another serial number of the same format, with the blanks before the original."""
        serial = found.lstrip()
        number = int(self._other(serial), 16) % 10**8
        return f"{found.removesuffix(serial)}FL{number:08}"

    def _block(self, payload: bytes) -> bytes:
        """Return a tmpo block with replaced ids (docs/protocol.md section 7)."""
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
