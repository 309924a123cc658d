//! Any metadata: they are accepted only if they name the requested issuer or resource, after few
//! requests. A client with this metadata sends nothing without TLS.

use crate::with;
use arbitrary::Arbitrary;
use http::{HeaderMap, HeaderValue};
use oauth_proto::oauth2::{
    AuthorizationServer, Authorize, AuthorizeDevice, Client, ClientMetadata, Discovery, Grant,
    Metadata, ResourceDiscovery, ResourceMetadata, Token,
};
use oauth_proto::{Error, Request, Response, Step};
use serde_json::Value;

use crate::answers::{Answer, Words, members, once};
use crate::requests::moment;

#[derive(Arbitrary, Debug)]
pub struct Input {
    /// The requested issuer: `None` is the issuer of the valid responses.
    issuer: Option<Name>,
    template: bool,
    missing: bool,
    at: bool,
    plain_http: bool,
    resource: Option<Name>,
    covering: bool,
    challenge: Option<Name>,
    answers: Vec<Answer>,
}

#[derive(Arbitrary, Debug)]
enum Name {
    Known(u8),
    Any(String),
}

const TEMPLATE: &str = "https://a.example/{tenantid}/v2.0";

const WORDS: Words<'static> = Words {
    names: &[
        "issuer",
        "resource",
        "token_endpoint",
        "authorization_endpoint",
        "device_authorization_endpoint",
        "pushed_authorization_request_endpoint",
        "revocation_endpoint",
        "introspection_endpoint",
        "registration_endpoint",
        "require_pushed_authorization_requests",
        "authorization_response_iss_parameter_supported",
        "code_challenge_methods_supported",
        "token_endpoint_auth_methods_supported",
        "revocation_endpoint_auth_methods_supported",
        "introspection_endpoint_auth_methods_supported",
        "authorization_servers",
        "scopes_supported",
    ],
    values: &[
        "https://a.example",
        "https://a.example/",
        "https://A.example",
        "https://a.example/t",
        "https://a.example/t?x=1",
        "https://a.example/tenant",
        TEMPLATE,
        "http://a.example/t",
        "http://127.0.0.1:80/t",
        "http://127.0.0.1.example/t",
        "http://localhost@b.example/t",
        "http://[::1]/t",
        "HTTP://b.example/t",
        "https://b.example",
        "S256",
        "plain",
        "client_secret_post",
        "client_secret_basic",
        "",
    ],
    good: &[("issuer", "https://a.example"), ("token_endpoint", "https://a.example/t")],
};

/// The texts for responses about resources. None of them is a valid response.
const OF_RESOURCES: Words<'static> = Words {
    names: &["resource", "authorization_servers", "scopes_supported"],
    values: WORDS.values,
    good: &[],
};

impl Name {
    fn text(&self) -> &str {
        match self {
            Self::Known(which) => WORDS.values[usize::from(*which) % WORDS.values.len()],
            Self::Any(text) => text,
        }
    }
}

pub fn run(input: Input) {
    let responses = |words| {
        input.answers.iter().filter_map(|answer| answer.response(words)).collect::<Vec<_>>()
    };
    server(&input, &responses(&WORDS));
    resource(&input, &responses(&OF_RESOURCES));
}

fn server(input: &Input, responses: &[Response]) {
    let issuer = input.issuer.as_ref().map_or("https://a.example", Name::text);
    let Ok(mut discovery) = Discovery::new(issuer) else { return };
    if input.at {
        discovery.metadata_url = Some("https://a.example/.well-known/x".into());
    }
    if input.template {
        discovery.allow_issuer_template = Some(TEMPLATE.into());
    }
    if input.missing {
        discovery.allow_missing_issuer = true;
    }
    if input.plain_http {
        discovery.dangerous_allow_http = true;
    }
    let most = if input.at { 1 } else { 3 };
    let step = discovery.start();
    let Some((metadata, answer)) = drive(step, responses, most, input.plain_http) else { return };
    let said = members(answer.body()).unwrap();
    let said = once(&said, "issuer").ok().and_then(Value::as_str).map(str::to_owned);
    let exact = said.as_deref() == Some(issuer);
    assert!(
        exact
            || (input.template && said.as_deref() == Some(TEMPLATE))
            || (input.missing && said.is_none())
    );
    assert_eq!(metadata.issuer, said.filter(|_| exact));
    let stored = serde_json::to_string(&metadata).unwrap();
    let metadata: Metadata = serde_json::from_str(&stored).unwrap();
    if let Ok(server) = AuthorizationServer::from_metadata(&metadata) {
        speaks_in_private(server, &metadata);
    }
}

