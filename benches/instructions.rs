//! Cases whose instructions are counted by the script of the same name, one case in each run. The
//! cases do not depend on the clock, on randomness or on the machine, so that all runs count the
//! same.
#![allow(missing_docs)]

#[path = "../tests/common/with.rs"]
mod with;

use std::hint::black_box;
use std::rc::Rc;

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine};
use oauth_proto::OneTimeUse;
use oauth_proto::oauth1::server::store::{
    ClientRecord as Consumer, FoundCredentials, NextQuery, TokenRecord,
};
use oauth_proto::oauth1::server::{ServerStep, Verifier};
use oauth_proto::oauth1::{ClientCredentials, Scheme, Signer, Stamp, TokenCredentials};
use oauth_proto::oauth2::resource::ResourceServer;
use oauth_proto::oauth2::server::store::{ClientRecord, MemoryStore};
use oauth_proto::oauth2::server::{
    Approval, Dispatched, GrantType, Provider, ProviderBuilder, serve,
};
use oauth_proto::oauth2::{AuthorizationServer, Authorize, Client, Pending, Session, Token};
use oauth_proto::wire::form;
use oauth_proto::{Moment, Request, Response, Step, Timestamp};
use sha2::{Digest, Sha256};

use with::With;

/// The number of runs of each case, since some work happens only in some runs.
const TIMES: usize = 64;

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
const URL: &str = "https://api.example.com/1.1/statuses/update.json";
const REDIRECT: &str = "https://client.example.com/callback";
const SECRET: &str = "7Fjfp0ZBr1KtDRbnfVdmIw";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

fn main() {
    let cases = cases();
    match std::env::args().nth(1).as_deref() {
        // `cargo bench` passes this argument. There is nothing to measure without the script.
        None | Some("--bench") => {}
        Some("--times") => println!("{TIMES}"),
        Some("--list") => cases.iter().for_each(|(name, _)| println!("{name}")),
        Some(name) => cases.into_iter().find(|(own, _)| *own == name).unwrap().1(),
    }
}

/// Runs a case with each of its inputs. Only the instructions of this function are counted.
#[inline(never)]
fn counted<S>(inputs: &mut Vec<S>, run: &mut dyn FnMut(S)) {
    while let Some(input) = inputs.pop() {
        run(input);
    }
}

