//! Our client at a service that is built on oauthlib: the three legs over HTTP.

use interop::exchange::Http;
use interop::keys;
use interop::peer::Peer;
use interop::with::With;
use oauth_proto::oauth1::CallbackError;
use oauth_proto::oauth1::{
    Authorization, Authorize, Callbacks, Client, ClientCredentials, Method, ParameterPlacement,
    Pending, Scheme, Server, Session, Token, TokenCredentials,
};
use oauth_proto::{Error, Forged, Moment, Refused, Request, Response};
use serde::Deserialize;

/// By default, oauthlib accepts client identifiers of 20 to 30 letters and digits.
const CLIENT: &str = "dpf43f3p2l4k3l03dpf43f3p";
const CLIENT_SECRET: &str = "100% s=cret+/é";
/// The callback URL. It is not requested: the test reads the URL to which the browser is sent.
const CALLBACK: &str = "https://printer.example.com/ready?printer=2";

/// Custom parameters, decoded.
const PARAMETERS: [(&str, &str); 5] =
    [("a1", "é ☃+&="), ("a", "2"), ("a", ""), ("s[p]", "\"'%41"), ("z", "~*")];

/// A running service, and our client at this service.
struct OAuthlibPair {
    /// The process of the service. It ends when this value is dropped.
    _peer: Peer,
    origin: String,
    server: Server,
    client: Client,
    http: Http,
}

#[derive(Deserialize)]
struct Started {
    port: u16,
}

/// The parts of the request that the protected resource returns.
#[derive(Debug, Deserialize, PartialEq)]
struct Photos {
    client: String,
    token: String,
    parameters: Vec<(String, String)>,
}

impl OAuthlibPair {
    fn new(scheme: Scheme) -> Self {
        Self::with(scheme, |server| server)
    }

    fn with(scheme: Scheme, configure: impl FnOnce(Server) -> Server) -> Self {
        let mut peer = Peer::run("oauthlib_provider.py");
        let client = serde_json::json!({
            "key": CLIENT,
            "secret": CLIENT_SECRET,
            "rsa_key": keys::CLIENT_PUBLIC,
        });
        let Started { port } = peer.ask(&client);
        let origin = format!("http://127.0.0.1:{port}");
        let [initiate, authorize, token] =
            ["initiate", "authorize", "token"].map(|path| format!("{origin}/{path}"));
        let server = configure(
            Server::new(&initiate, &authorize, &token).unwrap().with(|it| it.scheme = scheme),
        );
        // RSA signatures do not depend on the secret.
        let client = Client::new(server.clone(), ClientCredentials::new(CLIENT, CLIENT_SECRET));
        Self { _peer: peer, origin, server, client, http: Http::default() }
    }

    fn begin(&self, authorize: Authorize) -> Result<Authorization, Error> {
        self.http.run(self.client.authorize(authorize, Moment::from_os()))
    }

    fn redeem(&self, pending: Pending, callback: &str) -> Result<Token, Error> {
        self.http.run(self.client.redeem(pending, callback, Moment::from_os()))
    }

    /// Returns the response to Jane's browser.
    fn page(&self, url: &str) -> Response {
        self.http.get(url)
    }

    /// Returns the URL to which Jane's browser is sent.
    fn callback(&self, url: &str) -> String {
        let page = self.page(url);
        assert_eq!(page.status(), 302);
        page.headers()["location"].to_str().unwrap().to_owned()
    }

    fn photos(&self, session: &Session, mut request: Request) -> Response {
        session.sign(&mut request, Moment::from_os()).unwrap();
        self.http.send(request)
    }

    /// Returns a request with the parameters in the query, and a request with the parameters in a
    /// form.
    fn requests(&self) -> [Request; 2] {
        let form = oauth_proto::wire::form::encode(PARAMETERS);
        let uri = format!("{}/photos", self.origin);
        let post =
            http::Request::post(&uri).header("content-type", "application/x-www-form-urlencoded");
        [
            http::Request::get(format!("{uri}?{form}")).body(Vec::new()).unwrap(),
            post.body(form.replace("%20", "+").into_bytes()).unwrap(),
        ]
    }
}

