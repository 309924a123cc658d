"""An authorization server and a protected resource that are built on oauthlib. The first line of the input has the clients
in JSON, and the first line of the output has the port. Each further line of the input is an access token, which the server
then treats as expired. The server runs until the input ends."""

import json
import os
import sys
import threading
import time
from base64 import b64decode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from urllib.parse import parse_qs, unquote_plus, urlsplit

# Allows http, for loopback.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"

from oauthlib.oauth2 import DeviceApplicationServer, MetadataEndpoint, Server  # noqa: E402
from oauthlib.oauth2.rfc6749.errors import (  # noqa: E402
    AccessDeniedError,
    FatalClientError,
    InsufficientScopeError,
    InvalidTokenError,
    OAuth2Error,
)
from oauthlib.oauth2.rfc8628.grant_types import DeviceCodeGrant  # noqa: E402
from oauthlib.oauth2.rfc8628.request_validator import RequestValidator  # noqa: E402

SCOPES = {"read", "write"}


class Validator(RequestValidator):
    """The clients, codes, devices and tokens, in memory."""

    def __init__(self, clients):
        super().__init__()
        self.clients = {client["id"]: SimpleNamespace(client_id=client["id"], **client) for client in clients}
        self.codes = {}
        self.devices = {}
        self.tokens = {}
        self.refresh_tokens = {}

    # Clients.

    def credentials(self, request):
        """Returns the credentials in the header, which are encoded as in forms, or those in the body."""
        scheme, _, basic = request.headers.get("Authorization", "").partition(" ")
        if scheme == "Basic":
            client_id, _, secret = b64decode(basic).decode().partition(":")
            return unquote_plus(client_id), unquote_plus(secret)
        return request.client_id, request.client_secret

    def authenticate_client(self, request, *args, **kwargs):
        client_id, secret = self.credentials(request)
        client = self.clients.get(client_id)
        if client is None or client.secret is None or client.secret != secret:
            return False
        request.client = client
        # oauthlib sets the client id only if it is in the body.
        request.client_id = client_id
        return True

    def client_authentication_required(self, request, *args, **kwargs):
        client = self.clients.get(self.credentials(request)[0])
        return client is None or client.secret is not None

    def authenticate_client_id(self, client_id, request, *args, **kwargs):
        request.client = self.clients.get(client_id)
        return request.client is not None and request.client.secret is None

    def validate_client_id(self, client_id, request, *args, **kwargs):
        request.client = self.clients.get(client_id)
        return request.client is not None

    def validate_redirect_uri(self, client_id, redirect_uri, request, *args, **kwargs):
        return redirect_uri in self.clients[client_id].redirect_uris

    def get_default_redirect_uri(self, client_id, request, *args, **kwargs):
        return self.clients[client_id].redirect_uris[0]

    def validate_response_type(self, client_id, response_type, client, request, *args, **kwargs):
        return True

    def validate_grant_type(self, client_id, grant_type, client, request, *args, **kwargs):
        return grant_type in getattr(client, "grants", [grant_type])

    def get_default_scopes(self, client_id, request, *args, **kwargs):
        return ["read"]

    def validate_scopes(self, client_id, scopes, client, request, *args, **kwargs):
        # A client with limited scopes is granted less than it requests.
        request.scopes = [scope for scope in scopes if scope in getattr(client, "scopes", SCOPES)]
        return SCOPES.issuperset(scopes)

    # Codes.

    def is_pkce_required(self, client_id, request):
        return self.clients[client_id].secret is None

    def save_authorization_code(self, client_id, code, request, *args, **kwargs):
        self.codes[code["code"]] = SimpleNamespace(
            client=client_id, redirect_uri=request.redirect_uri, scopes=request.scopes, user=request.user,
            challenge=request.code_challenge, method=request.code_challenge_method)

    def validate_code(self, client_id, code, client, request, *args, **kwargs):
        saved = self.codes.get(code)
        if saved is None or saved.client != client.client_id:
            return False
        request.user, request.scopes = saved.user, saved.scopes
        return True

    def get_code_challenge(self, code, request):
        return self.codes[code].challenge

    def get_code_challenge_method(self, code, request):
        return self.codes[code].method

    def confirm_redirect_uri(self, client_id, code, redirect_uri, client, request, *args, **kwargs):
        return self.codes[code].redirect_uri == redirect_uri

    def invalidate_authorization_code(self, client_id, code, request, *args, **kwargs):
        del self.codes[code]

    # Devices.

    def validate_device_code(self, client_id, code, request, *args, **kwargs):
        device = self.devices.get(code)
        if device is None or device.client != request.client.client_id:
            return None
        # The first poll is always too early.
        device.polls += 1
        if device.polls == 1:
            return DeviceCodeGrant.DEVICE_CODE_SLOW_DOWN
        if device.status == DeviceCodeGrant.DEVICE_CODE_AUTHORIZED:
            request.user, request.scopes = "jane", device.scopes
            del self.devices[code]
        return device.status

    # Tokens.

    def validate_user(self, username, password, client, request, *args, **kwargs):
        request.user = username
        return (username, password) == ("jane", "pass word&é")

    def save_bearer_token(self, token, request, *args, **kwargs):
        kept = SimpleNamespace(
            client=request.client.client_id, user=request.user, scopes=token["scope"].split(),
            expires_at=time.time() + token["expires_in"])
        self.tokens[token["access_token"]] = kept
        if request.grant_type == "refresh_token" and token["refresh_token"] != request.refresh_token:
            del self.refresh_tokens[request.refresh_token]
        if "refresh_token" in token:
            self.refresh_tokens.setdefault(token["refresh_token"], kept)

    def validate_refresh_token(self, refresh_token, client, request, *args, **kwargs):
        kept = self.refresh_tokens.get(refresh_token)
        if kept is None or kept.client != client.client_id:
            return False
        request.user = kept.user
        return True

    def get_original_scopes(self, refresh_token, request, *args, **kwargs):
        return self.refresh_tokens[refresh_token].scopes

    def rotate_refresh_token(self, request):
        return request.client.rotates

    def validate_bearer_token(self, token, scopes, request):
        kept = self.tokens.get(token)
        if kept is None or kept.expires_at < time.time():
            request.error = InvalidTokenError()
        elif not set(scopes).issubset(kept.scopes):
            request.error = InsufficientScopeError()
        else:
            request.user, request.scopes = kept.user, kept.scopes
            return True
        return False

    def revoke_token(self, token, token_type_hint, request, *args, **kwargs):
        self.tokens.pop(token, None)
        self.refresh_tokens.pop(token, None)

    def introspect_token(self, token, token_type_hint, request, *args, **kwargs):
        kept = self.tokens.get(token) or self.refresh_tokens.get(token)
        if kept is None:
            return None
        return {"scope": " ".join(kept.scopes), "client_id": kept.client, "username": kept.user,
                "exp": int(kept.expires_at), "aud": ["photos", "videos"]}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        url = f"http://{self.headers['Host']}{self.path}"
        oauth = self.server.oauth
        answer = {
            "/authorize": self.decide,
            "/token": oauth.create_token_response,
            "/introspect": oauth.create_introspect_response,
            "/revoke": oauth.create_revocation_response,
            "/device_authorization": self.begin_device,
            "/device": self.enter_code,
            "/photos": self.photos,
            "/.well-known/oauth-authorization-server": self.server.metadata.create_metadata_response,
        }[urlsplit(url).path]
        self.answer(*answer(url, self.command, body, dict(self.headers)))

    do_POST = do_GET

    def answer(self, headers, body, status):
        body = (body or "").encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def decide(self, url, method, body, headers):
        """Decides for Jane at once. She denies if the query has `jane=denies`."""
        denies = parse_qs(urlsplit(url).query).get("jane") == ["denies"]
        try:
            if not denies:
                return self.server.oauth.create_authorization_response(
                    url, method, body, headers, credentials={"user": "jane"})
            _, request = self.server.oauth.validate_authorization_request(url, method, body, headers)
            denied = AccessDeniedError("Jane said no", request=request["request"])
            return {"Location": denied.in_uri(request["redirect_uri"])}, None, 302
        except FatalClientError as error:
            return {"Content-Type": "application/json"}, error.json, error.status_code

    def begin_device(self, url, method, body, headers):
        try:
            headers, answer, status = self.server.devices.create_device_authorization_response(
                url, method, body, headers)
        except OAuth2Error as error:
            return {"Content-Type": "application/json", **error.headers}, error.json, error.status_code
        client_id = parse_qs(body)["client_id"][0]
        self.server.oauth.request_validator.devices[answer["device_code"]] = SimpleNamespace(
            client=client_id, scopes=answer["scope"].split(), user_code=answer["user_code"], polls=0,
            status=DeviceCodeGrant.DEVICE_CODE_PENDING)
        return {"Content-Type": "application/json", **headers}, json.dumps(answer), status

    def enter_code(self, url, method, body, headers):
        """Enters the user code and decides for Jane. Both are in the query."""
        query = parse_qs(urlsplit(url).query)
        devices = self.server.oauth.request_validator.devices.values()
        device = next(device for device in devices if device.user_code == query["user_code"][0])
        device.status = query.get("status", [DeviceCodeGrant.DEVICE_CODE_AUTHORIZED])[0]
        return {}, None, 200

    def photos(self, url, method, body, headers):
        """GET requires the scope `read`, and POST requires `write`."""
        scopes = ["read"] if method == "GET" else ["write"]
        valid, request = self.server.oauth.verify_request(url, method, body, headers, scopes)
        if valid:
            return {"Content-Type": "application/json"}, json.dumps({"user": request.user}), 200
        error = request.error
        # oauthlib sends a challenge only with status 401.
        challenge = f'Bearer realm="photos", error="{error.error}", scope="{" ".join(scopes)}"'
        return {"WWW-Authenticate": challenge, **error.headers}, error.json, error.status_code

    def log_message(self, *_):
        pass


def metadata(oauth, devices, origin):
    return MetadataEndpoint([oauth, devices], {
        "issuer": origin,
        "authorization_endpoint": f"{origin}/authorize",
        "token_endpoint": f"{origin}/token",
        "introspection_endpoint": f"{origin}/introspect",
        "revocation_endpoint": f"{origin}/revoke",
        "device_authorization_endpoint": f"{origin}/device_authorization",
    })


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
origin = f"http://127.0.0.1:{server.server_port}"
validator = Validator(json.loads(sys.stdin.readline()))
server.oauth = Server(validator)
server.oauth.request_validator = validator
server.devices = DeviceApplicationServer(
    validator, f"{origin}/device", interval=3, verification_uri_complete=f"{origin}/device?user_code={{user_code}}")
server.metadata = metadata(server.oauth, server.devices, origin)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps({"port": server.server_port}), flush=True)
for line in sys.stdin:
    validator.tokens[json.loads(line)].expires_at = 0
    print("true", flush=True)
