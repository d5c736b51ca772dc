"""The Chromium that the browser tests drive: the machine's, npm's, or Playwright's own, in this order.

Of the machine's, tests take the headless shell: a new context of the whole browser needs five times its processor time.
The packages of npm and Playwright are headless shells too. NYSA_TEST_CHROMIUM is the path of another one, or `package`.

`python -m tests.chromium` prepares it, so that no test waits for an installation.
"""

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

# The npm package holds the browser and every library that it needs beyond glibc, for Linux on x86-64.
PACKAGE = ROOT / 'tests' / 'browser' / 'chromium'
UNPACKED = ROOT / '.browser'

SHELL = ('chromium-headless-shell',)
WHOLE = ('chromium', 'chromium-browser')

# The headless shell otherwise rounds the widths of glyphs to whole pixels, so that lines break at other words.
FRACTIONAL_GLYPHS = '--font-render-hinting=none'

FONTS = """<?xml version="1.0"?>
<fontconfig><dir>{0}/fonts/fonts</dir><cachedir>{0}/fonts-cache</cachedir></fontconfig>
"""


def launch_arguments(prefer_whole: bool = False) -> dict:
    """Arguments of Playwright's `launch`; installs a browser where there is none.

    `prefer_whole`: rather the browser that users have, where the machine has both.
    """
    arguments = {'args': [FRACTIONAL_GLYPHS, *(['--no-sandbox'] if os.geteuid() == 0 else [])]}
    if installed := _on_this_machine(WHOLE + SHELL if prefer_whole else SHELL + WHOLE):
        return {**arguments, 'executable_path': installed}
    if sys.platform == 'linux' and platform.machine() == 'x86_64':
        return {**arguments, **_from_npm()}
    subprocess.run([sys.executable, '-m', 'playwright', 'install', 'chromium'], check=True)
    return arguments


def _on_this_machine(names: tuple[str, ...]) -> str | None:
    """The path of the first Chromium that is installed, or of the one that the environment names."""
    chosen = os.environ.get('NYSA_TEST_CHROMIUM')
    if chosen == 'package':
        return None
    return chosen or next(filter(None, map(shutil.which, names)), None)


def _from_npm() -> dict:
    executable = UNPACKED / 'chromium'
    if not executable.exists():
        _unpack()
    environment = {
        'HOME': str(UNPACKED),
        'LD_LIBRARY_PATH': str(UNPACKED / 'al2023' / 'lib'),
        'FONTCONFIG_FILE': str(UNPACKED / 'fonts.conf'),
    }
    return {'executable_path': str(executable), 'env': {**os.environ, **environment}}


def _unpack() -> None:
    """Install the package and unpack it into a directory that takes its name when it is complete."""
    # Node is the machine's, or the one that the virtual environment has as a Python package.
    path = os.pathsep.join([os.environ.get('PATH', ''), str(Path(sys.executable).parent)])
    subprocess.run(['npm', 'ci', '--silent'], cwd=PACKAGE, env={**os.environ, 'PATH': path}, check=True)
    partial = UNPACKED.with_name(f'{UNPACKED.name}.{os.getpid()}')
    partial.mkdir()
    subprocess.run(
        ['node', 'unpack.js'], cwd=PACKAGE, env={**os.environ, 'PATH': path, 'TMPDIR': str(partial)}, check=True
    )
    (partial / 'fonts.conf').write_text(FONTS.format(UNPACKED))
    shutil.rmtree(UNPACKED, ignore_errors=True)
    partial.rename(UNPACKED)


if __name__ == '__main__':
    launch_arguments()
