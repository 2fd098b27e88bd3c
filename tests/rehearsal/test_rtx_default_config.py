"""The stand-in boots from the configuration that `set-default-config` chose (56.3.3, 56.3.8)."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.clock import ManualClock
from components.rehearsal.rtx import Router, run_lines

LINE = "ip route 10.9.0.0/16 gateway null"


@pytest.fixture(name="router")
def router_fixture(tmp_path: Path) -> Router:
    router = Router(tmp_path, clock=ManualClock())
    run_lines(router, ["console character en.ascii", "save"])
    return router


def files(router: Router) -> list[str]:
    shown = run_lines(router, ["show environment"])
    return [line.rpartition(" ")[2] for line in shown.splitlines() if "onfig. file" in line]


def test_a_save_without_a_number_is_of_what_was_booted(router: Router) -> None:
    run_lines(router, ["save 1", "set-default-config 1"])
    assert files(router) == ["config0", "config1"]
    run_lines(router, [LINE, "save"])
    assert LINE in router.saved().lines()
    router.reboot()
    assert files(router) == ["config1", "config1"]
    assert LINE not in router.running().lines()
    run_lines(router, [LINE, "save"])
    assert run_lines(router, ["show config difference 1"]).count("\r\n") == 1
    router.reboot()
    assert LINE in router.running().lines()


def test_it_is_kept_without_power(router: Router, tmp_path: Path) -> None:
    run_lines(router, [LINE, "save 2", "set-default-config 2"])
    again = Router(tmp_path, clock=ManualClock())
    assert LINE in again.running().lines()
    assert files(again) == ["config2", "config2"]


def test_a_configuration_that_is_not_there_cannot_be_chosen(router: Router) -> None:
    assert "Error" in run_lines(router, ["set-default-config 3"])
    assert files(router) == ["config0", "config0"]


def test_load_takes_the_one_that_is_named(router: Router) -> None:
    run_lines(router, [LINE, "save 1", "set-default-config 1"])
    router.reboot()
    router.clock.wait(10)
    run_lines(router, ["load config 0 silent"])
    assert LINE not in router.running().lines()
    run_lines(router, ["load config 1 silent"])
    assert LINE in router.running().lines()
