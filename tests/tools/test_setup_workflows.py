"""The workflows: nothing of a pull request runs with more rights than it needs."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

FOLDER = Path(__file__).resolve().parents[2] / ".github" / "workflows"
NAMES = ("preview", "up", "drift")
# `on` is a boolean in YAML 1.1.
ON: Any = True


def workflow(name: str) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load((FOLDER / f"{name}.yml").read_text("utf-8"))
    return found


def steps(name: str) -> list[dict[str, Any]]:
    return [step for job in workflow(name)["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("name", NAMES)
def test_actions_are_pinned_and_no_text_of_others_becomes_a_command(name: str) -> None:
    for step in steps(name):
        if "uses" in step:
            assert re.fullmatch(r"(actions|pulumi)/[a-z-]+@v\d+", step["uses"])
            if step["uses"].startswith("actions/checkout"):
                assert step["with"]["persist-credentials"] is False
        else:
            # A value goes in by the environment: as text in the script it would be run.
            assert "${{" not in step["run"]
            checked = subprocess.run(["bash", "-n"], input=step["run"], text=True, check=False)
            assert checked.returncode == 0


@pytest.mark.parametrize("name", NAMES)
def test_every_job_has_an_end_and_no_right_that_it_does_not_need(name: str) -> None:
    whole = workflow(name)
    for job in whole["jobs"].values():
        assert job["timeout-minutes"] <= 240
        rights = job.get("permissions", whole["permissions"])
        assert rights in ({"contents": "read"}, {"pull-requests": "write"})


def test_a_preview_gets_no_key_of_a_device_and_a_fork_nothing() -> None:
    whole = workflow("preview")
    assert list(whole[ON]) == ["pull_request"]  # never pull_request_target
    preview, comment = whole["jobs"]["preview"], whole["jobs"]["comment"]
    assert preview["if"] == "github.event.pull_request.head.repo.full_name == github.repository"
    assert not [name for name in preview["env"] if name.startswith("SAKURA")]
    # What may write runs nothing of the pull request.
    assert not [step for step in comment["steps"] if "checkout" in step.get("uses", "")]
    assert "secrets." not in str(comment)


@pytest.mark.parametrize("name", ["up", "drift"])
def test_what_reaches_a_device_runs_at_the_office_and_never_for_a_pull_request(name: str) -> None:
    whole = workflow(name)
    assert not [event for event in whole[ON] if "pull_request" in str(event)]
    for job in whole["jobs"].values():
        assert job["runs-on"] == "self-hosted"
        assert job["environment"] == "sites"
        assert job["env"]["SAKURA_RTX_PASSWORD"] == "${{ secrets.SAKURA_RTX_PASSWORD }}"


def test_an_up_is_never_cancelled_half_way() -> None:
    assert workflow("up")["concurrency"] == {"group": "sites", "cancel-in-progress": False}


def test_drift_is_looked_for_every_night_at_the_live_ends() -> None:
    whole = workflow("drift")
    assert whole[ON]["schedule"]
    run = " ".join(step.get("run", "") for step in whole["jobs"]["drift"]["steps"])
    assert "-- --refresh --expect-no-changes" in run
