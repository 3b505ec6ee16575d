"""The reasons in words, for people: the heading of a group of findings, and why a scanner does not see them."""

from __future__ import annotations

from akpatrol.compare.traits import ReasonCode

WORDS: dict[ReasonCode, tuple[str, str]] = {
    ReasonCode.EMPTY: ("In a report without any finding", "its scanner may have failed, or loaded no such rule"),
    ReasonCode.CONFIDENCE: ("Below its confidence", "it lists only what it is surer of"),
    ReasonCode.RULE: ("Of a rule of which it has no finding", "it may have loaded no such rule"),
    ReasonCode.SKIPPED: ("In what it could not read", "its report says so"),
    ReasonCode.SAME_LINE: ("On a line of which it lists another text", "compare the rules' spans"),
    ReasonCode.COMMIT_MESSAGE: ("In a commit's message", "the scanner may read no messages"),
    ReasonCode.TAG_MESSAGE: ("In a tag's message", "the scanner may read no tags"),
    ReasonCode.AUTHOR: ("In the name of a commit's author", "the scanner may read no names"),
    ReasonCode.COMMITTER: ("In the name of a committer", "the scanner may read no names"),
    ReasonCode.TAGGER: ("In the name of a tagger", "the scanner may read no names"),
    ReasonCode.REF_NAME: ("In the name of a branch or tag", "the scanner may read no names of refs"),
    ReasonCode.PATH: ("In the name of a file", "the scanner may read no paths"),
    ReasonCode.GIT_DIR: ("In the git directory", "the scanner may read only files and commits"),
    ReasonCode.NOTE: ("In a note", "git log shows no notes unless it is asked to"),
    ReasonCode.STASH: ("In a stash", "only the latest stash has a ref, and its commits are merges"),
    ReasonCode.REFLOG: ("In a commit that only a reflog reaches", "git log --all does not show it"),
    ReasonCode.DANGLING: ("In an object that nothing reaches", "git log does not show it"),
    ReasonCode.HISTORY: ("Only in history", "the report is of files on disk"),
    ReasonCode.WORKTREE: ("Only in files that are not committed", "the report is of history"),
    ReasonCode.MERGE: ("Only in a merge commit", "git log -p shows no changes of merges"),
    ReasonCode.CONTAINER: ("In a container", "the scanner did not open it"),
    ReasonCode.ENCODING: ("Encoded", "the scanner did not decode it"),
    ReasonCode.ATTRIBUTE: ("In a file that a git attribute keeps out of diffs", "git log -p does not show it"),
    ReasonCode.BINARY: ("In a file that git takes for binary", "diffs do not show it, and scanners may pass over it"),
    ReasonCode.LARGE: ("In a large file", "the scanner may have a limit"),
    ReasonCode.INCOMPLETE: ("Perhaps in what it did not read", "its report says that its scan ended early"),
    ReasonCode.EXCLUDED: ("Perhaps among what it excluded", "its report counts what it left out, without names"),
    ReasonCode.DUPLICATE: ("A further place of a credential that it lists", "the scanner may fold duplicates"),
    ReasonCode.UNEXPLAINED: ("Without a reason that the reports or the repository show", "look at it by hand"),
}
"""Heading and explanation of each reason, in the order in which the first that holds explains a finding."""
