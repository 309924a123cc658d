"""An OpenID provider that is built on python3-openid. The first line of the input has the settings in JSON, and the first
line of the output has the port. Each further line of the input changes settings. The response to it is the list of requests
since the line before. The provider runs until the input ends."""

import json
import logging
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urldefrag, urljoin, urlsplit

from openid.association import SessionNegotiator
from openid.extensions import ax, sreg
from openid.fetchers import HTTPFetchingError
from openid.server.server import EncodingError, ProtocolError, Server
from openid.store.memstore import MemoryStore
from openid.yadis.discover import DiscoveryFailure

# The library logs unexpected input. The tests see it in the responses.
logging.getLogger("openid").addHandler(logging.NullHandler())
logging.getLogger("openid").propagate = False

XRDS = "application/xrds+xml"
PROVIDER = "http://specs.openid.net/auth/2.0/server"
SIGNON = "http://specs.openid.net/auth/2.0/signon"
SIGNON_1 = "http://openid.net/signon/1.1"

SREG = {
    "nickname": "jane", "email": "jane@example.com", "fullname": "Jane Doe é ☃", "dob": "1970-01-01", "gender": "F",
    "postcode": "0000", "country": "DK", "language": "da", "timezone": "Europe/Copenhagen",
}

# The last attribute is so long that the response is a form.
AX = {
    "http://axschema.org/namePerson/friendly": ["jane"],
    "http://axschema.org/namePerson": ["Jane Doe é ☃"],
    "http://axschema.org/namePerson/first": ["Jane"],
    "http://axschema.org/namePerson/last": ["Doe é ☃"],
    "http://axschema.org/pref/language": ["da"],
    "http://axschema.org/contact/email": ["jane@example.com", "jane+2@example.com", "a=&\"'<%41>@example.com"],
    "http://axschema.org/media/biography": ["All of it. " * 300],
}


class OpenID:
    """The server of the library, with settings that tests can change."""

    def __init__(self, origin):
        self.origin = origin
        self.server = Server(MemoryStore(), origin + "/openid")
        self.unsupported_status = 200
        self.verifies_return_to = False
        self.log = []

    def change(self, told):
        if "associations" in told:
            # The server offers the first type if a consumer requests an unsupported type.
            self.server.negotiator = SessionNegotiator([tuple(pair) for pair in told["associations"]])
        if "lifetime" in told:
            self.server.signatory.SECRET_LIFETIME = told["lifetime"]
        if told.get("forgets"):
            self.server.store.server_assocs.clear()
        # As a server, the library sends `unsupported-type` with status 200. As a consumer, it expects 400.
        self.unsupported_status = told.get("unsupported_status", self.unsupported_status)
        self.verifies_return_to = told.get("verifies_return_to", self.verifies_return_to)

    def respond(self, fields, hints):
        try:
            request = self.server.decodeRequest(fields)
            if request is None:
                return 200, {}, "An OpenID endpoint"
            if request.mode not in ("checkid_setup", "checkid_immediate"):
                response = self.server.handleRequest(request)
            elif request.return_to is None:
                return 200, {}, "Nowhere to return to"
            else:
                response = self.decide(request, hints)
        except ProtocolError as error:
            response = error
        try:
            answer = self.server.encodeResponse(response)
        except EncodingError:
            return 400, {}, str(response)
        unsupported = "error_code:unsupported-type" in answer.body
        status = self.unsupported_status if unsupported else answer.code
        # The body is in key-value form or a page with a form. The library does not set the content type.
        kind = "text/html" if answer.body.startswith("<") else "text/plain"
        return status, {"Content-Type": f"{kind}; charset=utf-8", **answer.headers}, answer.body

    def decide(self, request, hints):
        """Decides for Jane at once. `jane=denies`: she denies. `jane=is_away`: immediate requests fail. `select` is
        the identifier that she chooses, possibly another user's."""
        jane = hints.get("jane")
        ours = request.identity is None or request.idSelect() or request.identity.startswith(self.origin + "/id/")
        if jane == "denies" or (jane == "is_away" and request.immediate) or not ours or not self.is_expected(request):
            return request.answer(False)
        if request.idSelect():
            claimed = urljoin(self.origin, hints.get("select", "/id/jane"))
            # The claimed identifier may have a fragment, and the local identifier has none.
            identity, way = urldefrag(claimed).url, urlsplit(claimed).path.removeprefix("/id/jane")
            if "local" in WAYS.get(way, {}):
                identity = self.origin + WAYS[way]["local"]
            response = request.answer(True, identity=identity, claimed_id=claimed)
        else:
            response = request.answer(True)
        self.extend(request, response)
        return response

    def is_expected(self, request):
        """Returns whether the document of the realm lists the `return_to`, if this setting is on."""
        try:
            return not self.verifies_return_to or request.returnToVerified()
        except (DiscoveryFailure, HTTPFetchingError):
            return False

    def extend(self, request, response):
        asked = sreg.SRegRequest.fromOpenIDRequest(request)
        if asked.wereFieldsRequested():
            response.addExtension(sreg.SRegResponse.extractResponse(asked, SREG))
        asked = ax.FetchRequest.fromOpenIDRequest(request)
        if asked is not None:
            fetched = ax.FetchResponse(asked)
            for attribute in asked.iterAttrs():
                values = AX.get(attribute.type_uri, [])
                count = len(values) if attribute.wantsUnlimitedValues() else attribute.count
                if values:
                    fetched.setValues(attribute.type_uri, values[:count])
            response.addExtension(fetched)


