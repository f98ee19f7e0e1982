"""Each rule of the audit on code that it must find, and on code that it must leave alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.code_audit.audit import audit_tree
from engine.code_audit.findings import Finding
from engine.code_audit.secrets import mask

# Put together here, so that no scanner takes this file for a leak.
AWS = "AKIA" + "Q3EGRIZ7LNM5TWXV"
OPENAI = "sk-" + "proj-" + "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9v"
GITHUB = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
RANDOM = "Zk9vQ2mX7pLr4TsWb8NcYh3Gd6JfVa1E" + "uXo5"
POSTGRES = "postgres://app:" + "hunter22x@db.internal.net/prod"


def audit(tmp_path: Path, **files: str) -> list[Finding]:
    for name, text in files.items():
        path = tmp_path / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return list(audit_tree(tmp_path).findings)


def rules(tmp_path: Path, text: str, name: str = "service") -> list[str]:
    return [finding.rule for finding in audit(tmp_path, **{name: text})]


@pytest.mark.parametrize(
    "text",
    [
        f"KEY = '{AWS}'",
        f"# a comment with {OPENAI}",
        f'headers = {{"Authorization": "token {GITHUB}"}}',
        f'password = "{RANDOM}"',
        f'client(api_key="{RANDOM}")',
        f'SALT = "{RANDOM}"',
        f'URL = "{POSTGRES}"',
        "-----BEGIN " + "RSA PRIVATE KEY-----",
    ],
)
def test_a_secret_is_found_and_never_shown_whole(tmp_path: Path, text: str) -> None:
    findings = [finding for finding in audit(tmp_path, service=text + "\n") if finding.rule == "secret"]
    assert len(findings) == 1 and findings[0].severity == "error" and findings[0].line == 1
    for secret in (AWS, OPENAI, GITHUB, RANDOM, "hunter22x"):
        assert secret not in findings[0].what and secret[:5] not in findings[0].what


@pytest.mark.parametrize(
    "text",
    [
        "password = os.environ['SERVICE_PASSWORD']",
        'api_key = "your-api-key-here"',
        'api_key_env = "OPENAI_API_KEY"',
        'token = f"{address.token}"',
        'SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"',
        'password_field = "password_confirmation"',
        'tokenizer = "sentence-transformers/all-MiniLM-L6-v2"',
        'URL = "postgres://{user}:{password}@{host}/db"',
        'doc = "https://example.com/a/page/with_a_long_name_2024"',
    ],
)
def test_a_name_a_placeholder_or_a_hash_is_no_secret(tmp_path: Path, text: str) -> None:
    assert "secret" not in rules(tmp_path, text + "\n")


def test_a_key_of_a_known_form_is_found_in_tests_and_files_of_variables_too(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"SERVICE_TOKEN={RANDOM}\n")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_a.py").write_text(f"KEY = '{AWS}'\npassword = '{RANDOM}'\n")
    found = {(finding.path, finding.line) for finding in audit_tree(tmp_path).findings}
    assert found == {(".env", 1), ("tests/test_a.py", 1)}


@pytest.mark.parametrize(
    ("secret", "shown"), [("abcdefghijklmnop", "abcd… (16 characters)"), ("abcd", "a… (4 characters)")]
)
def test_no_more_than_a_quarter_of_a_secret_is_shown(secret: str, shown: str) -> None:
    assert mask(secret) == shown


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ('URL = "https://api.acme-corp.com/v1"', "warning"),
        ('HOST = "10.1.2.3:5432"', "warning"),
        ('DSN = "mongodb://db.acme-corp.com/x"', "warning"),
        ('URL = "http://localhost:8000"', "note"),
        ('HOST = "127.0.0.1:8080"', "note"),
    ],
)
def test_an_address_in_code_is_found_and_the_loopback_is_a_note(tmp_path: Path, text: str, severity: str) -> None:
    findings = audit(tmp_path, service=text + "\n")
    assert [(finding.rule, finding.severity) for finding in findings] == [("address", severity)]


@pytest.mark.parametrize(
    "text",
    [
        'def f():\n    """See https://docs.acme-corp.com."""\n    return 1\n',
        "# https://docs.acme-corp.com\n",
        'NAMESPACE = "http://www.w3.org/2000/svg"\n',
        'EXAMPLE = "https://example.com/x"\n',
        'url = f"https://{host}/v1"\n',
        'hint = "an address begins with http:// or https://."\n',
        'VERSION = "1.2.3.4.5"\n',
    ],
)
def test_prose_names_and_reserved_domains_are_no_addresses(tmp_path: Path, text: str) -> None:
    assert "address" not in rules(tmp_path, text)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("except:\n        log(1)", ["bare-except"]),
        ("except:\n        pass", ["bare-except", "silent-fallback"]),
        ("except Exception:\n        pass", ["silent-fallback"]),
        ("except Exception:\n        return 0.85", ["silent-fallback"]),
        ("except (ValueError, Exception):\n        value = dict()", ["silent-fallback"]),
        ("except BaseException as error:\n        value = None", ["silent-fallback"]),
        ("except Exception as error:\n        log(error)", []),
        ("except Exception:\n        raise Wrong from None", []),
        ("except Exception as error:\n        failed = error", []),
        ("except ValueError:\n        return None", []),
        ("except OSError:\n        pass", []),
    ],
)
def test_a_handler_that_swallows_everything_without_a_trace_is_found(
    tmp_path: Path, body: str, found: list[str]
) -> None:
    assert rules(tmp_path, f"def f():\n    try:\n        work()\n    {body}\n") == found


