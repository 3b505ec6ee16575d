"""The environment and configuration for git clone, built from nothing. Pure.

The server is hostile, and so may be the directory that the sweep was started in. Nothing runs but git, its own
transports and ssh: no hook, filter, credential helper, prompt, submodule or LFS transfer.
https://git-scm.com/docs/git#_environment_variables, https://git-scm.com/docs/git-config
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from akpatrol.model.scan import Secret
    from akpatrol.sweep.urls import CloneAddress

# ssh reads what the user configured for hosts, but forwards nothing, asks nothing and shares no connection.
_SSH = (
    "ssh -oBatchMode=yes -oConnectTimeout=30 -oServerAliveInterval=30 -oServerAliveCountMax=4 -oForwardAgent=no "
    "-oForwardX11=no -oClearAllForwardings=yes -oPermitLocalCommand=no -oControlMaster=no -oControlPath=none"
)
_ENVIRONMENT = {
    "GIT_ASKPASS": "false",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_PAGER": "cat",
    "GIT_SSH_COMMAND": _SSH,
    "GIT_SSH_VARIANT": "ssh",
    "GIT_TERMINAL_PROMPT": "0",
    "LANGUAGE": "C",
    "LC_ALL": "C",
    "SSH_ASKPASS": "false",
}
# Proxies are often the only way out; a proxy sees the host's name, and TLS is checked as without it.
_PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy")
_CONFIGURATION = (
    "advice.detachedHead=false",
    "color.ui=false",
    "core.askPass=false",
    "core.attributesFile=" + os.devnull,
    "core.excludesFile=" + os.devnull,
    "core.fsmonitor=false",
    "core.hooksPath=" + os.devnull,
    "credential.helper=",
    "fetch.recurseSubmodules=false",
    "gc.auto=0",
    # Not even to the same host: git goes on with the headers of the first address, the token among them, wherever a
    # redirect leads (http.c decides them once, before the first request).
    "http.followRedirects=false",
    "http.lowSpeedLimit=1",
    "http.sslVerify=true",
    "init.templateDir=",
    "maintenance.auto=false",
    "protocol.version=2",
    "safe.directory=*",
    "submodule.recurse=false",
    "transfer.bundleURI=false",
)
_SETTINGS_COUNT = "GIT_CONFIG_COUNT"


def environment(
    variables: Mapping[str, str], address: CloneAddress, credential: Secret | None, ceiling: str
) -> dict[str, str]:
    """Return git's complete environment for one address, with only those of the user's ``variables`` that it needs.

    ``credential`` becomes the header ``Authorization`` of requests to that address's own host. The
    environment passes it: other users cannot see that, as they can a command line.
    """
    # A relative entry would let the current directory supply the programs that are run.
    path = os.pathsep.join(part for part in os.get_exec_path(dict(variables)) if os.path.isabs(part))
    complete = {**_ENVIRONMENT, "PATH": path, "GIT_ALLOW_PROTOCOL": address.scheme, "GIT_CEILING_DIRECTORIES": ceiling}
    passed: list[str] = []
    if address.scheme == "ssh":
        passed = ["HOME", "SSH_AUTH_SOCK", "USER", "LOGNAME"]
    elif address.scheme == "https":
        passed = list(_PROXIES)
        # git has another name for httpx's private certificate authority.
        if bundle := variables.get("GIT_SSL_CAINFO") or variables.get("SSL_CERT_FILE"):
            complete["GIT_SSL_CAINFO"] = bundle
    complete |= {name: variables[name] for name in passed if name in variables}
    if credential and address.scheme in {"https", "http"}:
        complete |= {
            _SETTINGS_COUNT: "1",
            "GIT_CONFIG_KEY_0": f"http.{address.origin}/.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: {credential.reveal().decode('ascii')}",
        }
    return complete


def options(silence: float) -> list[str]:
    """Return the options of git itself; ``silence`` is how many seconds an http server may send nothing."""
    settings = (*_CONFIGURATION, f"http.lowSpeedTime={max(1, round(silence))}")
    return [word for setting in settings for word in ("-c", setting)]
