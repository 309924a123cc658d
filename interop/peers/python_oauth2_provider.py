"""The example in python-oauth2's documentation, with all grants. The line of input has the settings in JSON, and the line
of output has the port. The server runs until the input ends."""

import json
import logging
import sys
import threading
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import oauth2
import oauth2.client_authenticator
import oauth2.error
import oauth2.grant
import oauth2.store.memory
import oauth2.tokengenerator
import oauth2.web
import oauth2.web.wsgi

# The library logs unexpected errors. The tests see them as `server_error`.
logging.getLogger("oauth2.application").addHandler(logging.NullHandler())
logging.getLogger("oauth2.application").propagate = False


class Page(oauth2.web.AuthorizationCodeGrantSiteAdapter, oauth2.web.ImplicitGrantSiteAdapter):
    """Jane's page, with the links of the second example in the documentation. The form of the first example is posted, but
    the grant reads only the query."""

    def authenticate(self, request, environ, scopes, client):
        if request.get_param("confirm") == "1":
            return {}, 17
        raise oauth2.error.UserNotAuthenticated

    def render_auth_page(self, request, response, environ, scopes, client):
        url = f"{request.path}?{request.query_string}"
        response.body = f'<a href="{url}&confirm=1">confirm</a> <a href="{url}&confirm=0">deny</a>'
        return response

    def user_has_denied_access(self, request):
        return request.get_param("confirm") == "0"


class Password(oauth2.web.ResourceOwnerGrantSiteAdapter):
    def authenticate(self, request, environ, scopes, client):
        if (request.post_param("username"), request.post_param("password")) == ("jane", "pass word&%+="):
            return {}, 17
        raise oauth2.error.UserNotAuthenticated


def provider(told):
    clients = oauth2.store.memory.ClientStore()
    clients.add_client(told["client"], told["secret"], redirect_uris=told["redirect_uris"])
    clients.add_client("limited", told["secret"], redirect_uris=told["redirect_uris"],
                       authorized_grants=["client_credentials"], authorized_response_types=["token"])
    tokens = oauth2.store.memory.TokenStore()
    made = oauth2.Provider(
        access_token_store=tokens,
        auth_code_store=tokens,
        client_store=clients,
        token_generator=oauth2.tokengenerator.Uuid4(),
        client_authentication_source=getattr(oauth2.client_authenticator, told["authentication"]),
    )
    how = {name: told[name] for name in ("scopes", "default_scope") if name in told}
    expires = {"expires_in": told["expires_in"]} if "expires_in" in told else {}
    made.add_grant(oauth2.grant.AuthorizationCodeGrant(site_adapter=Page(), **expires, **how))
    made.add_grant(oauth2.grant.ImplicitGrant(site_adapter=Page(), **how))
    made.add_grant(oauth2.grant.ResourceOwnerGrant(site_adapter=Password(), **expires, **how))
    made.add_grant(oauth2.grant.ClientCredentialsGrant(**how))
    made.add_grant(oauth2.grant.RefreshToken(
        expires_in=2592000, reissue_refresh_tokens=told.get("reissues", False), **how))
    if told.get("unique"):
        made.enable_unique_tokens()
    return made


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Handler(WSGIRequestHandler):
    def log_message(self, *_):
        pass


application = oauth2.web.wsgi.Application(provider=provider(json.loads(sys.stdin.readline())))
server = make_server("127.0.0.1", 0, application, server_class=Server, handler_class=Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps({"port": server.server_port}), flush=True)
sys.stdin.read()
