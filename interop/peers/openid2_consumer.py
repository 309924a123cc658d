"""Signs in with python3-openid's consumer. Each line of the input is a task in JSON, and each line of the output is its
result. Tasks with the same `associations` share a store, like the sign-ins at one site."""

import json
import logging
import sys
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests
from openid.association import default_association_order
from openid.consumer.consumer import SUCCESS, Consumer
from openid.consumer.discover import DiscoveryFailure
from openid.extensions import ax, sreg
from openid.fetchers import HTTPFetchingError
from openid.message import OPENID_NS
from openid.store.memstore import MemoryStore

# The results contain the messages that the library logs.
logging.getLogger("openid").addHandler(logging.NullHandler())
logging.getLogger("openid").propagate = False

TIMEOUT = 120
STORES = {}


class Form(HTMLParser):
    """The form of a page that submits itself."""

    def __init__(self, text):
        super().__init__()
        self.action, self.method, self.fields = None, None, {}
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self.action, self.method = attributes["action"], attributes.get("method", "get")
        elif tag == "input" and "name" in attributes:
            self.fields[attributes["name"]] = attributes.get("value") or ""


def consumer(task):
    associations = task.get("associations", default_association_order)
    if associations is None:
        # Without a store there are no associations, and only the provider checks the nonces.
        return Consumer({}, None)
    made = Consumer({}, STORES.setdefault(json.dumps(associations), MemoryStore()))
    made.setAssociationPreference([tuple(pair) for pair in associations])
    return made


def extend(request, task):
    if task.get("sreg"):
        request.addExtension(sreg.SRegRequest(required=task["sreg"][:1], optional=task["sreg"][1:]))
    if task.get("ax"):
        fetch = ax.FetchRequest()
        for position, (type_uri, alias, count) in enumerate(task["ax"]):
            fetch.add(ax.AttrInfo(type_uri, alias=alias, count=count, required=position == 0))
        request.addExtension(fetch)


def ask(request, task):
    """Sends the browser to the provider, by a redirect or by a form, and returns the response."""
    hints = {name: task[name] for name in ("jane", "select") if name in task}
    how = {"realm": task["realm"], "return_to": task["return_to"], "immediate": task.get("immediate", False)}
    if task.get("posts"):
        endpoint = request.endpoint.server_url
        url = endpoint + ("&" if "?" in endpoint else "?") + urlencode(hints) if hints else endpoint
        fields = request.getMessage(**how).toPostArgs()
        return requests.post(url, data=fields, allow_redirects=False, timeout=TIMEOUT)
    url = request.redirectURL(**how)
    if hints:
        url += "&" + urlencode(hints)
    return requests.get(url, allow_redirects=False, timeout=TIMEOUT)


def returned(page):
    """Returns the callback URL and its fields, or `None` if the provider shows a page."""
    if "Location" in page.headers:
        url = page.headers["Location"]
        return url, dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    form = Form(page.content.decode())
    if page.status_code != 200 or form.action is None:
        return None
    assert form.method.lower() == "post", form.method
    query = dict(parse_qsl(urlsplit(form.action).query, keep_blank_values=True))
    return form.action, {**query, **form.fields}


def told(response, request):
    answer = {"status": response.status, "identity": response.identity_url}
    if response.status != SUCCESS:
        # A failure has a message, and `setup_needed` has a URL.
        message = getattr(response, "message", None)
        answer["message"] = None if message is None else str(message)
        answer["setup_url"] = getattr(response, "setup_url", None)
        return answer
    fetched = ax.FetchResponse.fromSuccessResponse(response)
    registered = sreg.SRegResponse.fromSuccessResponse(response)
    handle = response.message.getArg(OPENID_NS, "assoc_handle")
    used = request.assoc is not None and request.assoc.handle == handle
    return {
        **answer,
        "local": response.message.getArg(OPENID_NS, "identity"),
        "endpoint": response.endpoint.server_url,
        "openid1": response.isOpenID1(),
        "association": request.assoc.assoc_type if used else None,
        "ax": fetched and fetched.data,
        "sreg": registered and dict(registered.items()),
    }


def sign_in(task):
    site = consumer(task)
    try:
        request = site.begin(task["identifier"])
    except DiscoveryFailure as failure:
        return {"status": "undiscovered", "message": str(failure)}
    extend(request, task)
    page = ask(request, task)
    back = returned(page)
    if back is None:
        return {"status": "page", "code": page.status_code, "text": page.text}
    url, fields = back
    fields.update(task.get("tampers", {}))
    try:
        answer = told(site.complete(fields, url), request)
    except HTTPFetchingError as error:
        # The claimed identifier in the assertion cannot be requested. The library raises this error to its caller.
        return {"status": "failure", "identity": None, "message": str(error)}
    answer["by_form"] = "Location" not in page.headers
    if task.get("replays"):
        again = consumer(task)
        again.session[again._token_key] = request.endpoint
        answer["replayed"] = told(again.complete(fields, url), request)
    return answer


for line in sys.stdin:
    print(json.dumps(sign_in(json.loads(line))), flush=True)