/// Runs the three legs, and then calls the protected resource.
fn walks(scheme: Scheme, realm: Option<&str>, calls: impl Fn(&OAuthlibPair) -> Vec<Request>) {
    let pair = OAuthlibPair::new(scheme);
    let authorize = Authorize::callback(CALLBACK).url_parameter("lang", "é & ü");
    let authorize = authorize.with(|it| it.realm = realm.map(str::to_owned));
    let Authorization { url, pending, .. } = pair.begin(authorize).unwrap();
    let callback = pair.callback(&url);
    assert!(callback.starts_with(&format!("{CALLBACK}&")), "{callback}");
    let token = pair.redeem(pending, &callback).unwrap();
    let realms = ("oauth_authorized_realms".to_owned(), realm.unwrap_or_default().to_owned());
    assert_eq!(token.extra, [realms].into());

    let session = Session::new(&pair.client, token.clone());
    let parameters = PARAMETERS.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let expected = Photos { client: CLIENT.to_owned(), token: token.credentials.token, parameters };
    for request in calls(&pair) {
        let answer = pair.photos(&session, request.clone());
        assert_eq!(answer.status(), 200, "{request:?}");
        assert_eq!(serde_json::from_slice::<Photos>(answer.body()).unwrap(), expected);
    }
}

#[test]
fn a_user_grants_access_with_hmac_sha1_in_the_header() {
    walks(Scheme::default(), Some("photos"), |pair| pair.requests().into());
}

#[test]
fn a_user_grants_access_with_hmac_sha256_in_the_query() {
    let scheme =
        Scheme::new(Method::HmacSha256).with(|it| it.placement = ParameterPlacement::Query);
    walks(scheme, None, |pair| pair.requests().into());
}

#[test]
fn a_user_grants_access_with_hmac_sha1_in_the_body() {
    let scheme = Scheme::default().with(|it| it.placement = ParameterPlacement::Body);
    // A GET request has no body for the parameters.
    walks(scheme, None, |pair| pair.requests().into_iter().skip(1).collect());
}

#[test]
fn a_user_grants_access_with_rsa_sha256_in_the_header() {
    let scheme = Scheme::new(Method::RsaSha256(keys::key(keys::CLIENT)));
    walks(scheme, Some("photos"), |pair| pair.requests().into());
}

#[test]
fn a_user_grants_access_with_plaintext_in_the_header() {
    let scheme = Scheme::new(Method::DangerousPlaintext);
    walks(scheme, None, |pair| pair.requests().into());
}

#[test]
fn a_callback_with_escapes_is_kept_unchanged() {
    let pair = OAuthlibPair::new(Scheme::default());
    // The callback has no `%C3%BC%20`, because oauthlib changes the spelling of the query.
    let Authorization { url, pending, .. } =
        pair.begin(Authorize::callback("https://printer.example.com/%7Eready?a=%25+%26")).unwrap();
    let callback = pair.callback(&url);
    assert!(
        callback.starts_with("https://printer.example.com/%7Eready?a=%25+%26&oauth_token="),
        "{callback}"
    );
    assert!(pair.redeem(pending, &callback).is_ok());
}

#[test]
fn out_of_band_the_user_copies_the_verifier() {
    let pair = OAuthlibPair::new(Scheme::default());
    let Authorization { url, pending, .. } = pair.begin(Authorize::out_of_band()).unwrap();
    let page = pair.page(&url);
    assert_eq!(page.status(), 200);
    // The body of oauthlib's page is encoded as a form.
    let fields = oauth_proto::wire::form::pairs(page.body());
    let verifier =
        fields.into_iter().find(|(name, _)| **name == *b"oauth_verifier").expect("a verifier").1;
    let verifier = format!(" {}\n", String::from_utf8_lossy(&verifier));
    let token =
        pair.http.run(pair.client.redeem_verifier(pending, &verifier, Moment::from_os())).unwrap();
    let [get, _] = pair.requests();
    assert_eq!(pair.photos(&Session::new(&pair.client, token), get).status(), 200);
}

