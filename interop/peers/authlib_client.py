"""Gets, introspects and revokes tokens with Authlib's OAuth2Session. Each line of the input is a task in JSON, and each
line of the output is its result. The result of a refusal is the error code."""

import json
import os
import sys

# Allows http, since the server is on loopback.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session

TIMEOUT = 120


def session(task):
    return OAuth2Session(
        task["client"],
        task["client_secret"],
        token_endpoint_auth_method=task["authentication"],
        revocation_endpoint_auth_method=task["authentication"],
        introspection_endpoint_auth_method=task["authentication"],
        redirect_uri=task["callback"],
        scope=task["scope"],
        code_challenge_method="S256",
        token_endpoint=task["issuer"] + "/token",
    )


def code(task, oauth):
    verifier = generate_token(48)
    parameters = {"code_verifier": verifier, "login_hint": task["user"]}
    url, state = oauth.create_authorization_url(task["issuer"] + "/authorize", **parameters)
    callback = requests.get(url, allow_redirects=False, timeout=TIMEOUT).headers["Location"]
    if task["forged_verifier"]:
        verifier = generate_token(48)
    oauth.fetch_token(authorization_response=callback, state=state, code_verifier=verifier, timeout=TIMEOUT)


def client_credentials(_, oauth):
    oauth.fetch_token(grant_type="client_credentials", timeout=TIMEOUT)


def photos(task, oauth):
    answer = oauth.get(task["issuer"] + "/photos", withhold_token=False, timeout=TIMEOUT)
    return answer.json() if answer.ok else answer.status_code


def asked(task, oauth, token):
    return oauth.introspect_token(task["issuer"] + "/introspect", token=token, timeout=TIMEOUT).json()


def walk(task):
    oauth = session(task)
    try:
        {"code": code, "client_credentials": client_credentials}[task["flow"]](task, oauth)
    except OAuthError as error:
        return {"refused": error.error}
    came_of_it = {"token": dict(oauth.token), "photos": photos(task, oauth)}
    if "refresh_token" in oauth.token:
        came_of_it["renewed"] = dict(oauth.refresh_token(timeout=TIMEOUT))
        came_of_it["photos_later"] = photos(task, oauth)
    if task["authentication"] != "none":
        came_of_it["introspection"] = asked(task, oauth, oauth.token["access_token"])
    token = oauth.token.get("refresh_token") or oauth.token["access_token"]
    came_of_it["revocation"] = oauth.revoke_token(task["issuer"] + "/revoke", token=token, timeout=TIMEOUT).status_code
    came_of_it["photos_after_revocation"] = photos(task, oauth)
    if task["authentication"] != "none":
        came_of_it["introspection_after_revocation"] = asked(task, oauth, oauth.token["access_token"])
    return came_of_it


for line in sys.stdin:
    print(json.dumps(walk(json.loads(line))), flush=True)
