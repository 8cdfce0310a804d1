"""Work done in a forked process that is killed at one of its changes to the file system, or whose disk is full."""

import os
import resource
import signal
import traceback
from collections.abc import Callable

CHANGES = ("mkdir", "rename", "replace", "link", "unlink", "rmdir", "open", "chmod")


def killed_at(number: int, work: Callable[[], object]) -> bool:
    """Do `work` in a forked process that is killed before its change `number`; return whether it was."""

    def armed() -> None:
        count = 0

        def counting(real: Callable[..., object]) -> Callable[..., object]:
            def call(*arguments: object, **options: object) -> object:
                nonlocal count
                count += 1
                if count == number:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*arguments, **options)

            return call

        for name in CHANGES:
            setattr(os, name, counting(getattr(os, name)))
        from clinweave.core import atomic

        atomic.exchange = counting(atomic.exchange)  # type: ignore[assignment]
        work()

    status = forked(armed)
    assert status in {0, signal.SIGKILL}, status
    return status == signal.SIGKILL


def full_disk(work: Callable[[], object], *, left: int = 0) -> None:
    """Do `work` in a forked process in which no file grows beyond `left` bytes; it must fail with an error of ours."""
    from clinweave.core.errors import ClinweaveError

    def limited() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (left, left))
        try:
            work()
        except (OSError, ClinweaveError, SystemExit):
            return
        raise AssertionError("a full disk was not noticed")

    assert forked(limited) == 0


def forked(work: Callable[[], object]) -> int:
    """Do `work` in a forked process; return its wait status (0: done)."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1]
