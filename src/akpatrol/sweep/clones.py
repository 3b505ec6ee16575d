"""Mirrors of remote repositories: cloned once, then only fetched.

The only module that knows GitPython, which runs git and reads its progress. GitPython gives git all of this process's
environment, so ``env`` removes the unwanted variables. Its deadline runs other programs to find git's children, so it
is not used: git leads a process group. Its errors repeat the command line, so they are never shown.
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from base64 import b64decode
from collections import deque
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.config.environment import environment
from akpatrol.errors import AkpatrolError, UsageError
from akpatrol.report.text_safety import visible
from akpatrol.sources.git.stream import first_line
from akpatrol.sweep import isolation, mirrors
from akpatrol.sweep.urls import checked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from subprocess import Popen

    from git.cmd import Git
    from git.util import CallableRemoteProgress

    from akpatrol.model.scan import Secret
    from akpatrol.sweep.urls import CloneAddress, CloneWanted

    Progress = Callable[[str, float | None], None]

DEADLINE_SECONDS = 3600.0
SILENCE_SECONDS = 600.0
_GLANCE_SECONDS = 0.2
_LONGEST_LINE = 4096
_LINES_KEPT = 100
_LONGEST_REASON = 300
_EVERYTHING = "+refs/*:refs/*"
_importing = Lock()


class CloneError(AkpatrolError):
    """A repository that could not be cloned or fetched; the message holds no credential."""


class AbsentError(CloneError):
    """A repository that the server does not have, or hides."""


class _Job(NamedTuple):
    """One clone or fetch: ``ends`` is by the monotonic clock, ``lock`` the descriptor of the mirror's lock."""

    url: str
    address: CloneAddress
    credential: Secret | None
    ends: float
    lock: int
    progress: Progress


