"""Revisions of the project in git: which files they have, and a folder with them. Nothing is left behind in the repository."""

import contextlib
import io
import os
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

from entity_metrics import PROJECT
from entity_metrics.errors import EntityMetricsError

WORKING_TREE = "working tree"
"""What --head means if it is not given: the files as they are now, those that git does not know and does not ignore included."""


@dataclass(frozen=True)
class Revision:
    """given: as the person named it; commit: '' for the working tree; tree: git's id of the project's files."""

    given: str
    commit: str
    tree: str

    @property
    def label(self) -> str:
        return f"{self.given} ({self.commit[:10]})" if self.commit else self.given


class Repository:
    """The git repository that the project is in.

    scratch: a folder for the index and the objects of the working tree, which git's own folder never sees.
    Raises EntityMetricsError where there is no git, or no repository.
    """

    def __init__(self, scratch: Path) -> None:
        self._environment = dict(os.environ)
        objects, index = (self._path_in_git(name) for name in ("objects", "index"))
        (scratch / "objects").mkdir(parents=True)
        if index.exists():  # it knows which files did not change, so that they need not be read
            shutil.copy2(index, scratch / "index")
        self._environment |= {
            "GIT_INDEX_FILE": str(scratch / "index"),
            "GIT_OBJECT_DIRECTORY": str(scratch / "objects"),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(objects),
        }
        self.prefix = self._git("rev-parse", "--show-prefix").strip().rstrip("/")

    def base(self, given: str, head: Revision) -> Revision:
        """The commit where that revision and head parted, as a pull request has it. Raises EntityMetricsError if unknown."""
        commit = self._commit(given, "--base")
        with contextlib.suppress(EntityMetricsError):  # without a common past, as in a shallow clone, it is that revision itself
            commit = self._git("merge-base", commit, head.commit or "HEAD").strip()
        return Revision(given, commit, self._tree(commit, given))

    def head(self, given: str | None) -> Revision:
        """That revision; the working tree if None. Raises EntityMetricsError for an unknown one."""
        if given is None:
            self._git("add", "--all", "--", ".")
            tree = self._git("write-tree").strip()
            return Revision(WORKING_TREE, "", self._tree(tree, WORKING_TREE))
        commit = self._commit(given, "--head")
        return Revision(given, commit, self._tree(commit, given))

    def check_out(self, revision: Revision, folder: Path) -> None:
        """Write the files of a revision into a new folder.

        Each file has the time at which it is written: dbt takes two files of one time for the same.
        """
        archive = self._run("archive", "--format=tar", revision.tree)
        folder.mkdir(parents=True)
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            for member in tar:
                member.mtime = 0
                tar.extract(member, folder, filter="data")
                if member.isfile():
                    os.utime(folder / member.name)
        if not (folder / "dbt_project.yml").exists():
            raise EntityMetricsError(
                f"{revision.label} has no dbt_project.yml in this folder: the project was elsewhere then; name a later revision."
            )

    def files_that_differ(self, base: Revision, head: Revision) -> list[str]:
        """The paths of all files that differ, from the project's folder."""
        return self._git("diff-tree", "-r", "--name-only", base.tree, head.tree).splitlines()

    def _commit(self, given: str, option: str) -> str:
        if given.startswith("-"):
            raise EntityMetricsError(f"{option} is '{given}': give a branch, a tag or a commit.")
        try:
            return self._git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{given}^{{commit}}").strip()
        except EntityMetricsError as ex:
            raise EntityMetricsError(
                f"{option} is '{given}', which git does not know: fetch it, or give another branch, tag or commit."
            ) from ex

    def _tree(self, treeish: str, given: str) -> str:
        try:
            return self._git("rev-parse", "--verify", "--quiet", f"{treeish}:{self.prefix}").strip()
        except EntityMetricsError as ex:
            raise EntityMetricsError(f"'{given}' has no folder {self.prefix}: name a revision that has the project.") from ex

    def _path_in_git(self, name: str) -> Path:
        return (PROJECT / self._git("rev-parse", "--git-path", name).strip()).resolve()

    def _git(self, *arguments: str) -> str:
        return self._run(*arguments).decode(errors="replace")

    def _run(self, *arguments: str) -> bytes:
        try:
            done = subprocess.run(["git", *arguments], cwd=PROJECT, env=self._environment, capture_output=True)
        except OSError as ex:
            raise EntityMetricsError("git is not installed: the difference of two revisions needs it.") from ex
        if done.returncode:
            said = (done.stderr.decode(errors="replace").strip().splitlines() or ["nothing"])[0]
            if "not a git repository" in said:
                raise EntityMetricsError(f"{PROJECT} is in no git repository: run this in a clone of the project.")
            raise EntityMetricsError(f"git {arguments[0]} failed: {said}")
        return done.stdout
