"""A service with OAuth 1.0 that is built on oauthlib. The line of input has the client in JSON, and the line of output
has the port. The service runs until the input ends."""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from oauthlib.oauth1 import RequestValidator, WebApplicationServer
from oauthlib.oauth1.rfc5849.errors import OAuth1Error


class Validator(RequestValidator):
    """One client, its nonces and its tokens, in memory. The format of keys, nonces and verifiers is oauthlib's default."""

    enforce_ssl = False
    realms = ["photos"]
    dummy_client = dummy_request_token = dummy_access_token = "nobody"

    def __init__(self, client):
        super().__init__()
        self.client = client
        self.nonces = set()
        self.requests = {"nobody": {"oauth_token_secret": "nothing"}}
        self.tokens = {"nobody": {"oauth_token_secret": "nothing"}}

    def validate_timestamp_and_nonce(self, key, timestamp, nonce, request, request_token=None, access_token=None):
        used = (key, timestamp, nonce, request_token, access_token)
        fresh = used not in self.nonces
        self.nonces.add(used)
        return fresh

    def validate_client_key(self, key, request):
        return key == self.client["key"]

    def get_client_secret(self, key, request):
        return self.client["secret"]

    def get_rsa_key(self, key, request):
        return self.client["rsa_key"]

    def get_default_realms(self, key, request):
        return []

    def validate_requested_realms(self, key, realms, request):
        return True

    def validate_redirect_uri(self, key, uri, request):
        return True

    def save_request_token(self, token, request):
        self.requests[token["oauth_token"]] = {**token, "callback": request.redirect_uri, "realms": request.realms}

    def verify_request_token(self, token, request):
        return token in self.requests

    def validate_request_token(self, key, token, request):
        return token in self.requests

    def get_request_token_secret(self, key, token, request):
        return self.requests[token]["oauth_token_secret"]

    def get_redirect_uri(self, token, request):
        return self.requests[token]["callback"]

    def get_realms(self, token, request):
        return self.requests[token]["realms"]

    def save_verifier(self, token, verifier, request):
        self.requests[token].update(verifier)

    def validate_verifier(self, key, token, verifier, request):
        return self.requests[token].get("oauth_verifier") == verifier

    def invalidate_request_token(self, key, token, request):
        del self.requests[token]

    def save_access_token(self, token, request):
        self.tokens[token["oauth_token"]] = token

    def validate_access_token(self, key, token, request):
        return token in self.tokens

    def get_access_token_secret(self, key, token, request):
        return self.tokens[token]["oauth_token_secret"]

    def validate_realms(self, key, token, request, uri=None, realms=None):
        # A client that requests no realm gets the only realm.
        return not self.tokens[token].get("oauth_authorized_realms") or realms == self.realms


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        url = f"http://{self.headers['Host']}{self.path}"
        request = (url, self.command, body, dict(self.headers))
        answer = {
            "/initiate": self.server.oauth.create_request_token_response,
            "/authorize": self.decide,
            "/token": self.server.oauth.create_access_token_response,
            "/photos": self.photos,
        }[urlsplit(url).path]
        self.answer(*answer(*request))

    do_POST = do_PUT = do_GET

    def answer(self, headers, body, status):
        body = (body or "").encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def decide(self, url, method, body, headers):
        """Decides for Jane. oauthlib has no response for a denial, so the script makes it."""
        query = parse_qs(urlsplit(url).query)
        if query.get("jane") == ["denies"]:
            token = query["oauth_token"][0]
            callback = self.server.oauth.request_validator.requests[token]["callback"]
            problem = urlencode({"oauth_token": token, "oauth_problem": "user_refused"})
            return {"Location": f"{callback}{'&' if '?' in callback else '?'}{problem}"}, None, 302
        try:
            return self.server.oauth.create_authorization_response(url, method, body, headers)
        except OAuth1Error as error:
            return {}, error.urlencoded, error.status_code

    def photos(self, url, method, body, headers):
        """Responds with the client, the token and the parameters of the request."""
        valid, request = self.server.oauth.validate_protected_resource_request(
            url, method, body, headers, realms=["photos"]
        )
        if not valid:
            return {}, None, 401
        is_form = self.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded")
        texts = [urlsplit(url).query] + ([body] if is_form else [])
        pairs = [pair for text in texts for pair in parse_qsl(text, keep_blank_values=True)]
        own = [pair for pair in pairs if not pair[0].startswith("oauth_")]
        seen = {"client": request.client_key, "token": request.resource_owner_key, "parameters": own}
        return {"Content-Type": "application/json"}, json.dumps(seen), 200

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.oauth = WebApplicationServer(Validator(json.loads(sys.stdin.readline())))
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps({"port": server.server_port}), flush=True)
sys.stdin.read()