class Clones:
    """A cache of mirrors in ``directory``, which any number of threads and processes may use.

    ``access`` has the ``Authorization`` header of https requests by origin. One repository may
    take ``deadline`` seconds, and its server be silent for ``silence`` of them.
    """

    def __init__(
        self,
        directory: str,
        access: Mapping[str, Secret] | None = None,
        deadline: float = DEADLINE_SECONDS,
        silence: float = SILENCE_SECONDS,
    ) -> None:
        self.directory = os.path.realpath(directory)
        self._access = dict(access or {})
        self._deadline = deadline
        self._silence = silence
        self._stopped = Event()

    def stop(self) -> None:
        """End all clones and fetches that run, and those that begin later, with a CloneError."""
        self._stopped.set()

    def access_to(self, wanted: CloneWanted) -> Mapping[str, Secret]:
        """Return the part of ``access`` that a repository's server gets. Raises UsageError for an unsafe address."""
        origin = checked(wanted.url).origin
        return {origin: self._access[origin]} if origin in self._access else {}

    def mirror(self, wanted: CloneWanted) -> str:
        """Return the path of a repository's mirror. Raises UsageError for an unsafe address."""
        return mirrors.place(self.directory, wanted.url, checked(wanted.url))

    def fetch(self, wanted: CloneWanted, progress: Progress) -> str:
        """Return the path of a bare mirror that is up to date.

        ``progress`` receives the current step in words, and its fraction from 0 to 1 if known. Raises CloneError, and
        UsageError for an unsafe address or without git.
        """
        address = checked(wanted.url)
        mirror = mirrors.place(self.directory, wanted.url, address)
        ends = time.monotonic() + self._deadline
        try:
            os.makedirs(self.directory, mode=0o700, exist_ok=True)
            os.makedirs(os.path.dirname(mirror), mode=0o700, exist_ok=True)
            with mirrors.locked(mirror, lambda: self._patient(ends, progress)) as lock:
                job = _Job(wanted.url, address, self._access.get(address.origin), ends, lock, progress)
                mirrors.clear(mirror)
                if mirrors.is_complete(mirror):
                    self._fetch(job, mirror)
                else:
                    mirrors.discard(mirror)
                    self._clone(job, mirror, wanted.network or wanted.url)
        except TimeoutError:
            raise CloneError("stopped, or another sweep has used the same clone for too long") from None
        except OSError as error:
            raise CloneError(f"the clone cache cannot be used: {error.strerror or 'unknown error'}") from None
        return mirror

    def _patient(self, ends: float, progress: Progress) -> bool:
        progress("waiting for another sweep", None)
        return time.monotonic() < ends and not self._stopped.is_set()

    def _clone(self, job: _Job, mirror: str, network: str) -> None:
        with mirrors.new(mirror) as unfinished:
            alternate = mirrors.alternate(self.directory, network)
            # A mirror cannot borrow from a repository with another hash algorithm.
            borrowed = ["--reference-if-able", alternate] if alternate else []
            self._git(
                job,
                [],
                ["clone", "--mirror", "--progress", "--no-recurse-submodules", "--template=", *borrowed],
                [unfinished],
            )
        if not alternate:
            mirrors.register(self.directory, network, mirror)

    def _fetch(self, job: _Job, mirror: str) -> None:
        # The address and the refs to fetch are given again, so that the mirror's own configuration does not matter.
        fetch = ["fetch", "--prune", "--force", "--progress", "--no-recurse-submodules", "--no-write-fetch-head"]
        self._git(job, [f"--git-dir={mirror}"], fetch, [_EVERYTHING])

    def _git(self, job: _Job, before: list[str], command: list[str], after: list[str]) -> None:
        """Run git. Raises CloneError."""
        variables = environment()
        isolated = isolation.environment(variables, job.address, job.credential, self.directory)
        program, env = (_program(name, isolated["PATH"]) for name in ("git", "env"))
        git, reader = _gitpython(self.directory, job.progress)
        git.update_environment(**isolated)
        unwanted = [word for name in variables if name not in isolated for word in ("-u", name)]
        words = [program, *isolation.options(self._silence), *before, *command, "--", job.url, *after]
        try:
            process = git.execute(
                [env, *unwanted, *words],
                as_process=True,
                with_stdout=False,
                # Ctrl-C is for the sweep, which then stops its clones; their process group is what it kills.
                start_new_session=True,
                pass_fds=(job.lock,),
            )
        except Exception as error:  # noqa: BLE001 - GitPython's own repeats the command line
            raise CloneError(_unstarted(error)) from None
        child = process.proc
        if child is None:
            raise CloneError("git cannot be run")
        with self._watched(child, job.ends) as watch:
            output = _read(child, reader, watch)
            code = child.wait()
        if watch.verdict:
            raise CloneError(watch.verdict)
        if code:
            reason = _reason(output, code, job.credential)
            raise (AbsentError if _is_absent(reason, job.credential) else CloneError)(reason)

    @contextmanager
    def _watched(self, child: Popen[bytes], ends: float) -> Iterator[_Watch]:
        watch = _Watch(child, ends, self._silence, self._stopped)
        watch.start()
        try:
            yield watch
        finally:
            watch.done.set()
            watch.join()
            if child.poll() is None:
                _kill(child)
                child.wait()
            if child.stderr:
                child.stderr.close()


class _Watch(Thread):
    """Kills a git that takes too long, is silent for too long, or is to stop; ``verdict`` says why it did."""

    def __init__(self, child: Popen[bytes], ends: float, silence: float, stopped: Event) -> None:
        super().__init__(daemon=True)
        self.done = Event()
        self.heard = time.monotonic()
        self.verdict = ""
        self._child = child
        self._ends = ends
        self._silence = silence
        self._stopped = stopped

    def run(self) -> None:
        while not self.done.wait(_GLANCE_SECONDS):
            now = time.monotonic()
            if self._stopped.is_set():
                self.verdict = "stopped"
            elif now > self._ends:
                self.verdict = "the time limit was reached"
            elif now - self.heard > self._silence:
                self.verdict = f"no data for {self._silence:.0f} seconds"
            if self.verdict:
                _kill(self._child)
                return


