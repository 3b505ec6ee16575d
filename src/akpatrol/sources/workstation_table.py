"""The table of places on a developer's machine where credentials come to lie: one entry each, with its documentation.

A path is relative to a home directory. ``*`` and ``?`` stand for characters of one name, ``**`` at the end for all that
is below. ``{config}`` is where the platform keeps programs' settings (Electron's ``appData``,
https://www.electronjs.org/docs/latest/api/app#appgetpathname). ``linux:``, ``macos:`` and ``windows:`` before a path
say that it is of that platform alone. A path that no page documents does not belong here.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple


class Platform(StrEnum):
    """Whose layout a home directory has; ``WINDOWS`` is a Windows profile as WSL shows it."""

    LINUX = "linux"
    MACOS = "macos"
    WINDOWS = "windows"


class Location(NamedTuple):
    """One source: its ``name`` in reports, a ``title``, what to do when it holds a credential, its pages and paths.

    With ``days`` only files that were written or arrived in so many days are read.
    """

    name: str
    title: str
    advice: str
    pages: tuple[str, ...]
    paths: tuple[str, ...]
    days: int | None = None

    def on(self, platform: Platform) -> tuple[bytes, ...]:
        """Return its paths on a platform; none where it is unknown."""
        split = (path.rpartition(":") for path in self.paths)
        return tuple(
            path.replace("{config}", _CONFIG[platform]).encode() for only, _, path in split if only in ("", platform)
        )


_CONFIG = {
    Platform.LINUX: ".config",
    Platform.MACOS: "Library/Application Support",
    Platform.WINDOWS: "AppData/Roaming",
}

_TRANSCRIPT = "Delete the sessions that hold it and rotate it: what is in a session was sent to the model's provider."
_SETTINGS = "Replace the value by an input that is asked for, or by an environment variable, then rotate it."
_EDITOR = "Delete the chat that holds it, close the editor so that it rewrites its database, then rotate it."
_SHELL = "Remove the line, set HISTCONTROL=ignorespace (zsh: HIST_IGNORE_SPACE), begin such commands with a blank."
_CONSOLE = "Remove the line from the history, read the secret from the environment next time, then rotate it."
_DOTFILE = "Move it to a secret manager that sets the variable when it is needed; until then: chmod 600."
_STORE = "Log out with the tool and log in again with the system's credential store; remove what is left in the file."
_CLIENT = "Move it to the client's vault, delete it from requests, environments and history, then rotate it."
_BROWSER = "Clear the site's data in the browser, then rotate it: the site's scripts and some extensions can read it."
_CLIPBOARD = "Clear the clipboard's history and exclude your password manager from it."
_CRASH = "Delete the dump, and rotate the credential if the dump was sent to anybody."
_DOWNLOAD = "Delete the file, and rotate the credential: whoever sent or serves the file has it too."
_NOTE = "Move it to a password manager, delete the note and empty its trash, then rotate it if notes are synchronised."

RECENT_DAYS: Final = 30
"""What is older has been seen by an earlier run, if that runs once a month."""

_ARTIFACTS = "https://github.com/ForensicArtifacts/artifacts/blob/main/artifacts/data/"
_TARGETS = "https://github.com/EricZimmerman/KapeFiles/blob/master/Targets/"
_CODE = ("Code", "Code - Insiders", "VSCodium")
_CODE_AND_CURSOR = (*_CODE, "Cursor")
_IN_CHROMIUM = (
    "Local Storage/**", "Session Storage/**", "IndexedDB/**", "Sessions/*", "History*", "Web Data*",
)  # fmt: skip
_IN_FIREFOX = (
    "places.sqlite*", "formhistory.sqlite*", "cookies.sqlite*", "webappsstore.sqlite*", "sessionstore*",
    "sessionstore-backups/*", "storage/default/**",
)  # fmt: skip
_FIREFOX = (
    "linux:.mozilla/firefox/*", "linux:.config/mozilla/firefox/*", "linux:snap/firefox/common/.mozilla/firefox/*",
    "linux:.var/app/org.mozilla.firefox/.mozilla/firefox/*",
    "macos:Library/Application Support/Firefox/Profiles/*", "windows:AppData/Roaming/Mozilla/Firefox/Profiles/*",
)  # fmt: skip


def _below(directories: tuple[str, ...], *paths: str) -> tuple[str, ...]:
    return tuple(f"{directory}/{path}" for directory in directories for path in paths)


def _of_editors(editors: tuple[str, ...], *paths: str) -> tuple[str, ...]:
    """Return paths in the user's directories of VS Code and its relatives."""
    return _below(tuple(f"{{config}}/{editor}/User" for editor in editors), *paths)


