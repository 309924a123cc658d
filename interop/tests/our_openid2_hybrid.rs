//! Our relying party and our OpenID provider: the assertion contains an approved OAuth request
//! token, which our client exchanges.

use interop::exchange::Http;
use interop::hybrid::{CONSUMER, CONSUMER_SECRET};
use interop::openid2_site::{RETURN_TO, Site};
use interop::our_openid2_provider::OurOpenidProvider;
use interop::with::With;
use oauth_proto::oauth1::{Client, ClientCredentials, Server, Session, Token};
use oauth_proto::openid2::AssertionError;
use oauth_proto::openid2::oauth;
use oauth_proto::openid2::{Assertion, Authorize};
use oauth_proto::{Error, Moment, Refused};

fn sign_in(op: &OurOpenidProvider, access: oauth::Request, with_key: bool) -> Assertion {
    let site = Site::default();
    let found = site.discover(&op.jane("")).unwrap();
    let key = with_key.then(|| site.associate(&found).unwrap().expect("an association"));
    let authorize =
        Authorize::new(&found, RETURN_TO).with(|it| it.association = key).extension(access);
    let visit = site.visit(authorize, "");
    // The token is signed, so an attacker cannot replace it.
    if let Some(token) = visit.field("oauth.request_token") {
        let forged = visit.with_argument("oauth.request_token", Some(&format!("{token}x")));
        assert_eq!(site.verify(&forged).unwrap_err(), AssertionError::Signature.into());
    }
    site.verify(&visit).unwrap()
}

fn client(op: &OurOpenidProvider, secret: &str) -> Client {
    let [initiate, authorize, token] =
        ["initiate", "authorize", "token"].map(|path| format!("{}/oauth/{path}", op.origin()));
    let service = Server::new(&initiate, &authorize, &token).unwrap();
    Client::new(service, ClientCredentials::new(CONSUMER, secret))
}

fn redeem(client: &Client, request_token: &str) -> Result<Token, Error> {
    Http::default().run(client.redeem_approved(request_token, Moment::from_os()))
}

fn is_unauthorized<T: std::fmt::Debug>(answer: Result<T, Error>) {
    let Err(Error::Refused(refused)) = answer else { panic!("{answer:?}") };
    let (Refused::Status(answer) | Refused::Problem { response: answer, .. }) = refused else {
        panic!("{refused}")
    };
    assert_eq!(answer.status, 401);
}

#[test]
fn a_request_token_that_was_approved_is_exchanged_once() {
    let op = OurOpenidProvider::start();
    for with_key in [true, false] {
        let assertion = sign_in(
            &op,
            oauth::Request { consumer: CONSUMER.into(), scope: Some("photos & more".into()) },
            with_key,
        );
        assert_eq!(assertion.claimed_id.as_deref(), Some(&*op.jane("")));
        let approved = assertion.extension::<oauth::Response>().expect("a request token");
        assert_eq!(approved.scope.as_deref(), Some("photos & more"));

        let client = client(&op, CONSUMER_SECRET);
        let token = redeem(&client, &approved.request_token).unwrap();
        let mut request =
            http::Request::get(format!("{}/photos", op.origin())).body(Vec::new()).unwrap();
        Session::new(&client, token).sign(&mut request, Moment::from_os()).unwrap();
        assert_eq!(Http::default().send(request).body(), b"jane");

        is_unauthorized(redeem(&client, &approved.request_token));
    }
}

#[test]
fn a_request_token_is_for_the_consumer_that_asked() {
    let op = OurOpenidProvider::start();
    let approved = sign_in(&op, oauth::Request { consumer: CONSUMER.into(), scope: None }, true)
        .extension::<oauth::Response>()
        .expect("a request token");
    is_unauthorized(redeem(&client(&op, "another secret"), &approved.request_token));
    is_unauthorized(redeem(&client(&op, CONSUMER_SECRET), "another token"));
    // The failed tries have not used up the token.
    assert!(redeem(&client(&op, CONSUMER_SECRET), &approved.request_token).is_ok());
}

#[test]
fn a_user_who_denies_access_still_signs_in() {
    let op = OurOpenidProvider::start();
    let assertion =
        sign_in(&op, oauth::Request { consumer: "somebody else".into(), scope: None }, true);
    assert_eq!(
        (assertion.claimed_id.as_deref(), assertion.extension::<oauth::Response>()),
        (Some(&*op.jane("")), None)
    );
}
