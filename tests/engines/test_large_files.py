"""What git has no contents of, git-lfs files and submodules, with workers elsewhere: it is said, and nothing breaks."""

from __future__ import annotations

from pathlib import Path

from tests.engines.temporal_scene import read_until
from tests.engines.test_both_engines import plan_of
from tests.engines.test_travelling import Make, away, events

__all__ = ["away"]
ATTRIBUTES = "*.bin filter=lfs diff=lfs merge=lfs -text\n"
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12345\n"
# What `git lfs install` writes into the user's configuration, on a machine where git-lfs can fetch nothing.
INSTALLED = """\
[filter "lfs"]
    clean = false
    smudge = false
    process = false
    required = true
"""


def test_files_that_git_lfs_keeps_are_pointers_to_workers(away: Make, tmp_path: Path) -> None:
    (tmp_path / "gitconfig").write_text(INSTALLED)
    scene = away(
        plan_of(
            "1.1 grep -q 'size 12345' data.bin; mv data.bin moved.bin; echo one > one; git status",
            "1.2 echo large > sub.bin",
        )
    )
    scene.repo.commit("Large", **{".gitattributes": ATTRIBUTES, "data.bin": POINTER, "deep__more.bin": POINTER})
    scene.worker(GIT_CONFIG_GLOBAL=str(tmp_path / "gitconfig"))
    run = scene.run("--no-wait")
    told = read_until(run, "git-lfs")
    assert "files that git-lfs keeps do not travel: workers find pointers in place of data.bin, deep/more.bin; " in told
    assert "--engine local" in told
    scene.ended(run, code=1)
    reasons = {event["reason"] for event in events(scene, "AttemptFailed")}
    assert reasons == {"it changed files that git-lfs keeps, which do not travel: sub.bin"}
    # A pointer is a file like any other: it can be moved.
    assert scene.repo.show("main", "moved.bin") == POINTER
    assert scene.repo.show("main", "one") == "one\n"


def test_a_repository_with_submodules(away: Make) -> None:
    scene = away(plan_of("1.1 true"))
    commit = scene.repo.git("rev-parse", "HEAD").strip()
    scene.repo.write(**{".gitmodules": '[submodule "lib"]\n\tpath = lib\n\turl = https://git.example.org/lib.git\n'})
    scene.repo.git("add", ".gitmodules")
    scene.repo.git("update-index", "--add", "--cacheinfo", f"160000,{commit},lib")
    scene.repo.git("commit", "-qm", "A part of another repository")
    said = scene.ended(scene.run(), code=1)
    assert "the repository has submodules, which worktrees do not share: lib" in said
    assert "git subtree add" in said


def test_a_submodule_that_comes_while_a_run_is_under_way(away: Make) -> None:
    scene = away(plan_of("1.1 test -d lib && ls -A lib && echo done > a"))
    run = scene.run()
    read_until(run, "1.1 started")
    run.terminate()
    run.communicate()
    commit = scene.repo.git("rev-parse", "HEAD").strip()
    scene.repo.write(**{".gitmodules": '[submodule "lib"]\n\tpath = lib\n\turl = https://git.example.org/lib.git\n'})
    scene.repo.git("add", ".gitmodules")
    scene.repo.git("update-index", "--add", "--cacheinfo", f"160000,{commit},lib")
    scene.repo.git("commit", "-qm", "A part of another repository")
    run = scene.run()
    told = read_until(run, "submodules do not travel")
    assert "workers find empty folders in place of lib" in told
    scene.worker()
    scene.ended(run)
    assert scene.milepost("log", "tasks.md", "1.1") == ""
    assert scene.repo.show("main", "a") == "done\n"
