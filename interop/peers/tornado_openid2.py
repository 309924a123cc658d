"""A site on Tornado whose users sign in with OpenIdMixin, and a browser that signs in at this site. Each line of the input is
a task in JSON, and each line of the output is its result."""

import asyncio
import json
import sys
import warnings
from urllib.parse import urlencode

from tornado.auth import AuthError, OpenIdMixin
from tornado.httpclient import AsyncHTTPClient, HTTPClientError
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

# Tornado warns that the mixin is deprecated.
warnings.simplefilter("ignore", DeprecationWarning)


class SignIn(RequestHandler, OpenIdMixin):
    """The page at which the sign-in begins, which is also the callback."""

    def initialize(self, task):
        self.task = task
        self._OPENID_ENDPOINT = task["endpoint"]

    async def get(self):
        if not self.get_argument("openid.mode", None):
            return self.authenticate_redirect(callback_uri="/sign-in?x=1", ax_attrs=self.task["ax"])
        try:
            self.finish(await self.get_authenticated_user())
        except HTTPClientError as error:
            self.set_status(error.code)
        except AuthError:
            self.set_status(401)


async def fetch(url, **options):
    """Requests a URL and returns the response, without following redirects."""
    return await AsyncHTTPClient().fetch(url, follow_redirects=False, raise_error=False, **options)


async def sign_in(task):
    handlers = [("/sign-in", SignIn, {"task": task})]
    site = HTTPServer(Application(handlers, log_function=lambda _: None))
    socket, port = bind_unused_port()
    site.add_socket(socket)
    begun = await fetch(f"http://127.0.0.1:{port}/sign-in")
    hints = {name: task[name] for name in ("jane", "select") if name in task}
    page = await fetch(begun.headers["Location"] + "&" + urlencode(hints))
    if "Location" not in page.headers:
        return {"status": page.code, "user": None}
    url = page.headers["Location"]
    if task.get("tampers"):
        # The mixin reads the last value of each name.
        url += "&" + urlencode(task["tampers"])
    end = await fetch(url)
    again = await fetch(url)
    site.stop()
    return {"status": end.code, "user": json.loads(end.body) if end.code == 200 else None, "replayed": again.code}


for line in sys.stdin:
    print(json.dumps(asyncio.run(sign_in(json.loads(line)))), flush=True)
