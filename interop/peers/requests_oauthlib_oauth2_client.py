"""Gets, uses and renews tokens with requests-oauthlib's OAuth2Session. Each line of the input is a task in JSON, and each
line of the output is its result. The result of a refusal is the error code."""

import json
import os
import sys

# Allows http, since the server is on loopback.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"

import requests
from oauthlib.oauth2 import (
    BackendApplicationClient,
    LegacyApplicationClient,
    MobileApplicationClient,
    OAuth2Error,
    WebApplicationClient,
)
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

TIMEOUT = 120


def authentication(task):
    """Returns the arguments of `fetch_token` that authenticate the client."""
    if task["authentication"] == "basic":
        return {"auth": HTTPBasicAuth(task["client"], task["client_secret"])}
    if task["authentication"] == "body":
        return {"client_secret": task["client_secret"], "include_client_id": True}
    return {"include_client_id": True}


def renewal(task):
    """Returns the arguments of `refresh_token` that authenticate the client. It adds parameters to the body unchanged."""
    if task["authentication"] == "basic":
        return {"auth": HTTPBasicAuth(task["client"], task["client_secret"])}
    secret = {"client_secret": task["client_secret"]} if task["authentication"] == "body" else {}
    # An `auth` that does nothing. Without it, the session would add another one.
    return {"auth": lambda request: request, "client_id": task["client"], **secret}


def session(task, client):
    pkce = "S256" if task["flow"] == "code" and task["pkce"] else None
    # Token requests have the scope of the client, and authorization requests that of the session.
    client = client(task["client"], scope=task["scope"])
    oauth = OAuth2Session(client=client, redirect_uri=task["callback"], pkce=pkce)
    oauth.token_url = task["issuer"] + "/token"
    return oauth


def visit(task, oauth):
    """Opens the authorization URL as the user's browser. Returns the callback URL."""
    parameters = {"login_hint": task["user"]}
    url, _ = oauth.authorization_url(task["issuer"] + "/authorize", **parameters)
    answer = requests.get(url, allow_redirects=False, timeout=TIMEOUT)
    return answer.headers["Location"]


def code(task):
    oauth = session(task, WebApplicationClient)
    callback = visit(task, oauth)
    oauth.fetch_token(oauth.token_url, authorization_response=callback, timeout=TIMEOUT, **authentication(task))
    return oauth


def implicit(task):
    oauth = session(task, MobileApplicationClient)
    oauth.token_from_fragment(visit(task, oauth))
    return oauth


def password(task):
    oauth = session(task, LegacyApplicationClient)
    oauth.fetch_token(
        oauth.token_url, username=task["user"], password=task["password"], timeout=TIMEOUT, **authentication(task)
    )
    return oauth


def client_credentials(task):
    oauth = session(task, BackendApplicationClient)
    oauth.fetch_token(oauth.token_url, timeout=TIMEOUT, **authentication(task))
    return oauth


def photos(task, oauth):
    answer = oauth.get(task["issuer"] + "/photos", timeout=TIMEOUT)
    return answer.json() if answer.ok else answer.status_code


def refusal(action):
    try:
        action()
    except OAuth2Error as error:
        return error.error


def renew(task, oauth, token):
    return oauth.refresh_token(oauth.token_url, refresh_token=token["refresh_token"], timeout=TIMEOUT, **renewal(task))


def walk(task):
    grant = {"code": code, "implicit": implicit, "password": password, "client_credentials": client_credentials}
    try:
        oauth = grant[task["flow"]](task)
    except OAuth2Error as error:
        return {"refused": error.error}
    token = dict(oauth.token)
    came_of_it = {"token": token, "photos": photos(task, oauth)}
    if "refresh_token" in token:
        came_of_it["renewed"] = dict(renew(task, oauth, token))
        came_of_it["photos_later"] = photos(task, oauth)
        came_of_it["used"] = refusal(lambda: renew(task, oauth, token))
        came_of_it["photos_after_theft"] = photos(task, oauth)
    return came_of_it


for line in sys.stdin:
    print(json.dumps(walk(json.loads(line))), flush=True)