# The documents of the identifiers, by the path after `/id/jane`. `local` is the local identifier of a delegating one.
WAYS = {
    "": {"found": "by_type", "types": [SIGNON]},
    "/header": {"found": "by_header", "types": [SIGNON]},
    "/meta": {"found": "by_meta", "types": [SIGNON]},
    "/link": {"found": "by_link", "types": [SIGNON]},
    "/both": {"found": "by_link", "types": [SIGNON, SIGNON_1]},
    "/many": {"found": "by_type", "types": [SIGNON], "others": True},
    "/delegated": {"found": "by_type", "types": [SIGNON], "local": "/id/jane"},
    "/delegated-link": {"found": "by_link", "types": [SIGNON], "local": "/id/jane"},
    "/openid1": {"found": "by_link", "types": [SIGNON_1]},
    "/openid1-xrds": {"found": "by_type", "types": [SIGNON_1]},
    "/openid1-delegated": {"found": "by_link", "types": [SIGNON_1], "local": "/id/jane"},
    "/openid1-delegated-xrds": {"found": "by_type", "types": [SIGNON_1], "local": "/id/jane"},
    "/nothing": {"found": "by_link", "types": []},
}


def service(types, uri, local, priority=""):
    delegate = ""
    if local is not None:
        delegate = f"<LocalID>{local}</LocalID>" if SIGNON in types else f"<openid:Delegate>{local}</openid:Delegate>"
    types = "".join(f"<Type>{each}</Type>" for each in types)
    return f"<Service{priority}>{types}<URI>{uri}</URI>{delegate}</Service>"


def xrds(way, origin):
    local = origin + way["local"] if "local" in way else None
    found = service(way["types"], origin + "/openid", local, ' priority="10"')
    if way.get("others"):
        dead = service(way["types"], origin + "/dead", None)
        later = service(way["types"], origin + "/dead", None, ' priority="20"')
        other = service(["http://lid.netmesh.org/sso/2.0"], origin + "/dead", None, ' priority="0"')
        found = dead + later + other + found
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<xrds:XRDS xmlns:xrds="xri://$xrds" xmlns="xri://$xrd*($v*2.0)" xmlns:openid="http://openid.net/xmlns/1.0">'
        f"<XRD>{found}</XRD></xrds:XRDS>"
    )


def html(head=""):
    """Returns a page. Consumers must ignore the links in its comment and in its body."""
    dead = '<link rel="openid2.provider openid.server" href="http://127.0.0.1:1/dead">'
    return (
        f"<!DOCTYPE html>\n<html>\n<head>\n<!-- {dead} -->\n<title>Jane &amp; friends</title>\n"
        f"<link rel=stylesheet href='/style.css'>\n{head}\n</head>\n<body>\n{dead}\n<p>Jane</p>\n</body></html>\n"
    )


def links(way, origin):
    found = ""
    for wanted, provider, local in [
        (SIGNON, "openid2.provider", "openid2.local_id"),
        (SIGNON_1, "openid.server", "openid.delegate"),
    ]:
        if wanted in way["types"]:
            # The attribute names are in lower case, since the library's own consumer ignores upper case.
            found += f'<LINK href="{origin}/openid" rel="something {provider}" />\n'
            if "local" in way:
                found += f"<link rel='{local}' href='{origin}{way['local']}'>\n"
    return found


def page(way, origin, url, accept):
    """Returns the response for an identifier: the XRDS document, or a page that leads to it."""
    found = way["found"]
    if urlsplit(url).query == "xrds" or (found == "by_type" and XRDS in accept):
        return 200, {"Content-Type": XRDS}, xrds(way, origin)
    document = f"{url}?xrds"
    headers = {"X-XRDS-Location": document} if found == "by_header" else {}
    meta = f"<META CONTENT='{document}' HTTP-EQUIV='x-xrds-location'>" if found == "by_meta" else ""
    head = links(way, origin) if found == "by_link" else meta
    return 200, {"Content-Type": "text/html; charset=utf-8", **headers}, html(head)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        openid = self.server.openid
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        url = f"http://{self.headers['Host']}{self.path}"
        path = urlsplit(url).path
        hints = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
        fields = dict(parse_qsl(body, keep_blank_values=True)) if self.command == "POST" else hints
        fields = {name: value for name, value in fields.items() if name.startswith("openid.")}
        seen = {name.removeprefix("openid."): value for name, value in fields.items()}
        openid.log.append({"method": self.command, "path": self.path.split("?openid.")[0], "openid": seen})
        accept = self.headers.get("Accept", "")
        if path == "/openid":
            self.answer(*openid.respond(fields, hints))
        elif path == "/":
            self.answer(*page({"found": "by_type", "types": [PROVIDER]}, openid.origin, url, accept))
        elif path == "/id/jane/redirect":
            self.answer(302, {"Location": "/id/jane"}, "")
        elif path.startswith("/id/jane") and path.removeprefix("/id/jane") in WAYS:
            self.answer(*page(WAYS[path.removeprefix("/id/jane")], openid.origin, url, accept))
        else:
            self.answer(404, {}, "")

    do_POST = do_GET

    def answer(self, status, headers, body):
        body = body.encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.openid = OpenID(f"http://127.0.0.1:{server.server_port}")
server.openid.change(json.loads(sys.stdin.readline()))
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps({"port": server.server_port}), flush=True)
for line in sys.stdin:
    server.openid.change(json.loads(line))
    seen, server.openid.log = server.openid.log, []
    print(json.dumps(seen), flush=True)
