"""Runs the three legs with requests-oauthlib. Each line of the input is a task in JSON, and each line of the output is its
result."""

import json
import sys

import requests
from requests_oauthlib import OAuth1Session
from requests_oauthlib.oauth1_session import TokenRequestDenied, VerifierMissing

TIMEOUT = 120
PLACEMENTS = {"header": "AUTH_HEADER", "query": "QUERY", "body": "BODY"}


def session(task, **options):
    return OAuth1Session(
        task["client"],
        client_secret=task["client_secret"],
        rsa_key=task["rsa_key"],
        callback_uri=task["callback"],
        signature_method=task["signature_method"],
        signature_type=PLACEMENTS[task["placement"]],
        **options,
    )


def authorize(task, oauth):
    """Runs the three legs and returns the token."""
    oauth.fetch_request_token(task["origin"] + "/initiate", realm=["photos"], timeout=TIMEOUT)
    url = oauth.authorization_url(task["origin"] + "/authorize", jane=task["jane"], lang="é & ü")
    page = requests.get(url, allow_redirects=False, timeout=TIMEOUT)
    if "Location" in page.headers:
        oauth.parse_authorization_response(page.headers["Location"])
        verifier = task["forged_verifier"]
    else:
        verifier = page.text
    return oauth.fetch_access_token(task["origin"] + "/token", verifier=verifier, timeout=TIMEOUT)


def call(task, oauth):
    """Calls the protected resource with each kind of request that the placement allows."""
    url, parameters = task["origin"] + "/photos", task["parameters"]
    answers = [oauth.post(url, params=parameters[:2], data=parameters[2:], timeout=TIMEOUT)]
    if task["placement"] != "body":
        answers.append(oauth.get(url, params=parameters, timeout=TIMEOUT))
        # This session signs the hash of the body. It cannot send a request without a body.
        hashing = session({**task, "callback": None}, force_include_body=True)
        hashing.token = oauth.token
        answers.append(hashing.put(url, params=parameters, json={"é": 1}, timeout=TIMEOUT))
    return answers


def seen(answer):
    return {"status": answer.status_code, "challenge": answer.headers.get("WWW-Authenticate"), "text": answer.text}


def walk(task):
    oauth = session(task)
    try:
        token = authorize(task, oauth)
    except TokenRequestDenied as denied:
        return {"Refused": seen(denied.response)}
    except VerifierMissing:
        return "Denied"
    answers = call(task, oauth)
    replayed = [oauth.send(answer.request, timeout=TIMEOUT) for answer in answers]
    oauth.token = {**token, "oauth_token_secret": "another secret"}
    return {
        "Whole": {
            "answers": [seen(answer) for answer in answers],
            "replayed": [seen(answer) for answer in replayed],
            "with_a_wrong_secret": [seen(answer) for answer in call(task, oauth)],
        }
    }


for line in sys.stdin:
    print(json.dumps(walk(json.loads(line))), flush=True)
