import os
import threading

from pipeline.errors import UserError
from pipeline.process.terminal import notice, quiet_stderr


def test_a_notice_waits_until_stderr_is_there_again(capfd):
    with quiet_stderr():
        waiting = threading.Thread(target=notice, args=("left out",))
        waiting.start()
        os.write(2, b"from a library")
    waiting.join()
    assert capfd.readouterr().err == "left out\n"


def test_quiet_in_two_threads_gives_stderr_back(capfd):
    def be_quiet():
        for _ in range(200):
            with quiet_stderr():
                os.write(2, b"from a library")

    threads = [threading.Thread(target=be_quiet) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os.write(2, b"there again")
    assert capfd.readouterr().err == "there again"


def test_an_exception_with_a_name_that_is_not_utf_8_is_printed(capfd):
    notice(UserError(f"{os.fsdecode(bytes([255]))}.mp4: not there"))
    assert capfd.readouterr().err == "\\xff.mp4: not there\n"
