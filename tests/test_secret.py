from __future__ import annotations

import copy
import json
import pickle

import pytest

from agent.config.models import Config
from agent.config.servers import Server
from agent.secret import Secret

TEXT = "postgresql://agent:hunter2@db/app"
SECRET = Secret(TEXT)


def test_a_secret_shows_itself_nowhere() -> None:
    server = Server(name="a", dsn=SECRET)
    shown = [
        str(SECRET),
        repr(SECRET),
        f"{SECRET:>5}",
        "%s %r" % (SECRET, SECRET),  # noqa: UP031 - one of the ways
        str([SECRET]),
        repr(Exception(SECRET)),
        repr(server),
        str(Config(servers=(server,))),
        server.model_dump_json(),
        str(server.model_dump()),
    ]

    assert all("***" in each for each in shown)
    assert not [each for each in shown if "hunter2" in each]


def test_a_secret_is_what_it_is_only_for_who_asks() -> None:
    assert SECRET.reveal() == TEXT
    assert Secret(TEXT) == SECRET
    assert Secret("other") != SECRET
    assert SECRET != TEXT
    assert copy.deepcopy(SECRET) is SECRET is copy.copy(SECRET)


def test_a_secret_is_never_written_down() -> None:
    with pytest.raises(TypeError, match="never written down"):
        pickle.dumps(SECRET)
    with pytest.raises(TypeError):
        json.dumps(SECRET)