type Case = (&'static str, Box<dyn FnOnce()>);

/// Makes a case. `setup` makes the inputs and is not counted. Dropping the outputs is counted.
fn case<S, R>(
    name: &'static str,
    setup: impl Fn(u8) -> S + 'static,
    run: impl Fn(S) -> R + 'static,
) -> Case {
    (
        name,
        Box::new(move || {
            // A first run, which is not counted, initializes values that are made only once.
            drop(black_box(run(setup(255))));
            let mut inputs: Vec<_> =
                (0..TIMES).map(|at| setup(u8::try_from(at).unwrap())).collect();
            counted(&mut inputs, &mut |input| drop(black_box(run(black_box(input)))));
        }),
    )
}

fn cases() -> Vec<Case> {
    let few = vec![
        ("include_entities", "true"),
        ("status", "Hello Ladies + Gentlemen, a signed OAuth request!"),
    ];
    let many: Vec<_> = (0..200)
        .map(|at| (format!("filter[{}][page]", at * 79 % 200), format!("value {at}")))
        .collect();
    let (server, protected) =
        (Rc::new(busy(std::convert::identity)), Rc::new(busy(std::convert::identity)));
    let lenient = Rc::new(busy(|builder| builder.with(|options| options.allow_raw_basic = true)));
    let (photos, request) = protected_resource(&protected);
    let (client, waiting, session) = (client(), client(), session());
    vec![
        case("sign", stamp, sign(few)),
        case("sign_many", stamp, sign(many)),
        case(
            "sign_request",
            |at| (signer(), post(), stamp(at)),
            |(signer, mut request, stamp)| {
                signer.sign(&mut request, stamp).unwrap();
                (signer, request)
            },
        ),
        verified("verify", found()),
        verified("verify_unknown_client", found().client(None)),
        verified("verify_unknown_token", found().token(None)),
        verified(
            "verify_refused",
            found().client(Some(Consumer::with_secret("w".repeat(43)).unwrap().into())),
        ),
        case("authorize", moment, move |moment| authorize(&client, moment)),
        case(
            "redeem",
            move |at| {
                (waiting.clone(), authorize(&waiting, moment(at)), answer(), moment(at), moment(at))
            },
            redeem,
        ),
        case(
            "session_request",
            |_| get(),
            move |mut request| (session.attach_token(&mut request, NOW).unwrap(), request),
        ),
        served(
            &server,
            "client_credentials",
            |_, at| (form_request(CREDENTIALS), moment(at)),
            token,
        ),
        served(&server, "dispatch", |_, at| (form_request(CREDENTIALS), moment(at)), dispatch),
        served(&server, "wrong_secret", |_, at| (request_of(CLIENT, "wrong"), moment(at)), token),
        served(&server, "unknown_client", |_, at| (request_of(NOBODY, "wrong"), moment(at)), token),
        // Credentials that can be read in two ways: with the same client id, and with two client
        // ids.
        served(
            &lenient,
            "raw_wrong_secret",
            |_, at| (request_of(CLIENT, "wr+ng"), moment(at)),
            token,
        ),
        served(
            &lenient,
            "raw_unknown_client",
            |_, at| (request_of(NOBODY, "wr+ng"), moment(at)),
            token,
        ),
        served(
            &lenient,
            "raw_wrong_names",
            |_, at| (request_of("%73%36BhdRkqt3", "wrong"), moment(at)),
            token,
        ),
        served(
            &lenient,
            "raw_unknown_names",
            |_, at| (request_of("%73%36BhdRkqt4", "wrong"), moment(at)),
            token,
        ),
        served(
            &server,
            "code_exchange",
            |server, at| (exchange(server, at), moment(at ^ 128)),
            token,
        ),
        served(&server, "refresh", refreshed, token),
        served(&server, "introspect", introspected, introspect),
        case(
            "bearer_check",
            |_| (),
            move |()| {
                serve(photos.check(&request, "read", NOW), &protected.1)
                    .unwrap()
                    .into_result()
                    .unwrap()
            },
        ),
    ]
}

/// Makes a case of requests to this server.
fn served<R>(
    server: &Rc<Server>,
    name: &'static str,
    setup: fn(&Server, u8) -> (Request, Moment),
    run: fn(&Server, &Request, Moment) -> R,
) -> Case
where
    R: 'static,
{
    let (server, served) = (server.clone(), server.clone());
    case(
        name,
        move |at| setup(&server, at),
        move |(request, moment)| (run(&served, &request, moment), request),
    )
}

fn moment(at: u8) -> Moment {
    Moment::new(NOW, [at; 32])
}

fn stamp(at: u8) -> Stamp<'static> {
    moment(at).into()
}

fn signer() -> Signer {
    let client = ClientCredentials::new(
        "xvz1evFS4wEEPTGEFPHBog",
        "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
    );
    let token = "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb";
    let token = TokenCredentials::new(token, "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE");
    Signer::new(&Scheme::default(), &client, Some(&token))
}

fn sign<N: AsRef<[u8]>, V: AsRef<[u8]>>(
    parameters: Vec<(N, V)>,
) -> impl Fn(Stamp<'static>) -> String {
    let (signer, uri) = (signer(), URL.parse().unwrap());
    move |stamp| signer.authorization(&http::Method::POST, &uri, &parameters, stamp).unwrap()
}

