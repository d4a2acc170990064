"""The exit status and the one line of every script, whatever ends it."""

import signal
import subprocess
import sys

import pytest

from tests.conftest import ROOT

SCRIPT = """
import atexit, signal, sys, threading, time
from pipeline.process.ending import Terminated, may_hang, run, stop_requests, terminate_again
from pipeline.errors import UserError

def main():
    what = sys.argv[1]
    if what == "patient":
        with stop_requests("all is complete") as stop:
            stop.patient = True
            print("ready", flush=True)
            while not stop.requested:
                time.sleep(0.01)
            time.sleep(0.3)  # to complete what there is
            print("completed", flush=True)
        return
    if what == "hangs":
        atexit.register(print, "tidied up")
        thread = threading.Thread(target=time.sleep, args=(60,), daemon=True)
        thread.start()
        may_hang.add(thread)
        print("told")
        return 1
    if what == "user":
        raise UserError("x.csv\\n[red]: not there")
    if what == "dropped":
        class Dropped:
            def __del__(self):
                signal.raise_signal(signal.SIGTERM)
        Dropped()
        print("went on", flush=True)
        terminate_again()
    if what == "package":
        import no_such_package
    if what == "own package":
        import pipeline.no_such_module
    if what.isdigit():
        return int(what)
    if what == "impatient":
        with stop_requests("") as stop:
            print("ready", flush=True)
            time.sleep(60)
    print("ready", flush=True)
    time.sleep(60)

run(main)
"""

SIGNALS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}



def ended(what, *signals, before=()):
    """Return (status, stdout, stderr) of the script that does what, after it got the signals."""
    process = subprocess.Popen([*before, sys.executable, "-c", SCRIPT, what], cwd=ROOT, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if signals:
        assert process.stdout.readline() == "ready\n"
    for number in signals:
        process.send_signal(number)
    stdout, stderr = process.communicate(timeout=30)
    return process.returncode, stdout, stderr


def test_a_signal_whose_exception_python_drops_is_raised_again():
    status, stdout, stderr = ended("dropped")
    assert (status, stdout) == (143, "went on\n")
    assert stderr.startswith("Exception ignored") and stderr.endswith("-c: terminated\n")


def test_the_status_that_main_returns():
    assert [ended(str(status)) for status in (0, 2)] == [(0, "", ""), (2, "", "")]


def test_an_error_of_the_users_is_one_line():
    assert ended("user") == (2, "", "-c: x.csv\\n[red]: not there\n")


def test_a_package_that_is_not_installed_is_one_line():
    status, _, stderr = ended("package")
    assert status == 2 and stderr.count("\n") == 1 and stderr.startswith(
        "-c: no_such_package is not installed, which this needs; pip install -r requirements.txt, "
        "with Python 3.11 to 3.13 (this is ")
    status, _, stderr = ended("own package")
    assert status == 1 and "Traceback" in stderr


def test_a_switch_shows_the_traceback_behind_the_line(monkeypatch):
    monkeypatch.setenv("EMOTION_DEBUG", "1")
    status, _, stderr = ended("user")
    assert status == 2 and stderr.startswith("Traceback") and "in main" in stderr
    assert stderr.splitlines()[-1] == "-c: x.csv\\n[red]: not there"


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal(number):
    status, _, stderr = ended("wait", number)
    assert status == SIGNALS[number]
    assert stderr in ("-c: interrupted\n", "-c: terminated\n")


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_before_there_is_anything_to_complete(number):
    assert ended("impatient", number) == (SIGNALS[number], "", "-c: stopped\n")


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("times", [1, 2])
def test_a_signal_waits_for_what_is_to_be_completed(number, times):
    assert ended("patient", *[number] * times) == (SIGNALS[number], "completed\n",
                                                   "-c: all is complete\n")


@pytest.mark.parametrize("number", SIGNALS)
def test_signals_that_come_again_and_again_interrupt(number):
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, "patient"], cwd=ROOT, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout.readline() == "ready\n"
    while process.poll() is None:
        process.send_signal(number)
        try:
            process.wait(timeout=0.05)
        except subprocess.TimeoutExpired:
            continue
    stdout, stderr = process.communicate()
    end = "interrupted" if number == signal.SIGINT else "terminated"
    assert (process.returncode, stdout, stderr) == (SIGNALS[number], "", f"-c: {end}\n")


def test_nothing_is_tidied_up_under_a_thread_that_hangs():
    process = subprocess.run([sys.executable, "-c", SCRIPT, "hangs"], cwd=ROOT, text=True,
                             capture_output=True)
    assert (process.returncode, process.stdout, process.stderr) == (1, "told\n", "")


def test_nohup_is_heeded():
    status, _, _ = ended("wait", signal.SIGHUP, signal.SIGTERM, before=["nohup"])
    assert status == 143
