"""DSNs and passwords, read when a connection is made and never repeated in an error."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from agent.config.dsns import checked_dsn, checked_history_url
from agent.config.models import Config, History
from agent.config.problems import Place
from agent.config.servers import Server
from agent.errors import AgentError
from agent.secret import Secret


class SecretUnreadableError(AgentError):
    """A file or variable that should hold a secret, and does not."""

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"{source} {reason}")


def dsn(server: Server, environ: Mapping[str, str]) -> Secret:
    """Return how to connect to a server, as its file or variable has it now.

    Raises SecretUnreadableError.
    """
    if server.dsn_file is not None:
        return _shaped(_content(server.dsn_file), _file(server.dsn_file))
    if server.dsn_env is not None:
        return _shaped(_held(server.dsn_env, environ), _variable(server.dsn_env))
    if server.dsn is not None:
        return server.dsn
    raise SecretUnreadableError(f"server {server.name!r}", "has no dsn; give it one")


def password(server: Server) -> Secret | None:
    """Return the password in a server's password file; None if it has no such file.

    Raises SecretUnreadableError.
    """
    return None if server.password_file is None else _content(server.password_file)


def history_url(history: History) -> Secret:
    """Return where the history is kept, as its file has it now.

    Raises SecretUnreadableError.
    """
    if history.url_file is None:
        return history.url
    content, source = _content(history.url_file), _file(history.url_file)
    try:
        return Secret(checked_history_url(content.reveal()))
    except ValueError as error:
        raise SecretUnreadableError(source, f"holds no URL: {error}") from None


def unreadable_secrets(
    config: Config, environ: Mapping[str, str]
) -> Iterator[tuple[Place, str]]:
    """Yield place and message of each secret that cannot be had now."""
    history = partial(history_url, config.history)
    yield from _unreadable({"url_file": history}, ("history",))
    for index, server in enumerate(config.servers):
        reads: dict[str, Callable[[], object]] = {
            "dsn_file" if server.dsn_file else "dsn_env": partial(dsn, server, environ),
            "password_file": partial(password, server),
        }
        yield from _unreadable(reads, ("servers", index))


def _unreadable(
    reads: Mapping[str, Callable[[], object]], place: Place
) -> Iterator[tuple[Place, str]]:
    for key, read in reads.items():
        try:
            read()
        except SecretUnreadableError as error:
            yield (*place, key), str(error)


def _content(path: Path) -> Secret:
    try:
        content = path.read_bytes().decode()
    except OSError as error:
        reason = (error.strerror or "input/output error").lower()
        raise SecretUnreadableError(_file(path), _cannot(reason)) from None
    except UnicodeDecodeError:
        raise SecretUnreadableError(_file(path), "is not UTF-8 text") from None
    # Whatever wrote the file may have ended the line; anything else is the secret.
    text = content.removesuffix("\n").removesuffix("\r")
    if not text:
        raise SecretUnreadableError(_file(path), "is empty; write the secret into it")
    return Secret(text)


def _held(name: str, environ: Mapping[str, str]) -> Secret:
    if not environ.get(name):
        raise SecretUnreadableError(
            _variable(name), "is not set; start the agent with it, or use dsn_file"
        )
    return Secret(environ[name])


def _shaped(text: Secret, source: str) -> Secret:
    try:
        return Secret(checked_dsn(text.reveal()))
    except ValueError as error:
        raise SecretUnreadableError(source, f"holds no DSN: {error}") from None


def _cannot(reason: str) -> str:
    return f"cannot be read: {reason}; create it, and let the agent's user read it"


def _file(path: Path) -> str:
    return f"file {str(path)!r}"


def _variable(name: str) -> str:
    return f"environment variable {name!r}"
