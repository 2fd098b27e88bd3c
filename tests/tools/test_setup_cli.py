"""Which Pulumi CLI is used, and how one is built; the programs here are scripts of the tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import cli
from tools.base import Stop, cache_folder

RELEASE = cli.pinned_version()


def program(folder: Path, name: str, script: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return file


def pulumi(folder: Path, version: str, *, host: bool = True) -> Path:
    if host:
        program(folder, cli.LANGUAGE_HOST, "exit 0")
    return program(folder, "pulumi", f'[ "$1" = version ] && echo "{version}"')


def go(folder: Path, version: str = "go1.26.8", *, says: str = RELEASE, code: int = 0) -> Path:
    """A `go` that writes a `pulumi` to the place behind `-o`, and its own call to a file."""
    script = f"""\
if [ "$1" = version ]; then echo "go version {version} linux/amd64"; exit; fi
echo "$PWD|$GOFLAGS|$GOTOOLCHAIN|$*" >> "{folder}/calls"
while [ "$1" != -o ]; do shift; done
printf '#!/bin/sh\\necho "{says}"\\n' > "$2"
chmod 755 "$2"
exit {code}"""
    return program(folder, "go", script)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    path = f"{tmp_path / 'bin'}:/usr/bin:/bin"
    return {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache"), "PATH": path}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "bin"


@pytest.fixture
def built(environ: dict[str, str]) -> Path:
    return cache_folder(environ) / f"pulumi-{RELEASE}" / "bin" / "pulumi"


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("v3.274.1\n", (3, 274, 1, True)),
        ("3.250.0", (3, 250, 0, True)),
        ("v3.250.0-alpha.1", (3, 250, 0, False)),
        ("v3.250.0+dirty", (3, 250, 0, True)),
        ("", None),
        ("unknown", None),
    ],
)
def test_versions_are_read(text: str, version: cli.Version | None) -> None:
    assert cli.version_of(text) == version


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        ("v3.250.0", True),
        ("v3.300.0-alpha.1", True),
        ("v4.0.0", True),
        ("v3.249.9", False),
        ("v3.99.0", False),
        ("v3.250.0-alpha.1", False),
        ("", False),
    ],
)
def test_the_users_own_is_taken_if_it_is_recent_enough(
    said: str, taken: bool, folder: Path, environ: dict[str, str]
) -> None:
    name = pulumi(folder, said)
    own, why_not = cli.users_own(environ)
    assert own == (name if taken else None)
    assert ("3.250.0 or newer" in why_not) is not taken


def test_the_python_host_may_stand_elsewhere_on_path(
    folder: Path, environ: dict[str, str], tmp_path: Path
) -> None:
    name = pulumi(folder, "v3.260.0", host=False)
    assert cli.users_own(environ) == (
        None,
        f"{name} has no {cli.LANGUAGE_HOST} beside it or on PATH",
    )
    program(tmp_path / "other", cli.LANGUAGE_HOST, "exit 0")
    environ["PATH"] += f":{tmp_path / 'other'}"
    assert cli.users_own(environ) == (name, "")


def test_the_host_is_looked_for_beside_the_program_that_a_link_means(
    folder: Path, environ: dict[str, str], tmp_path: Path
) -> None:
    folder.mkdir()
    (folder / "pulumi").symlink_to(pulumi(tmp_path / "opt", "v3.260.0"))
    assert cli.ready(environ) == folder / "pulumi"


def test_nothing_is_put_into_the_users_own_install(folder: Path, environ: dict[str, str]) -> None:
    pulumi(folder, "v3.260.0")
    before = {file: file.read_bytes() for file in folder.iterdir()}
    cli.ready(environ)
    assert {file: file.read_bytes() for file in folder.iterdir()} == before
    assert not cache_folder(environ).exists()


def test_our_own_build_on_path_is_not_taken_for_the_users(
    built: Path, environ: dict[str, str]
) -> None:
    pulumi(built.parent, RELEASE, host=False)
    environ["PATH"] = f"{built.parent}:{environ['PATH']}"
    assert cli.users_own(environ) == (None, "no pulumi on PATH")
    assert cli.ready(environ) == built


def test_a_build_in_the_cache_is_used_without_go_and_gets_the_host(
    built: Path, environ: dict[str, str]
) -> None:
    pulumi(built.parent, RELEASE, host=False)
    (built.parent / cli.LANGUAGE_HOST).write_text("of an older release")
    assert cli.ready(environ) == built
    for source in cli.HOST.iterdir():
        copy = built.parent / source.name
        assert copy.read_bytes() == source.read_bytes()
        assert copy.stat().st_mode & 0o111
    names = {file.name for file in built.parent.iterdir()}
    assert names == {"pulumi", *(file.name for file in cli.HOST.iterdir())}


def test_it_is_built_once_with_fixed_flags_and_a_stamped_version(
    folder: Path, built: Path, environ: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    go(folder)
    environ["GOFLAGS"] = "-race"
    assert cli.ready(environ) == built
    assert cli.ready(environ) == built
    (call,) = (folder / "calls").read_text().splitlines()
    where, flags, toolchain, words = call.split("|")
    assert Path(where) == cli.MODULE
    assert flags == "-mod=readonly -buildvcs=false"
    assert toolchain == "auto"
    assert words.startswith("build -trimpath -ldflags -s -w -X ")
    assert f"version.Version={RELEASE} " in words
    said = capfd.readouterr()
    assert "no pulumi on PATH" in said.err
    assert "5 minutes" in said.err
    assert said.out == ""


def test_the_reason_for_a_build_names_the_old_cli(
    folder: Path, environ: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    pulumi(folder, "v3.100.0")
    go(folder)
    cli.ready(environ)
    assert f"{folder / 'pulumi'} is v3.100.0" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("says", "code", "message"),
    [(RELEASE, 2, "exit code 2"), ("", 0, "says that it is ''"), ("v1.0.0", 0, "'v1.0.0'")],
)
def test_a_bad_build_leaves_nothing_behind(
    says: str, code: int, message: str, folder: Path, built: Path, environ: dict[str, str]
) -> None:
    go(folder, says=says, code=code)
    with pytest.raises(Stop, match=message):
        cli.ready(environ)
    assert list(built.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("version", "found"), [(None, "no go on PATH"), ("go1.19.8", "is too old"), ("", "is too old")]
)
def test_without_a_usable_go_both_ways_out_are_named(
    version: str | None, found: str, folder: Path, built: Path, environ: dict[str, str]
) -> None:
    environ["PATH"] = str(folder)
    if version is not None:
        go(folder, version)
    with pytest.raises(Stop) as raised:
        cli.ready(environ)
    text = str(raised.value)
    assert found in text
    assert "https://www.pulumi.com/docs/install/" in text
    assert "apt-get install golang-go, or brew install go" in text
    assert not built.exists()