fn post() -> Request {
    let body = form::encode([("status", "Hello Ladies + Gentlemen, a signed OAuth request!")]);
    let request = http::Request::post(format!("{URL}?include_entities=true"))
        .header("content-type", form::MEDIA_TYPE);
    request.body(body.into_bytes()).unwrap()
}

fn signed() -> Request {
    let mut request = post();
    signer().sign(&mut request, stamp(7)).unwrap();
    request
}

fn found() -> FoundCredentials {
    let grant = oauth_proto::oauth1::server::Approval::new("jane");
    let token = TokenRecord::new(
        "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
        "xvz1evFS4wEEPTGEFPHBog",
        grant,
    );
    let client = Consumer::with_secret("kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw").unwrap();
    FoundCredentials::default().client(Some(client.into())).token(Some(token.into()))
}

/// Makes a case in which the verifier checks a complete request, for which the store finds these
/// credentials.
fn verified(name: &'static str, found: FoundCredentials) -> Case {
    let verifier = Verifier::new("https://api.example.com").unwrap();
    case(
        name,
        move |at| (signed(), found.clone(), moment(at)),
        move |(request, found, moment)| {
            let ServerStep::Query(NextQuery::FindCredentials(pending)) =
                verifier.verify(&request, moment)
            else {
                unreachable!()
            };
            let outcome = match pending.answer(found) {
                ServerStep::Query(NextQuery::RememberOnce(pending)) => {
                    pending.answer(OneTimeUse::First)
                }
                refused => refused,
            };
            (outcome, request)
        },
    )
}

fn client() -> Client {
    let mut server = AuthorizationServer::new("https://auth.example.com/token").unwrap();
    server.authorization_endpoint = Some("https://auth.example.com/authorize".into());
    Client::new(server, "s6BhdRkqt3").secret(SECRET).redirect_uri(REDIRECT).unwrap()
}

fn authorize(client: &Client, moment: Moment) -> (String, Pending) {
    let authorization = client.authorize(Authorize::scope(["read", "write"]), moment).unwrap();
    let Step::Done(authorization) = authorization else { unreachable!() };
    (authorization.url, authorization.pending)
}

fn answer() -> Response {
    let answer = concat!(
        r#"{"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"Bearer","expires_in":3600,"#,
        r#""refresh_token":"tGzv3JOkF0XG5Qx2TlKWIA","scope":"read write"}"#,
    );
    http::Response::builder()
        .header("content-type", "application/json")
        .body(answer.into())
        .unwrap()
}

fn redeem(
    (client, (_, pending), answer, begin, end): (
        Client,
        (String, Pending),
        Response,
        Moment,
        Moment,
    ),
) -> Token {
    let callback = format!("/callback?code=SplxlOBeZQQYbYS6WxSbIA&state={}", pending.state());
    let Ok(Step::Send(_, sent)) = client.redeem(pending, &callback, begin) else { unreachable!() };
    let Ok(Step::Done(token)) = sent.receive(answer, end) else { unreachable!() };
    token
}

fn get() -> Request {
    http::Request::get("https://api.example.com/albums?page=2").body(Vec::new()).unwrap()
}

fn session() -> Session {
    let mut token = Token::bearer("2YotnFZFEjr1zCsicMWpAA");
    token.expires_at = Some(Timestamp::from_secs(NOW.as_secs() + 3600));
    Session::new(&client(), "https://api.example.com", token).unwrap()
}

type Server = (Provider, MemoryStore);

fn server(option: fn(ProviderBuilder) -> ProviderBuilder) -> Server {
    let provider = option(Provider::builder("https://auth.example.com"))
        .add_grant_type(GrantType::authorization_code().scopes("read write"))
        .add_grant_type(GrantType::client_credentials().scopes("read write"))
        .add_grant_type(GrantType::refresh_token())
        .build()
        .unwrap();
    let store = MemoryStore::default();
    let client = ClientRecord::confidential(CLIENT, SECRET).unwrap().add_redirect_uri(REDIRECT);
    store.add_client(client.add_grant_type("client_credentials").may_introspect_all());
    (provider, store)
}