/// Runs a discovery, and returns its result with the last response.
fn drive<T: std::fmt::Debug>(
    mut step: Result<Step<T>, Error>,
    responses: &[Response],
    most: usize,
    plain_http: bool,
) -> Option<(T, Response)> {
    for round in 0.. {
        let (request, sent) = match step.ok()? {
            Step::Send(request, sent) => (request, sent),
            Step::Done(value) => return Some((value, responses[round - 1].clone())),
            step => panic!("{step:?}"),
        };
        assert!(round < most, "round {round}");
        private(&request, plain_http);
        assert!(request.body().is_empty() && !request.headers().contains_key("authorization"));
        step = sent.receive(responses.get(round)?.clone(), moment(1, 1));
    }
    None
}

/// Asserts that all requests of a client with this metadata use TLS or are sent to this machine.
fn speaks_in_private(server: AuthorizationServer, metadata: &Metadata) {
    let client =
        Client::new(with(server.clone(), |server| server.allow_missing_s256 = true), "client")
            .secret("client-secret");
    let at = || moment(1, 1);
    let mut token = Token::bearer("access-secret");
    sends(client.request_token(Grant::client_credentials(), at()));
    sends(client.introspect("access-secret", at()));
    sends(client.revoke_grant(&token, at()));
    sends(client.authorize_device(AuthorizeDevice::default(), at()));
    sends(client.authorize(with(Authorize::default(), |authorize| authorize.pushed = true), at()));
    sends(
        server
            .register(&ClientMetadata::new(["https://c.example/"]), Some(&"initial-secret".into())),
    );
    token.refresh_token = Some("refresh-secret".into());
    sends(Grant::refresh(&token).and_then(|grant| client.request_token(grant, at())));
    match client.authorize(Authorize::default(), at()) {
        Ok(Step::Done(authorization)) => {
            assert!(!metadata.require_pushed_authorization_requests);
            assert!(is_private(&authorization.url), "{}", authorization.url);
        }
        step => sends(step),
    }
    let strict = Client::new(server, "client");
    let methods = metadata.code_challenge_methods_supported.as_ref();
    if methods.is_some_and(|methods| !methods.contains(&"S256".to_owned())) {
        strict.authorize(Authorize::default(), at()).unwrap_err();
    }
}

fn sends<T>(step: Result<Step<T>, Error>) {
    if let Ok(Step::Send(request, _)) = step {
        private(&request, false);
    }
}

fn private(request: &Request, plain_http: bool) {
    assert!(plain_http || is_private(&request.uri().to_string()), "{}", request.uri());
}

/// Returns whether a URL uses TLS or is on this machine. Does not use the crate's URL parser.
fn is_private(url: &str) -> bool {
    let lower = url.to_ascii_lowercase();
    let Some(rest) = lower.strip_prefix("http://") else { return lower.starts_with("https://") };
    let authority = rest.split(['/', '?', '#']).next().unwrap();
    let host = match authority.strip_prefix('[') {
        Some(literal) => literal.split(']').next().unwrap(),
        None => authority.split(':').next().unwrap(),
    };
    let v4 = host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.octets()[0] == 127);
    let v6 = host
        .parse::<std::net::Ipv6Addr>()
        .is_ok_and(|address| address == std::net::Ipv6Addr::LOCALHOST);
    !authority.contains('@') && (host == "localhost" || v4 || v6)
}

fn resource(input: &Input, responses: &[Response]) {
    let asked = input.resource.as_ref().map_or("https://a.example/tenant", Name::text);
    let Ok(mut discovery) = ResourceDiscovery::new(asked) else { return };
    if let Some(place) = &input.challenge {
        let value = format!("Bearer resource_metadata=\"{}\"", place.text());
        let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) else { return };
        let headers = HeaderMap::from_iter([(http::header::WWW_AUTHENTICATE, value)]);
        discovery = discovery.challenged(&headers);
    }
    if input.covering {
        discovery.allow_covering_resource = true;
    }
    let Some((metadata, answer)) = drive(discovery.start(), responses, 3, false) else { return };
    let metadata: ResourceMetadata = metadata;
    let said = members(answer.body()).unwrap();
    assert_eq!(once(&said, "resource"), Ok(&Value::from(metadata.resource.as_str())));
    // URLs of the same resource may differ in a default port, the case of the host and an empty
    // path.
    let usual = |url: &str| url::Url::parse(url).map_or_else(|_| url.to_owned(), String::from);
    let (asked, received) = (usual(asked), usual(&metadata.resource));
    if !input.covering {
        assert_eq!(received, asked);
    } else {
        let rest =
            asked.strip_prefix(received.trim_end_matches('/')).expect("it is the same or above");
        assert!(rest.is_empty() || rest.starts_with(['/', '?']), "{rest}");
    }
}
