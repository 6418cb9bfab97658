"""Ids and secrets of a meter replaced, the same one by the same replacement throughout."""

import gzip
import hashlib
import json
import re
import zlib

#: An id, or what is left of one that was cut off; no number is printed so long.
_ID = re.compile(r"[0-9A-Fa-f]{24,}")
#: A serial number by its form, wherever it is, and one of any form where it is told.
_SERIAL = re.compile(r"\bFL[0-9]{8}\b|(?<=serial:)[^\S\n]*\S+", re.IGNORECASE)
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
        return self._text(text).encode()

    def _text(self, text: str) -> str:
        with_other_ids = _ID.sub(lambda found: self._other(found[0])[: len(found[0])], text)
        return _SERIAL.sub(lambda found: self._other_serial(found[0]), with_other_ids)

    def _other(self, secret: str) -> str:
        return hashlib.blake2b(secret.lower().encode(), key=self._salt).hexdigest()

    def _other_serial(self, found: str) -> str:
        """A serial number of the meters' form, with the blanks that were before the true one."""
        serial = found.lstrip()
        number = int(self._other(serial), 16) % 10**8
        return f"{found.removesuffix(serial)}FL{number:08}"

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