# fmt: off
LOCATIONS: Final = (
    # Agents: transcripts, and settings with the servers that they start
    Location("claude-code-transcripts", "Claude Code: transcripts", _TRANSCRIPT,
             ("https://code.claude.com/docs/en/claude-directory",
              "https://www.skills.sh/jlreyes/agent-history-skills/exploring-claude-sessions",
              "https://www.skills.sh/vapvarun/claude-backup/cleanup"),
             (".claude/projects/**", ".claude/history.jsonl", ".claude/debug/**", ".claude/shell-snapshots/**",
              ".claude/todos/**")),
    Location("claude-code-settings", "Claude Code: settings", _SETTINGS,
             ("https://code.claude.com/docs/en/settings", "https://code.claude.com/docs/en/claude-directory"),
             (".claude.json", ".claude/settings.json", ".claude/settings.local.json", ".claude/CLAUDE.md")),
    Location("claude-desktop", "Claude Desktop", _SETTINGS,
             ("https://modelcontextprotocol.io/docs/tools/debugging",
              "https://www.rapidevelopers.com/mcp-tutorial/how-to-view-mcp-server-logs",
              "https://exchangepedia.com/2026/04/claudetools-claude-desktop-powershell-module.html"),
             ("{config}/Claude/claude_desktop_config.json", "macos:Library/Logs/Claude/**",
              "windows:AppData/Roaming/Claude/logs/**",
              "windows:AppData/Local/Packages/Claude_*/LocalCache/Roaming/Claude/claude_desktop_config.json")),
    Location("codex-transcripts", "Codex: transcripts", _TRANSCRIPT,
             ("https://www.skills.sh/jlreyes/agent-history-skills/exploring-codex-sessions",),
             (".codex/sessions/**", ".codex/archived_sessions/**", ".codex/history.jsonl", ".codex/session_index.jsonl",
              ".codex/*.sqlite*")),
    Location("codex-settings", "Codex: settings", _SETTINGS,
             ("https://www.developersdigest.tech/reference/codex/config-files", "https://pypi.org/project/codexswitcher"),
             (".codex/config.toml", ".codex/*.config.toml", ".codex/auth.json")),
    Location("cursor-settings", "Cursor: mcp.json", _SETTINGS,
             ("https://cursor.com/docs/mcp",), (".cursor/mcp.json",)),
    Location("cursor-chats", "Cursor: chats", _EDITOR,
             ("https://agentgrep.org/backends/cursor-ide/",),
             _of_editors(("Cursor",), "globalStorage/state.vscdb*", "workspaceStorage/*/state.vscdb*")),
    Location("vscode-settings", "VS Code: settings and mcp.json", _SETTINGS,
             ("https://code.visualstudio.com/docs/getstarted/settings",
              "https://code.visualstudio.com/docs/copilot/reference/mcp-configuration"),
             _of_editors(_CODE, "settings.json", "mcp.json", "profiles/*/settings.json", "profiles/*/mcp.json")),
    Location("vscode-chats", "VS Code: chats and state", _EDITOR,
             ("https://agentgrep.org/backends/vscode/",),
             _of_editors(_CODE, "globalStorage/state.vscdb*", "workspaceStorage/*/state.vscdb*",
                         "workspaceStorage/*/chatSessions/**", "globalStorage/emptyWindowChatSessions/**")),
    Location("vscode-history", "VS Code: local history, backups", _DOTFILE,
             (f"{_TARGETS}Apps/VisualStudioCode.tkape",
              "https://ogmini.github.io/2025/02/22/Investigating-Visual-Studio-Code-Part-3.html"),
             (*_of_editors(_CODE, "History/**"), *_below(tuple(f"{{config}}/{name}" for name in _CODE), "Backups/**"))),
    Location("copilot-transcripts", "Copilot CLI: sessions and logs", _TRANSCRIPT,
             ("https://docs.github.com/en/copilot/reference/copilot-cli-reference/cli-config-dir-reference",),
             (".copilot/session-state/**", ".copilot/logs/**")),
    Location("copilot-settings", "Copilot CLI: settings", _SETTINGS,
             ("https://docs.github.com/en/copilot/reference/copilot-cli-reference/cli-config-dir-reference",),
             (".copilot/*.json",)),
    Location("gemini-transcripts", "Gemini CLI: sessions", _TRANSCRIPT,
             ("https://geminicli.com/docs/cli/session-management", "https://geminicli.com/docs/reference/configuration"),
             (".gemini/tmp/**",)),
    Location("gemini-settings", "Gemini CLI: settings", _SETTINGS,
             ("https://geminicli.com/docs/reference/configuration", "https://geminicli.com/docs/tools/mcp-server"),
             (".gemini/settings.json", ".gemini/.env", ".gemini/mcp-oauth-tokens.json")),
    Location("windsurf", "Windsurf: mcp_config.json", _SETTINGS,
             ("https://docs.windsurf.com/windsurf/cascade/mcp",), (".codeium/windsurf/mcp_config.json",)),
    Location("cline", "Cline: tasks and MCP settings", _TRANSCRIPT,
             ("https://docs.cline.bot/enterprise-solutions/monitoring/prompt-storage.md",
              "https://raw.githubusercontent.com/getagentseal/codeburn/main/docs/providers/cline.md"),
             (".cline/data/**", *_of_editors(_CODE_AND_CURSOR, "globalStorage/saoudrizwan.claude-dev/tasks/**",
                                             "globalStorage/saoudrizwan.claude-dev/settings/**"))),
    Location("aider", "Aider", _SETTINGS,
             ("https://aider.chat/docs/config/aider_conf.html",),
             (".aider.conf.yml", ".aider.input.history", ".aider.chat.history.md")),

    # Histories of shells and consoles
    Location("bash-history", "bash and sh: history", _SHELL,
             (f"{_ARTIFACTS}shell.yaml", "https://www.gnu.org/software/bash/manual/html_node/Bash-Variables.html"),
             (".bash_history", ".bash_sessions/*", ".sh_history")),
    Location("zsh-history", "zsh: history", _SHELL,
             (f"{_ARTIFACTS}shell.yaml",), (".zsh_history", ".zhistory")),
    Location("fish-history", "fish: history", _SHELL,
             ("https://fishshell.com/docs/current/cmds/history.html",), (".local/share/fish/*_history",)),
    Location("powershell-history", "PowerShell: history", _CONSOLE,
             ("https://learn.microsoft.com/powershell/module/psreadline/about/about_psreadline",
              f"{_TARGETS}Logs/PowerShellConsole.tkape"),
             ("windows:AppData/Roaming/Microsoft/Windows/PowerShell/PSRead?ine/*_history.txt",)),
    Location("atuin", "Atuin: history", _SHELL,
             ("https://docs.atuin.sh/configuration/config/",), (".local/share/atuin/history.db*",)),
    Location("python-history", "Python: history", _CONSOLE,
             ("https://docs.python.org/3/library/site.html", f"{_ARTIFACTS}linux.yaml"), (".python_history",)),
    Location("node-history", "Node.js: history", _CONSOLE,
             ("https://nodejs.org/api/repl.html#persistent-history",), (".node_repl_history",)),
    Location("psql-history", "psql: history", _CONSOLE, (f"{_ARTIFACTS}linux.yaml",), (".psql_history*",)),
    Location("mysql-history", "mysql: history", _CONSOLE,
             ("https://dev.mysql.com/doc/refman/8.4/en/mysql-logging.html",), (".mysql_history",)),
    Location("sqlite-history", "sqlite3: history", _CONSOLE, (f"{_ARTIFACTS}linux.yaml",), (".sqlite_history",)),
    Location("mongosh-history", "mongosh: history", _CONSOLE,
             ("https://www.mongodb.com/docs/mongodb-shell/logs/command-history/",),
             (".mongodb/mongosh/mongosh_repl_history",)),
    Location("redis-history", "redis-cli: history", _CONSOLE,
             ("https://redis.io/docs/latest/develop/tools/cli/",), (".rediscli_history",)),
    Location("pager-history", "less and Vim: history", _CONSOLE,
             (f"{_ARTIFACTS}linux.yaml",), (".lesshst", ".viminfo")),

    # Dotfiles
    Location("env-files", ".env files of the home", _DOTFILE,
             ("https://geminicli.com/docs/reference/configuration",), (".env*",)),
    Location("shell-startup", "Shells' startup files", _DOTFILE,
             ("https://www.gnu.org/software/bash/manual/html_node/Bash-Startup-Files.html",
              "https://zsh.sourceforge.io/Doc/Release/Files.html",
              "https://fishshell.com/docs/current/language.html#configuration"),
             (".profile", ".bash_profile", ".bash_login", ".bashrc", ".bash_logout", ".zshenv", ".zprofile", ".zshrc",
              ".zlogin", ".zlogout", ".config/fish/config.fish", ".config/fish/conf.d/*",
              ".config/fish/fish_variables")),
    Location("netrc", "netrc", _STORE,
             ("https://curl.se/libcurl/c/CURLOPT_NETRC.html",), (".netrc", "_netrc")),
    Location("git-configuration", "git: configuration", _STORE,
             ("https://git-scm.com/docs/git-config#FILES",), (".gitconfig", ".config/git/config")),
    Location("git-credentials", "git: credential store", _STORE,
             ("https://git-scm.com/docs/git-credential-store",), (".git-credentials", ".config/git/credentials")),
    Location("github-cli", "GitHub CLI", _STORE,
             ("https://cli.github.com/manual/gh_help_environment",),
             ("linux:.config/gh/*", "macos:.config/gh/*", "windows:AppData/Roaming/GitHub CLI/*")),
    Location("pgpass", "PostgreSQL: password file", _STORE,
             ("https://www.postgresql.org/docs/current/libpq-pgpass.html",),
             (".pgpass", "windows:AppData/Roaming/postgresql/pgpass.conf")),

    # Containers, clouds and package indexes
    Location("docker", "Docker and Podman: logins", _STORE,
             ("https://manpages.debian.org/experimental/buildah/containers-auth.json.5.en.html",),
             (".docker/config.json", ".dockercfg", ".config/containers/auth.json")),
    Location("kubernetes", "Kubernetes: kubeconfig", _STORE,
             ("https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/",),
             (".kube/config",)),
    Location("helm", "Helm: registries", _STORE,
             ("https://helm.sh/docs/helm/helm/",),
             ("linux:.config/helm/**", "macos:Library/Preferences/helm/**", "windows:AppData/Roaming/helm/**")),
    Location("aws", "AWS CLI", _STORE,
             ("https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html",
              "https://docs.rs/aws-config/0.52.0/aws_config/sso/index.html"),
             (".aws/credentials", ".aws/config", ".aws/sso/cache/*")),
    Location("gcloud", "Google Cloud CLI", _STORE,
             ("https://docs.rs/datui-lib/0.4.0/datui_lib/gcloud/fn.config_dir.html",),
             ("linux:.config/gcloud/**", "macos:.config/gcloud/**", "windows:AppData/Roaming/gcloud/**")),
    Location("azure", "Azure CLI", _STORE,
             ("https://learn.microsoft.com/cli/azure/msal-based-azure-cli",
              "https://github.com/Azure/azure-cli/issues/23911"), (".azure/*",)),
    Location("npm", "npm", _STORE, ("https://docs.npmjs.com/cli/v10/configuring-npm/npmrc/",), (".npmrc",)),
    Location("pypi", "PyPI: .pypirc", _STORE,
             ("https://packaging.python.org/en/latest/specifications/pypirc/",), (".pypirc",)),
    Location("pip", "pip: configuration", _STORE,
             ("https://pip.pypa.io/en/stable/topics/configuration/",),
             (".config/pip/pip.conf", ".pip/pip.conf", "macos:Library/Application Support/pip/pip.conf",
              "windows:AppData/Roaming/pip/pip.ini", "windows:pip/pip.ini")),
    Location("cargo", "Cargo: credentials", _STORE,
             ("https://doc.rust-lang.org/cargo/commands/cargo-login.html",),
             (".cargo/credentials.toml", ".cargo/credentials")),
    Location("maven", "Maven: settings.xml", _STORE,
             ("https://maven.apache.org/settings.html",), (".m2/settings.xml",)),
    Location("terraform", "Terraform", _STORE,
             ("https://developer.hashicorp.com/terraform/cli/config/config-file",
              "https://github.com/hashicorp/terraform-provider-tfe/pull/360"),
             (".terraformrc", ".terraform.d/credentials.tfrc.json", "windows:AppData/Roaming/terraform.rc")),

    # Clients of APIs, and browsers
    Location("postman", "Postman", _CLIENT,
             ("https://en.fmyly.com/article/where-is-postman-data-stored",
              "https://learning.postman.com/docs/getting-started/settings"),
             ("{config}/Postman/**", "Postman/files/**")),
    Location("insomnia", "Insomnia", _CLIENT,
             ("https://github.com/Kong/insomnia/blob/develop/packages/insomnia/src/common/database.ts",
              "https://raw.githubusercontent.com/Homebrew/homebrew-cask/HEAD/Casks/i/insomnia@alpha.rb"),
             ("{config}/Insomnia/insomnia.*.db", "{config}/Insomnia/responses/**")),
    Location("chrome", "Chrome and Chromium", _BROWSER,
             ("https://chromium.googlesource.com/chromium/src/+/main/docs/user_data_dir.md",
              f"{_ARTIFACTS}webbrowser.yaml"),
             _below(("linux:.config/google-chrome*/*", "linux:.config/chromium/*",
                     "linux:snap/chromium/common/chromium/*", "macos:Library/Application Support/Google/Chrome*/*",
                     "macos:Library/Application Support/Chromium/*",
                     "windows:AppData/Local/Google/Chrome*/User Data/*", "windows:AppData/Local/Chromium/User Data/*"),
                    *_IN_CHROMIUM)),
    Location("edge", "Edge", _BROWSER,
             (f"{_ARTIFACTS}webbrowser.yaml", f"{_TARGETS}Browsers/EdgeChromium.tkape"),
             _below(("linux:.config/microsoft-edge/*", "macos:Library/Application Support/Microsoft Edge/*",
                     "windows:AppData/Local/Microsoft/Edge/User Data/*"), *_IN_CHROMIUM)),
    Location("brave", "Brave", _BROWSER,
             (f"{_ARTIFACTS}webbrowser.yaml", f"{_TARGETS}Browsers/BraveBrowser.tkape"),
             _below(("linux:.config/BraveSoftware/Brave-Browser/*",
                     "macos:Library/Application Support/BraveSoftware/Brave-Browser/*",
                     "windows:AppData/Local/BraveSoftware/Brave-Browser/User Data/*"), *_IN_CHROMIUM)),
    Location("firefox", "Firefox", _BROWSER,
             (f"{_TARGETS}Browsers/Firefox.tkape", f"{_ARTIFACTS}webbrowser.yaml",
              "https://github.com/netblue30/firejail/pull/7061", "https://github.com/yuuqilin/FlexFox/pull/43",
              "https://renenyffenegger.ch/notes/development/web/browser/Firefox/profile-folder/index"),
             _below(_FIREFOX, *_IN_FIREFOX)),
    Location("safari", "Safari: history", _BROWSER,
             (f"{_ARTIFACTS}webbrowser.yaml",), ("macos:Library/Safari/History.db*",)),

    # Clipboards
    Location("copyq", "Clipboard: CopyQ", _CLIPBOARD,
             ("https://copyq.readthedocs.io/en/latest/faq.html", "https://copyq.readthedocs.io/en/latest/backup.html"),
             ("linux:.config/copyq/**", "linux:.local/share/copyq/**", "windows:AppData/Roaming/copyq/**")),
    Location("gpaste", "Clipboard: GPaste", _CLIPBOARD,
             ("https://github.com/Keruspe/GPaste/blob/master/src/libgpaste/gpaste-daemon/gpaste-daemon-util.c",),
             ("linux:.local/share/gpaste/**", "linux:.local/share/GPaste/**")),
    Location("klipper", "Clipboard: Klipper", _CLIPBOARD,
             ("https://invent.kde.org/plasma/plasma-workspace/-/blob/master/klipper/historymodel.cpp",),
             ("linux:.local/share/klipper/**",)),
    Location("cliphist", "Clipboard: cliphist", _CLIPBOARD,
             ("https://github.com/sentriz/cliphist/blob/master/cliphist.go",), ("linux:.cache/cliphist/db",)),
    Location("maccy", "Clipboard: Maccy", _CLIPBOARD,
             ("https://github.com/p0deje/Maccy/issues/383",),
             ("macos:Library/Containers/org.p0deje.Maccy/Data/Library/Application Support/Maccy/Storage.sqlite*",)),
    Location("clipy", "Clipboard: Clipy", _CLIPBOARD,
             ("https://github.com/Clipy/Clipy/issues/336",),
             ("macos:Library/Application Support/com.clipy-app.Clipy/default.realm",)),

    # What programs leave behind, and people
    Location("crash-dumps", "Crash dumps", _CRASH,
             ("https://man7.org/linux/man-pages/man5/core.5.html",
              "https://dfir.forge-work.com/knowledge/artifacts/macos-crash-reports", f"{_TARGETS}Windows/WER.tkape",
              "https://renenyffenegger.ch/notes/development/web/browser/Firefox/profile-folder/index"),
             ("linux:core", "linux:core.[0-9]*", "macos:Library/Logs/DiagnosticReports/**",
              "windows:AppData/Local/CrashDumps/**", "windows:AppData/Local/Microsoft/Windows/WER/**",
              *_below(_FIREFOX, "minidumps/**", "crashes/**"))),
    Location("joplin", "Notes: Joplin", _NOTE,
             ("https://github.com/laurent22/joplin/issues/42",), (".config/joplin-desktop/database.sqlite*",)),
    Location("apple-notes", "Notes: Apple Notes", _NOTE,
             ("https://simonwillison.net/2021/Dec/9/notes-on-notesapp/", f"{_ARTIFACTS}macos.yaml"),
             ("macos:Library/Group Containers/group.com.apple.notes/NoteStore.sqlite*",
              "macos:Library/Containers/com.apple.Notes/Data/Library/Notes/NotesV*.storedata*")),
    Location("sticky-notes", "Notes: Sticky Notes", _NOTE,
             (f"{_TARGETS}Apps/MicrosoftStickyNotes.tkape",),
             ("windows:AppData/Local/Packages/Microsoft.MicrosoftStickyNotes*/LocalState/plum.sqlite*",)),
    Location("notepad", "Notes: Notepad and Notepad++", _NOTE,
             (f"{_TARGETS}Windows/Notepad.tkape", f"{_TARGETS}Apps/Notepad++.tkape"),
             ("windows:AppData/Local/Packages/Microsoft.WindowsNotepad_*/LocalState/TabState/*",
              "windows:AppData/Roaming/Notepad++/backup/**")),
    Location("downloads", f"Downloads of the last {RECENT_DAYS} days", _DOWNLOAD,
             (f"{_ARTIFACTS}user.yaml", "https://man.archlinux.org/man/extra/xdg-user-dirs/user-dirs.dirs.5.en"),
             ("Downloads/**",), days=RECENT_DAYS),
)
# fmt: on
