"""Signs and verifies with oauthlib. Each line of the input is a task in JSON, and each line of the output is its result."""

import functools
import json
import sys

from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from oauthlib.oauth1 import Client, RequestValidator, ResourceEndpoint, SignatureOnlyEndpoint

PLACEMENTS = {"header": "AUTH_HEADER", "query": "QUERY", "body": "BODY"}


@functools.cache
def load(pem):
    """Reads a key once. oauthlib also accepts the text, but it would read the text for each request, which is slow."""
    return load_pem_private_key(pem.encode(), None) if "PRIVATE" in pem else load_pem_public_key(pem.encode())


def sign(question):
    case = question["case"]
    message = case["message"]
    client = Client(
        case["client"],
        client_secret=case["client_secret"],
        resource_owner_key=case["token"],
        resource_owner_secret=case["token_secret"],
        signature_method=case["signature_method"],
        signature_type=PLACEMENTS[case["placement"]],
        rsa_key=load(question["rsa_key"]),
        nonce=case["nonce"],
        timestamp=str(case["timestamp"]),
        realm=case["realm"],
    )
    uri, headers, body = client.sign(message["uri"], message["method"], message["body"], message["headers"])
    return {"method": message["method"], "uri": uri, "headers": dict(headers), "body": body}


class Validator(RequestValidator):
    """One client and one token. The checks that are not about signatures always succeed."""

    enforce_ssl = False
    timestamp_lifetime = sys.maxsize
    dummy_client = dummy_access_token = "nobody"

    def __init__(self, question):
        super().__init__()
        self.question = question

    def check_client_key(self, key):
        return True

    def check_access_token(self, token):
        return True

    def check_nonce(self, nonce):
        return True

    def validate_timestamp_and_nonce(self, *_, **__):
        return True

    def validate_realms(self, *_, **__):
        return True

    def validate_client_key(self, key, request):
        return key == self.question["case"]["client"]

    def validate_access_token(self, key, token, request):
        return token == self.question["case"]["token"]

    def get_client_secret(self, key, request):
        return self.question["client_secret"]

    def get_access_token_secret(self, key, token, request):
        return self.question["token_secret"]

    def get_rsa_key(self, key, request):
        return load(self.question["rsa_key"])


def verify(question):
    message, validator = question["message"], Validator(question)
    request = (message["uri"], message["method"], message["body"], message["headers"])
    if question["case"]["token"] is None:
        valid, seen = SignatureOnlyEndpoint(validator).validate_request(*request)
    else:
        valid, seen = ResourceEndpoint(validator).validate_protected_resource_request(*request)
    log = seen.validator_log if seen else {}
    return {"valid": valid, "checks": {name: bool(passed) for name, passed in log.items()}}


def answer(question):
    try:
        return {"Ok": {"sign": sign, "verify": verify}[question["do"]](question)}
    except Exception as error:
        return {"Err": repr(error)}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
