"""Downloads of blobs of images, from the URLs that ECR signs."""

import asyncio
from functools import partial
from urllib.parse import urlsplit

from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError, HTTPClientError
from botocore.httpsession import URLLib3Session
from urllib3.exceptions import HTTPError

from stack.errors import Unavailable
from stack.runtime.daemon_threads import DaemonThreads

# Configurations of images have a few kilobytes.
LARGEST_BLOB = 1024 * 1024

# The threads of one host, and seconds: for a connection and for each part of an answer, and for a whole download.
THREADS = 4
ANSWER_S = 10.0
DEADLINE_S = 20.0

NAME = 'ecr:GetDownloadUrlForLayer'


class Downloads:
    """Reads blobs. Each host has threads of its own, as each region of ECR has a host: one that hangs holds up no
    other, and nothing that is computed.
    """

    def __init__(self, deadline_s: float = DEADLINE_S):
        self._deadline_s = deadline_s
        self._threads: dict[str, DaemonThreads] = {}

    async def of(self, url: str) -> bytes:
        """The blob at a URL. Raises `Unavailable`."""
        host = urlsplit(url).netloc
        if host not in self._threads:
            self._threads[host] = DaemonThreads(THREADS, f'blobs-{host}')
        try:
            async with asyncio.timeout(self._deadline_s):
                return await asyncio.wrap_future(self._threads[host].submit(partial(_download, url)))
        except TimeoutError:
            raise _unread(f'no answer within {self._deadline_s:.0f} s') from None
        except RuntimeError as error:
            raise _unread(str(error)) from error


def _download(url: str) -> bytes:
    session = URLLib3Session(timeout=ANSWER_S)
    try:
        # Otherwise botocore would read all of it, however much that is.
        answer = session.send(AWSRequest('GET', url, stream_output=True).prepare())
        content: bytes = answer.raw.read(LARGEST_BLOB + 1, decode_content=True)
        answer.raw.close()
    except (BotoCoreError, HTTPClientError, HTTPError, OSError) as error:
        raise _unread(str(error)) from error
    finally:
        session.close()
    if answer.status_code != 200 or len(content) > LARGEST_BLOB:
        raise _unread(str(answer.status_code))
    return content


def _unread(why: str) -> Unavailable:
    return Unavailable(f'The configuration of an image could not be read: {why}', NAME, 'Download')
