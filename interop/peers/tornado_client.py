"""A site on Tornado whose users sign in with OAuthMixin, and a browser that signs in at this site. Each line of the input is
a task in JSON, and each line of the output is its result."""

import asyncio
import json
import sys
from urllib.parse import urlencode

from tornado.auth import OAuthMixin
from tornado.httpclient import AsyncHTTPClient, HTTPClientError
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler


class SignIn(RequestHandler, OAuthMixin):
    """The page at which the sign-in begins, which is also the callback."""

    def initialize(self, task):
        self.task = task
        self._OAUTH_REQUEST_TOKEN_URL = task["origin"] + "/initiate"
        self._OAUTH_AUTHORIZE_URL = task["origin"] + "/authorize"
        self._OAUTH_ACCESS_TOKEN_URL = task["origin"] + "/token"

    async def get(self):
        if not self.get_argument("oauth_token", None):
            return await self.authorize_redirect(callback_uri="/sign-in?x=1")
        try:
            self.finish(await self.get_authenticated_user())
        except HTTPClientError as error:
            self.set_status(error.code)

    def _oauth_consumer_token(self):
        return {"key": self.task["client"], "secret": self.task["client_secret"]}

    async def _oauth_get_user_future(self, access_token):
        url, parameters = self.task["origin"] + "/photos", dict(self.task["parameters"])
        signed = self._oauth_request_parameters(url, access_token, parameters)
        answer = await AsyncHTTPClient().fetch(url + "?" + urlencode({**parameters, **signed}))
        return {"photos": json.loads(answer.body)}


async def fetch(url, **options):
    """Requests a URL and returns the response, without following redirects."""
    return await AsyncHTTPClient().fetch(url, follow_redirects=False, raise_error=False, **options)


async def sign_in(task):
    handlers = [("/sign-in", SignIn, {"task": task})]
    site = HTTPServer(Application(handlers, log_function=lambda _: None))
    socket, port = bind_unused_port()
    site.add_socket(socket)
    begun = await fetch(f"http://127.0.0.1:{port}/sign-in")
    page = await fetch(begun.headers["Location"] + "&" + urlencode({"jane": task["jane"]}))
    cookie = begun.headers["Set-Cookie"].split(";")[0]
    end = await fetch(page.headers["Location"], headers={"Cookie": cookie})
    site.stop()
    return {"status": end.code, "photos": json.loads(end.body)["photos"] if end.code == 200 else None}


for line in sys.stdin:
    print(json.dumps(asyncio.run(sign_in(json.loads(line)))), flush=True)