#[test]
fn a_user_who_denies_is_a_refusal() {
    let pair = OAuthlibPair::new(Scheme::default());
    let Authorization { url, pending, .. } =
        pair.begin(Authorize::callback(CALLBACK).url_parameter("jane", "denies")).unwrap();
    let callback = pair.callback(&url);
    let error = pair.redeem(pending, &callback).unwrap_err();
    assert_eq!(
        error,
        Refused::Denied { problem: Some("user_refused".into()), advice: None, response: None }
            .into()
    );
}

#[test]
fn a_callback_for_another_authorization_is_refused() {
    let pair = OAuthlibPair::new(Scheme::default());
    let [ours, attackers] = [(); 2].map(|()| pair.begin(Authorize::callback(CALLBACK)).unwrap());
    let callback = pair.callback(&attackers.url);
    let error = pair.redeem(ours.pending, &callback).unwrap_err();
    assert!(
        matches!(error, Error::Forged(Forged::OAuth1(CallbackError::TokenMismatch { .. }))),
        "{error}"
    );
}

#[test]
fn a_forged_verifier_is_refused_by_the_service() {
    let pair = OAuthlibPair::new(Scheme::default());
    let Authorization { url, pending, .. } = pair.begin(Authorize::callback(CALLBACK)).unwrap();
    pair.callback(&url);
    let forged = format!(
        "{CALLBACK}&oauth_token={}&oauth_verifier=dpf43f3p2l4k3l03dpf43f3p",
        pending.token()
    );
    assert_unauthorized(pair.redeem(pending, &forged).map(drop));
}

#[test]
fn a_wrong_secret_is_refused_by_the_service() {
    for scheme in [
        Scheme::default(),
        Scheme::new(Method::HmacSha256).with(|it| it.placement = ParameterPlacement::Query),
    ] {
        let pair = OAuthlibPair::new(scheme);
        let wrong = ClientCredentials::new(CLIENT, "another secret");
        let client = Client::new(pair.server.clone(), wrong);
        let step = client.authorize(Authorize::callback(CALLBACK), Moment::from_os());
        assert_unauthorized(pair.http.run(step).map(drop));

        let Authorization { url, pending, .. } = pair.begin(Authorize::callback(CALLBACK)).unwrap();
        let callback = pair.callback(&url);
        let token = pair.redeem(pending, &callback).unwrap().credentials.token;
        let session = Session::new(&pair.client, TokenCredentials::new(token, "another secret"));
        for request in pair.requests() {
            assert_eq!(pair.photos(&session, request).status(), 401);
        }
    }
}

fn assert_unauthorized(answer: Result<(), Error>) {
    match answer {
        // oauthlib's refusal has no error code.
        Err(Error::Refused(Refused::Status(answer))) => assert_eq!(answer.status, 401),
        answer => panic!("{answer:?}"),
    }
}

#[test]
fn an_error_of_oauthlib_is_reported() {
    let pair = OAuthlibPair::with(Scheme::default(), |server| {
        server.with(|it| it.callbacks = Some(Callbacks::Registered))
    });
    let step = pair.client.authorize(Authorize::callback(CALLBACK), Moment::from_os());
    assert!(step.is_err(), "nothing is sent to a service that takes no callback");
    // oauthlib requires a callback.
    let error = pair.begin(Authorize::allow_any_callback()).unwrap_err();
    let Error::Refused(Refused::Problem { code, advice, .. }) = error else { panic!("{error}") };
    assert_eq!(
        (code.as_str(), advice.as_deref()),
        ("invalid_request", Some("Missing callback URI."))
    );
}