def _read(child: Popen[bytes], reader: CallableRemoteProgress, watch: _Watch) -> list[str]:
    """Pass git's lines to the reader of its progress, and return the other lines."""
    handle = reader.new_message_handler()
    output: deque[str] = deque(maxlen=_LINES_KEPT)
    if child.stderr is None:
        return []
    # A server may send any bytes, of any length; progress ends its lines with a carriage return.
    with TextIOWrapper(child.stderr, "utf-8", "replace") as stream:
        while line := stream.readline(_LONGEST_LINE):
            watch.heard = time.monotonic()
            handle(line)
            output.extend(reader.other_lines)
            output.extend(reader.error_lines)
            reader.other_lines.clear()
            reader.error_lines.clear()
    return list(output)


def _reason(output: list[str], code: int, credential: Secret | None) -> str:
    """Return why git failed, in its own words, with nothing secret in them."""
    text = "\n".join(output)
    reason = first_line(text.encode("utf-8", "replace")) or f"git exited with {code}"
    if reason.startswith("Could not read from remote repository"):  # ssh has printed the reason
        ssh_lines = [line for line in output if line and not line.startswith(("Cloning into", "remote:", "fatal:"))]
        reason = ssh_lines[0] if ssh_lines else reason
    if "returned error: 30" in reason:
        reason += "; the server redirects: give the current address, which usually ends in .git"
    for secret in _spellings(credential):
        reason = reason.replace(secret, "***")
    return visible(reason)[:_LONGEST_REASON]


def _is_absent(reason: str, credential: Secret | None) -> bool:
    """Return whether git says that there is no such repository; without a token, some servers ask for a user then."""
    return reason.endswith("not found") or (not credential and reason.startswith("could not read Username"))


def _spellings(credential: Secret | None) -> list[str]:
    """Return the texts that a server could repeat: ``Basic``, and the user and token in base64 and plain."""
    if not credential:
        return []
    encoded = credential.reveal().decode().partition(" ")[2]
    return [encoded, b64decode(encoded).decode().partition(":")[2]]


def _program(name: str, path: str) -> str:
    if program := shutil.which(name, path=path):
        return program
    raise UsageError(f"{name} was not found", hint=f"install {name} and make sure that it is on PATH")


def _unstarted(error: Exception) -> str:
    """Return why git could not be started. Raises the error when it is of another kind."""
    cause = error if isinstance(error, OSError) else error.__cause__
    if not isinstance(cause, OSError):
        raise error
    return "git cannot be run: " + ": ".join(str(part) for part in (cause.filename, cause.strerror) if part)


def _kill(child: Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)


@contextmanager
def _imported_with(**variables: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ |= variables
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _gitpython(directory: str, progress: Progress) -> tuple[Git, CallableRemoteProgress]:
    """Return a git of GitPython's, started in ``directory``, and a reader of its progress."""
    # Its import would run the first git on PATH, in the current directory and with the user's environment.
    with _importing, _imported_with(GIT_PYTHON_GIT_EXECUTABLE=os.devnull, GIT_PYTHON_REFRESH="quiet"):
        from git.cmd import Git  # noqa: PLC0415 - 0.15 seconds, for sweeps that clone
        from git.util import CallableRemoteProgress, RemoteProgress  # noqa: PLC0415
    steps = {
        RemoteProgress.COUNTING: "counting objects",
        RemoteProgress.COMPRESSING: "compressing objects",
        RemoteProgress.RECEIVING: "receiving objects",
        RemoteProgress.RESOLVING: "resolving deltas",
    }

    def update(code: int, count: str | float, total: str | float | None = None, _message: str = "") -> None:
        if step := steps.get(code & RemoteProgress.OP_MASK):
            progress(step, float(count) / float(total) if total else None)

    return Git(directory), CallableRemoteProgress(update)