@pytest.mark.parametrize(("kinds", "found"), [("Exception", ["silent-fallback"]), ("OSError, ValueError", [])])
def test_suppressing_everything_is_a_silent_fallback(tmp_path: Path, kinds: str, found: list[str]) -> None:
    assert rules(tmp_path, f"import contextlib\nwith contextlib.suppress({kinds}):\n    work()\n") == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("from unittest.mock import Mock\n", ["mocked-data"]),
        ("from unittest import mock\n", ["mocked-data"]),
        ("import faker\n", ["mocked-data"]),
        ("class FakeDatabase:\n    pass\n", ["mocked-data"]),
        ("def mock_orders():\n    return []\n", ["mocked-data"]),
        ("import random\nquality_score = 0.8 + random.uniform(0, 0.1)\n", ["mocked-data"]),
        ("import random\npause = random.uniform(0, 1)\n", []),
        ("class Mockingbird:\n    pass\n", []),
        ("from unittest import TestCase\n", []),
    ],
)
def test_what_stands_in_for_real_data_is_found_outside_of_tests(tmp_path: Path, text: str, found: list[str]) -> None:
    assert rules(tmp_path, text) == found
    for path in tmp_path.rglob("*.py"):
        path.unlink()
    assert rules(tmp_path, text, "tests__test_service") == []


LONG = '''
def {name}({a}, {b}):
    """{name}."""
    total = 0
    for item in {a}:
        if item.size > {limit} and item.kind != "old":
            total += item.size * {b}
        else:
            total -= item.weight
    return {{"total": total, "count": len({a})}}
'''


def test_a_copied_function_is_found_whatever_its_local_names(tmp_path: Path) -> None:
    first = LONG.format(name="sum_orders", a="orders", b="rate", limit=3)
    second = LONG.format(name="add_parcels", a="parcels", b="factor", limit=3)
    (finding,) = audit(tmp_path, a=first, b=second)
    assert (finding.rule, finding.path, finding.line) == ("duplicate-function", "b.py", 2)
    assert "sum_orders of a.py:2" in finding.what


def test_a_copy_is_found_in_a_module_that_has_constants_of_its_own(tmp_path: Path) -> None:
    function = LONG.format(name="sum_orders", a="orders", b="rate", limit=3)
    (finding,) = audit(tmp_path, a=function, b="FIRST = 1\nSECOND = 2\n" + function)
    assert (finding.rule, finding.path) == ("duplicate-function", "b.py")


def test_functions_that_differ_in_a_constant_or_are_short_are_no_copies(tmp_path: Path) -> None:
    first = LONG.format(name="one", a="orders", b="rate", limit=3)
    second = LONG.format(name="two", a="orders", b="rate", limit=4)
    limit = LONG.format(name="three", a="orders", b="rate", limit="LIMIT")
    short = "def get(self):\n    return self._value\n"
    assert audit(tmp_path, a=first, b=second, c="LIMIT = 8\n" + limit, d="LIMIT = 9\n" + limit, e=short, f=short) == []


def test_a_second_engine_opened_on_import_is_found(tmp_path: Path) -> None:
    findings = audit(tmp_path, a="store = open_store()\n", b="import sqlite3\nclass Holder:\n    db = open_store()\n")
    assert [(finding.rule, finding.path, finding.line) for finding in findings] == [("second-engine", "b.py", 3)]


def test_engines_opened_in_functions_or_by_a_script_are_left_alone(tmp_path: Path) -> None:
    one = "store = open_store()\n"
    function = "def main():\n    return open_store()\n"
    script = "if __name__ == '__main__':\n    open_store()\n"
    assert audit(tmp_path, a=one, b=function, c=script) == []


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("service", "import os\nx = os.environ.get('SERVICE_URL')\n", ["scattered-settings"]),
        ("service", "import os\nx = os.environ['SERVICE_URL']\n", ["scattered-settings"]),
        ("service", "import os\nx = os.getenv(VARIABLE)\n", ["scattered-settings"]),
        ("service", "import os\nx = os.environ.get(spec.api_key_env)\n", []),
        ("service", "import os\nos.environ['SERVICE_URL'] = 'x'\n", []),
        ("service", "import os\nx = os.environ.get('PYTHONPATH')\n", []),
        ("app__settings", "import os\nx = os.environ.get('SERVICE_URL')\n", []),
        ("config", "import os\nx = os.environ.get('SERVICE_URL')\n", []),
    ],
)
def test_variables_are_read_in_the_settings_only(tmp_path: Path, name: str, text: str, found: list[str]) -> None:
    assert rules(tmp_path, text, name) == found