/// Returns a server whose store has a thousand tokens.
fn busy(option: fn(ProviderBuilder) -> ProviderBuilder) -> Server {
    let server = server(option);
    for number in 0_u64..1_000 {
        let moment = Moment::new(NOW, Sha256::digest(number.to_be_bytes()).into());
        assert_eq!(token(&server, &form_request(CREDENTIALS), moment).status(), 200);
    }
    server
}

const CLIENT: &str = "s6BhdRkqt3";
const NOBODY: &str = "s6BhdRkqt4";

const CREDENTIALS: &str = "grant_type=client_credentials&scope=read%20write";

fn form_request(body: &str) -> Request {
    request_with(CLIENT, SECRET, body)
}

/// Returns a token request with these credentials.
fn request_of(client_id: &str, secret: &str) -> Request {
    request_with(client_id, secret, CREDENTIALS)
}

fn request_with(client_id: &str, secret: &str, body: &str) -> Request {
    http::Request::post("https://auth.example.com/token")
        .header("content-type", form::MEDIA_TYPE)
        .header(
            "authorization",
            format!("Basic {}", BASE64_STANDARD.encode(format!("{client_id}:{secret}"))),
        )
        .body(body.as_bytes().to_vec())
        .unwrap()
}

fn token((provider, store): &Server, request: &Request, moment: Moment) -> Response {
    serve(provider.token(request, moment), store).unwrap_or_else(|rejected| rejected.response())
}

fn dispatch((provider, store): &Server, request: &Request, moment: Moment) -> Response {
    let Ok(Dispatched::Respond(response)) = serve(provider.dispatch(request, moment), store) else {
        unreachable!()
    };
    response
}

fn introspect((provider, store): &Server, request: &Request, moment: Moment) -> Response {
    serve(provider.introspect(request, moment), store).unwrap()
}

fn exchange((provider, store): &Server, at: u8) -> Request {
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    let url =
        "https://auth.example.com/authorize?response_type=code&client_id=s6BhdRkqt3&scope=read";
    let url = format!("{url}&code_challenge={challenge}&code_challenge_method=S256");
    let request = http::Request::get(url).body(Vec::new()).unwrap();
    let Ok(Dispatched::Consent(consent)) = serve(provider.dispatch(&request, moment(at)), store)
    else {
        unreachable!()
    };
    let response =
        serve(provider.approve(consent, Approval::new("jane"), moment(at)), store).unwrap();
    let location = url::Url::parse(response.headers()["location"].to_str().unwrap()).unwrap();
    let code = location.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    form_request(&format!("grant_type=authorization_code&code={code}&code_verifier={VERIFIER}"))
}

/// Returns the text of a member of a token response.
fn member(response: &Response, name: &str) -> String {
    let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    body[name].as_str().unwrap().to_owned()
}

fn access_token(server: &Server, at: u8) -> String {
    member(&token(server, &form_request(CREDENTIALS), moment(at)), "access_token")
}

fn refreshed(server: &Server, at: u8) -> (Request, Moment) {
    let answer = token(server, &exchange(server, at), moment(at ^ 128));
    let request =
        format!("grant_type=refresh_token&refresh_token={}", member(&answer, "refresh_token"));
    (form_request(&request), Moment::new(NOW, [at, 0].repeat(16).try_into().unwrap()))
}

fn introspected(server: &Server, at: u8) -> (Request, Moment) {
    (form_request(&format!("token={}", access_token(server, at))), moment(at ^ 128))
}

fn protected_resource(server: &Server) -> (ResourceServer, Request) {
    let request = http::Request::get("https://photos.example.com/albums")
        .header("authorization", format!("Bearer {}", access_token(server, 1)));
    (
        ResourceServer::builder("https://photos.example.com").build().unwrap(),
        request.body(Vec::new()).unwrap(),
    )
}
