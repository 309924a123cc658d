//! The time of an OAuth 2.0 client for each user and each request, compared with the `oauth2` crate
//! in the same run.
#![allow(missing_docs)]

use std::cell::Cell;
use std::convert::Infallible;
use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use oauth_proto::oauth2::{AuthorizationServer, Authorize, Client, Pending, Session, Token};
use oauth_proto::{Moment, Step, Timestamp};
use oauth2::basic::BasicClient;
use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet,
    HttpRequest, HttpResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, TokenUrl,
};

const AUTHORIZATION: &str = "https://auth.example.com/oauth2/authorize";
const TOKEN: &str = "https://auth.example.com/oauth2/token";
const REDIRECT: &str = "https://client.example.com/callback";
const ID: &str = "s6BhdRkqt3";
const SECRET: &str = "7Fjfp0ZBr1KtDRbnfVdmIw";
const CODE: &str = "SplxlOBeZQQYbYS6WxSbIA";
const ANSWER: &[u8] = concat!(
    r#"{"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"Bearer","expires_in":3600,"#,
    r#""refresh_token":"tGzv3JOkF0XG5Qx2TlKWIA","scope":"read write"}"#,
)
.as_bytes();

/// The batch size of prepared values. The batches are small, so that the values stay in the cache,
/// as in an application.
const FEW: BatchSize = BatchSize::NumIterations(16);

type Peer = BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

fn ours() -> Client {
    let mut server = AuthorizationServer::new(TOKEN).unwrap();
    server.authorization_endpoint = Some(AUTHORIZATION.into());
    Client::new(server, ID).secret(SECRET).redirect_uri(REDIRECT).unwrap()
}

fn theirs() -> Peer {
    BasicClient::new(ClientId::new(ID.into()))
        .set_client_secret(ClientSecret::new(SECRET.into()))
        .set_auth_uri(AuthUrl::new(AUTHORIZATION.into()).unwrap())
        .set_token_uri(TokenUrl::new(TOKEN.into()).unwrap())
        .set_redirect_uri(RedirectUrl::new(REDIRECT.into()).unwrap())
}

fn moment() -> Moment {
    Moment::new(Timestamp::from_secs(1_700_000_000), [7; 32])
}

fn authorize(client: &Client, moment: Moment) -> (String, Pending) {
    let Ok(Step::Done(authorization)) =
        client.authorize(Authorize::scope(["read", "write"]), moment)
    else {
        unreachable!("nothing is sent")
    };
    (authorization.url, authorization.pending)
}

/// Returns the response as a transport returns it.
fn answer() -> HttpResponse {
    {
        let json = http::HeaderValue::from_static("application/json");
        http::Response::builder()
            .header(http::header::CONTENT_TYPE, json)
            .body(ANSWER.to_vec())
            .unwrap()
    }
}

fn authorize_url(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("client/authorize_url");
    let client = ours();
    group.bench_function("oauth_proto", |bencher| {
        bencher.iter(|| authorize(&client, Moment::from_os()));
    });
    group.bench_function("oauth_proto_entropy_given", |bencher| {
        bencher.iter(|| authorize(&client, black_box(moment())));
    });
    let client = theirs();
    group.bench_function("oauth2", |bencher| {
        bencher.iter(|| {
            let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
            let request = client.authorize_url(CsrfToken::new_random).set_pkce_challenge(challenge);
            let request =
                request.add_scope(Scope::new("read".into())).add_scope(Scope::new("write".into()));
            let (url, state) = request.url();
            (url, state, verifier)
        });
    });
    group.finish();
}

fn exchange(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("client/exchange");
    let client = ours();
    let (_, pending) = authorize(&client, moment());
    let callback = format!("{REDIRECT}?code={CODE}&state={}", pending.state());
    group.bench_function("oauth_proto", |bencher| {
        bencher.iter_batched(
            || (authorize(&client, moment()).1, answer(), moment(), moment()),
            |(pending, answer, begin, end)| {
                let Ok(Step::Send(request, sent)) = client.redeem(pending, &callback, begin) else {
                    unreachable!("the callback is right")
                };
                black_box(&request);
                let Ok(Step::Done(token)) = sent.receive(answer, end) else {
                    unreachable!("the answer is right")
                };
                token
            },
            FEW,
        );
    });
    let client = theirs();
    group.bench_function("oauth2", |bencher| {
        bencher.iter_batched(
            || {
                (
                    AuthorizationCode::new(CODE.into()),
                    PkceCodeChallenge::new_random_sha256().1,
                    answer(),
                )
            },
            |(code, verifier, answer): (_, PkceCodeVerifier, _)| {
                let answer = Cell::new(answer);
                let send = |request: HttpRequest| {
                    black_box(&request);
                    Ok::<_, Infallible>(answer.take())
                };
                client.exchange_code(code).set_pkce_verifier(verifier).request(&send).unwrap()
            },
            FEW,
        );
    });
    group.finish();
}

fn session_request(criterion: &mut Criterion) {
    let mut token = Token::bearer("2YotnFZFEjr1zCsicMWpAA");
    token.expires_at = Some(Timestamp::from_secs(1_700_003_600));
    let session = Session::new(&ours(), "https://api.example.com", token).unwrap();
    let now = Timestamp::from_secs(1_700_000_000);
    criterion.bench_function("client/session_request/oauth_proto", |bencher| {
        bencher.iter_batched(
            || {
                http::Request::get("https://api.example.com/albums?page=2")
                    .body(Vec::new())
                    .unwrap()
            },
            |mut request| {
                let stamp = session.attach_token(&mut request, now).unwrap();
                (request, stamp)
            },
            FEW,
        );
    });
}

criterion_group!(benches, authorize_url, exchange, session_request);
criterion_main!(benches);
