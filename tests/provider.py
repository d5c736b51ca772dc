"""The process of the OpenID provider `tests.oidc_provider`."""

import subprocess
import sys

import urllib3

from tests.oidc_provider import CLIENT_ID, CLIENT_SECRET
from tests.process import ROOT, environment


class Provider:
    """A running provider that redirects to `/signed-in` of a server after sign-in; `end` stops it."""

    def __init__(self, url: str) -> None:
        command = [sys.executable, '-m', 'tests.oidc_provider', f'{url}/signed-in']
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self._url = url
        self.issuer = f'http://127.0.0.1:{int(self._process.stdout.readline())}'

    def settings(self, groups: str) -> dict[str, str]:
        """The settings of a server that uses this provider; `groups` are its NYSA_GROUPS."""
        return {
            'NYSA_URL': self._url,
            'NYSA_SESSION_KEY': 'k' * 32,
            'NYSA_OIDC_ISSUER': self.issuer,
            'NYSA_OIDC_CLIENT_ID': CLIENT_ID,
            'NYSA_OIDC_CLIENT_SECRET': CLIENT_SECRET,
            'NYSA_GROUPS': groups,
        }

    def end(self) -> None:
        self._process.terminate()
        self._process.communicate(timeout=60)

    def fault(self, name: str) -> None:
        urllib3.request('POST', f'{self.issuer}/fault/{name}')

    def person(self, **claims: str) -> None:
        urllib3.request('POST', f'{self.issuer}/person', json=claims)

    def groups(self, *names: str) -> None:
        urllib3.request('POST', f'{self.issuer}/groups', json=list(names))
