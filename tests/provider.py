"""The OpenID provider of `tests.oidc_provider`, running."""

import subprocess
import sys

import urllib3

from tests.process import ROOT, environment


class Provider:
    """Sends whoever signs in back to `/signed-in` of a server; `end` stops it."""

    def __init__(self, url: str) -> None:
        command = [sys.executable, '-m', 'tests.oidc_provider', f'{url}/signed-in']
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.issuer = f'http://127.0.0.1:{int(self._process.stdout.readline())}'

    def end(self) -> None:
        self._process.terminate()
        self._process.communicate(timeout=10)

    def fault(self, name: str) -> None:
        urllib3.request('POST', f'{self.issuer}/fault/{name}')

    def groups(self, *names: str) -> None:
        urllib3.request('POST', f'{self.issuer}/groups', json=list(names))
