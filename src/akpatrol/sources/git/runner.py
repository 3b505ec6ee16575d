"""The only place where git is run: a rebuilt environment, an explicit git directory, a deadline.

A scanned repository is hostile. Its configuration may name programs (``core.fsmonitor``, ``diff.external``,
``core.sshCommand``), other files and other objects (replace refs, grafts); none of it may run or change what is read.
https://git-scm.com/docs/git#_environment_variables, https://git-scm.com/docs/git-config
"""

from __future__ import annotations

import os
import re
import subprocess
from contextlib import contextmanager, suppress
from copy import copy
from threading import Thread
from typing import IO, TYPE_CHECKING

from akpatrol.errors import GitError, UsageError
from akpatrol.runtime.interrupts import child_started
from akpatrol.sources.git import alternates
from akpatrol.sources.git.obstacles import includes, obstacles, skips
from akpatrol.sources.git.stream import Stream, first_line, limit_memory

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from akpatrol.model.scan import Skipped
    from akpatrol.sources.git.conversation import Conversation
    from akpatrol.sources.git.plain.plain_repository import PlainRepository
    from akpatrol.sources.git.repository import Repository
    from akpatrol.sources.git.safe_directory import OwnedDirectory

_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
_CONFIGURATION = (
    "color.ui=false",
    "core.attributesFile=" + os.devnull,
    "core.commitGraph=false",
    "core.excludesFile=" + os.devnull,
    "core.fsmonitor=false",
    "core.hooksPath=" + os.devnull,
    "core.multiPackIndex=false",
    "core.quotePath=false",
    "core.untrackedCache=false",
    "diff.orderFile=" + os.devnull,
    "diff.relative=false",
    "i18n.logOutputEncoding=UTF-8",
    "log.mailmap=false",
    "log.showRoot=true",
    "log.showSignature=false",
    "safe.directory=*",
)
# Set by git for its hooks; they name the index and the objects of the commit or push in progress.
HOOK_VARIABLES = (
    "GIT_DIR",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_WORK_TREE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH",
)
_OBJECT_VARIABLES = ("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES")
# They lead to the caller's own configuration: https://git-scm.com/docs/git-config#FILES
_LEADING = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "HOME", "XDG_CONFIG_HOME")
# For commands that take paths: no character in a path is special.
LITERALLY = "--literal-pathspecs"
_ANSWER_SECONDS = 120
_ID = re.compile(rb"[0-9a-f]{40,64}")


