"""A site like the one in python-oauth2's chapter on Tornado. It uses neither PKCE nor `state`, and sends its secret in the
body. The line of input has the server in JSON, and the line of output has the port. The site runs until the input ends."""

import json
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

TIMEOUT = 120


class Site:
    """One user's visit to the site: the received code, and the token after the exchange."""

    def __init__(self, told, callback):
        self.told = told
        self.callback = callback
        self.code = None
        self.token = None

    def answer(self, path, query):
        """Returns the status, the `Location` and the text of the response."""
        if path == "/callback":
            return self.come_back(query)
        if "error" in query:
            return 200, None, query["error"]
        if self.token is not None:
            return 200, None, self.photos()
        if self.code is not None:
            return self.redeem()
        return 302, self.authorization_url(), ""

    def authorization_url(self):
        parameters = {"client_id": self.told["client"], "redirect_uri": self.callback, "response_type": "code"}
        if self.told["user"] != "jane":
            parameters["login_hint"] = self.told["user"]
        return self.told["issuer"] + "/authorize?" + urllib.parse.urlencode(parameters)

    def come_back(self, query):
        if "error" in query:
            return 302, "/app?error=" + query["error"], ""
        self.code = query["code"]
        return 302, "/app", ""

    def redeem(self):
        parameters = {
            "client_id": self.told["client"],
            "client_secret": self.told["client_secret"],
            "code": self.code,
            "grant_type": "authorization_code",
            "redirect_uri": self.callback,
        }
        body = urllib.parse.urlencode(parameters).encode()
        try:
            with urllib.request.urlopen(self.told["issuer"] + "/token", body, timeout=TIMEOUT) as answer:
                token = json.load(answer)
        except urllib.error.HTTPError as error:
            return 502, None, json.load(error)["error"]
        assert token["token_type"] == "Bearer", token
        self.token = token["access_token"]
        return 302, "/app", ""

    def photos(self):
        headers = {"Authorization": "Bearer " + self.token}
        request = urllib.request.Request(self.told["issuer"] + "/photos", headers=headers)
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            return answer.read().decode()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        status, location, text = self.server.site.answer(url.path, dict(urllib.parse.parse_qsl(url.query)))
        self.send_response(status)
        if location is not None:
            self.send_header("Location", location)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        """Prints nothing, since the output of the script is for its port."""


server = HTTPServer(("127.0.0.1", 0), Handler)
port = server.server_address[1]
server.site = Site(json.loads(sys.stdin.readline()), f"http://localhost:{port}/callback")
threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps({"port": port}), flush=True)
sys.stdin.read()