class Git:
    """Runs git on one repository. ``hook`` has those of HOOK_VARIABLES that git set for the hook.

    A ``shallow_file`` lists the commits that have no parents for it, "" for those of the repository's own. ``git_dir``
    is the common git directory or a linked work tree's own. ``plain`` is set where all objects are read without git.
    """

    def __init__(self, repository: Repository, hook: Mapping[str, str] | None = None, *, common: bool = False) -> None:
        self.repository = repository
        self.shallow_file = ""
        self._hook = hook = dict(hook or {})
        environment = {name: value for name, value in hook.items() if name not in ("GIT_DIR", "GIT_WORK_TREE")}
        # A relative entry would let the scanned tree supply the git that is run.
        path = os.pathsep.join(part for part in os.get_exec_path() if os.path.isabs(part))
        self._environment = {**_ENVIRONMENT, **environment, "PATH": path}
        self.git_dir = repository.common_dir if common else repository.git_dir
        self._common_dir = repository.common_dir
        self._is_safe = False
        self._obstacles: tuple[Skipped, ...] = ()
        self._safe_copy: OwnedDirectory | None = None
        self._object_format = b""
        self.plain: PlainRepository | None = None
        self._command = [b"git", b"--git-dir=" + self.git_dir]
        if repository.work_tree and not common:
            self._command.append(b"--work-tree=" + repository.work_tree)
        self._command.append(b"--no-pager")
        for setting in _CONFIGURATION:
            self._command += [b"-c", setting.encode()]

    def variable(self, name: str) -> str:
        """Return one of HOOK_VARIABLES as git gets it, "" if it is not set."""
        return self._hook.get(name, "")

    def with_shallow_file(self, shallow_file: str) -> Git:
        """Return a git for which the commits listed in that file have no parents."""
        other = copy(self)
        other.shallow_file, other.plain = shallow_file, None
        # An option of git's own: https://github.com/git/git/blob/master/git.c
        other._command = [*self._command, b"--shallow-file", os.fsencode(shallow_file)]  # noqa: SLF001 - its own copy
        return other

    def with_callers_configuration(self, variables: Mapping[str, str]) -> Git:
        """Return a git that also reads the system's configuration and the one that the caller's ``variables`` lead to.

        It is for ``git config``, which runs no program that a configuration names.
        """
        other = copy(self)
        # A relative path would let the scanned tree supply it.
        leading = {name: variables[name] for name in _LEADING if os.path.isabs(variables.get(name, ""))}
        kept = ("GIT_CONFIG_NOSYSTEM",) if variables.get("GIT_CONFIG_NOSYSTEM") else ()
        hidden = {"GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM"}.difference(kept)
        environment = {name: value for name, value in self._environment.items() if name not in hidden}
        other._environment = environment | leading  # noqa: SLF001 - its own copy
        other._command = [*self._command]  # noqa: SLF001
        return other

    def for_git_dir(self, git_dir: bytes) -> Git:
        """Return a git for the common git directory, or for that of a linked work tree. Raises GitError."""
        self._ensure_safe()
        other = copy(self)
        inside = os.path.relpath(git_dir, self.repository.common_dir)
        worktree_git_dir = os.path.normpath(os.path.join(self._common_dir, inside))
        other._command = [b"git", b"--git-dir=" + worktree_git_dir, *self._command[2:]]  # noqa: SLF001 - its own copy
        # Its own file could name a repository elsewhere.
        common = {"GIT_COMMON_DIR": os.fsdecode(self._common_dir)}
        other._environment = {**self._environment, **common}  # noqa: SLF001 - its own copy
        return other

    def run(
        self,
        *arguments: str | bytes,
        stdin: bytes = b"",
        cwd: bytes | None = None,
        accept: tuple[int, ...] = (0,),
        deadline: float | None = None,
        warnings: list[bytes] | None = None,
    ) -> bytes:
        """Return what git prints; the lines of its standard error are added to ``warnings``.

        Raises GitError for an exit code not in ``accept`` and after ``deadline`` seconds.
        """
        seconds = _ANSWER_SECONDS if deadline is None else deadline
        with self._popen(arguments, cwd, subprocess.PIPE) as process:
            try:
                output, stderr = process.communicate(stdin, timeout=seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                raise GitError(f"git did not answer in {seconds:.0f} seconds") from None
            except BaseException:
                process.kill()
                raise
        if warnings is not None:
            warnings += stderr.splitlines()
        if process.returncode not in accept:
            raise GitError(first_line(stderr) or f"git exited with {process.returncode}")
        return output

    @contextmanager
    def stream(
        self,
        *arguments: str | bytes,
        stdin: Iterable[bytes] | None = None,
        patience: float | None = None,
        memory: int | None = None,
    ) -> Iterator[Stream]:
        """Run git and give its output as a stream; ``stdin`` is written by a thread.

        ``memory`` limits git's data, in bytes, where the system supports it.

        The stream raises GitError at the end when git failed, and kills a git that is silent for ``patience`` seconds
        while it is waited for; then it raises SilentError.
        """
        process = self._popen(arguments, None, subprocess.DEVNULL if stdin is None else subprocess.PIPE)
        if memory is not None:
            limit_memory(process, memory)
        stream = Stream(process, patience)
        try:
            if stdin is not None and process.stdin:
                Thread(target=_feed, args=(process.stdin, stdin), daemon=True).start()
            yield stream
        finally:
            process.kill()
            process.wait()
            stream.close()

    def conversation(self, *arguments: str) -> Conversation:
        """Run git and ask it line by line. Raises GitError where it cannot be started."""
        from akpatrol.sources.git.conversation import Conversation  # noqa: PLC0415 - a clean commit asks nothing

        return Conversation(self._popen(arguments, None, subprocess.PIPE))

    def _popen(self, arguments: tuple[str | bytes, ...], cwd: bytes | None, stdin: int) -> subprocess.Popen[bytes]:
        self._ensure_safe()
        words = [os.fsencode(word) for word in arguments]
        try:
            # Ctrl-C is meant for akpatrol, which then stops git itself.
            with child_started():
                return subprocess.Popen(
                    self._command + words,
                    stdin=stdin,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    cwd=cwd or self.repository.root,
                    env=self._environment,
                    bufsize=1 << 20,
                )
        except OSError as error:
            raise self._start_error(error) from None

    def _start_error(self, error: OSError) -> GitError | UsageError:
        """Return the error for a git that could not be started: the missing file may be another one."""
        if os.fsencode(error.filename or b"") not in (b"", self._command[0]):
            return GitError(f"git cannot be run: {os.fsdecode(error.filename)}: {error.strerror}")
        if isinstance(error, FileNotFoundError):
            directories = self._environment["PATH"].split(os.pathsep)
            program = next(filter(os.path.lexists, (os.path.join(directory, "git") for directory in directories)), None)
            if not program:
                return UsageError("git was not found", hint="install git and make sure that it is on PATH")
            return UsageError(f"{program} cannot be run: its interpreter is missing", hint="reinstall git")
        return GitError(f"git cannot be run: {error.strerror}")

    def object_format(self) -> bytes:
        """Return the name of the hash that object ids are made with; git is asked once. Raises GitError."""
        if self.plain:
            return self.plain.config.object_format
        if not self._object_format:
            self._object_format = self.run("rev-parse", "--show-object-format").strip()
        return self._object_format

    def head_commit(self, deadline: float) -> str:
        """Return the id of HEAD's commit, "" without one. Raises GitError where git cannot read the repository."""
        if self.plain:
            return self.plain.head
        with suppress(GitError, ValueError):
            # One start of git for both, which every scan needs.
            answer = self.run("rev-parse", "--show-object-format", "HEAD^{commit}", deadline=deadline)
            self._object_format, head = answer.split()
            return head.decode("ascii") if _ID.fullmatch(head) else ""
        self._object_format = self.run("rev-parse", "--show-object-format", deadline=deadline).strip()
        return ""

    def obstacles(self) -> tuple[Skipped, ...]:
        """Return the parts of the git directory that are kept from git. Raises GitError."""
        self._ensure_safe()
        return self._obstacles

    def has_safe_copy(self) -> bool:
        """Return whether git runs on a copy of the git directory, which is this process's own. Raises GitError."""
        self._ensure_safe()
        return self._safe_copy is not None

    def __getstate__(self) -> dict[str, object]:
        """Return the state for another process; the safe directory belongs to the process that made it."""
        return {**self.__dict__, "_safe_copy": None, "plain": None}

    def _ensure_safe(self) -> None:
        """Give git a safe copy of a git directory that would make it block or leave the directory. Raises GitError."""
        if self._is_safe:
            return
        stores, _ = alternates.directories(self)
        found = obstacles(self.repository, stores)
        self._obstacles = tuple(skips(self.repository, stores, found))
        if found or includes(self.repository):
            self._use_safe_copy(found, stores)
        self._is_safe = True

    def _use_safe_copy(self, avoided: Mapping[bytes, str], stores: Sequence[bytes]) -> None:
        from akpatrol.sources.git import safe_directory  # noqa: PLC0415 - hardly ever

        try:
            directory = safe_directory.OwnedDirectory()
            made = safe_directory.build(directory.path, self.repository, self.git_dir, avoided, stores)
        except OSError as error:
            raise GitError(f"cannot isolate git from the git directory: {error.strerror}") from None
        self._safe_copy = directory
        self._common_dir = made.common_dir
        self._command[1:2] = [b"--git-dir=" + made.git_dir]
        if not any(word.startswith(b"--work-tree=") for word in self._command):
            # Paths in the configuration are relative to the git directory.
            self._command.insert(2, b"--work-tree=" + self.repository.root)
        unset = {"GIT_COMMON_DIR", *(_OBJECT_VARIABLES if made.objects else ())}
        index = os.path.join(self.repository.root, os.fsencode(self.variable("GIT_INDEX_FILE")))
        if any(os.path.realpath(index) == os.path.realpath(path) for path in avoided):
            unset.add("GIT_INDEX_FILE")
        self._environment = {name: value for name, value in self._environment.items() if name not in unset}


def _feed(pipe: IO[bytes], lines: Iterable[bytes]) -> None:
    # git may end early, and says why itself.
    with suppress(BrokenPipeError, ValueError), pipe:
        for line in lines:
            pipe.write(line)
