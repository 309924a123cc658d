//! Signing in with GitHub (OAuth 2.0) and Twitter (OAuth 1.0a) by the same calls. Test doubles on
//! this machine replace the services.

use oauth_proto::oauth1::Session;
use oauth_proto::services::{self, Client, SignIn, Tokens, User};
use oauth_proto::{Moment, Request, Response, run};

use crate::{net, show};

type Outcome<T> = Result<T, oauth_proto::BoxError>;

const CALLBACK: &str = "https://app.example/callback";

pub fn chapter() -> Outcome<()> {
    show::title("Signing in: GitHub and Twitter, each in two legs that end in a user");
    let double = net::Server::start(|_| Ok(service))?;
    show::note(format_args!(
        "doubles of both, which answer as their documentation shows, listen at {}",
        double.origin
    ));
    let mut send = show::transport();

    show::title("1. GitHub: OAuth 2.0, and the address from a separate endpoint");
    let github = SignIn::new(&services::GITHUB, "client id", "client secret", CALLBACK)?
        .base_url(&double.origin)?;
    let authorization = run(github.authorize(Moment::from_os())?, &mut send)?;
    show::note(format_args!("go to {}", show::shortened(&authorization.url)));
    let callback =
        format!("{CALLBACK}?code=SplxlOBeZQQYbYS6WxSbIA&state={}", authorization.pending.key());
    let user = run(github.redeem(authorization.pending, &callback, Moment::from_os())?, &mut send)?;
    introduce(&user);

    show::title("2. Twitter: OAuth 1.0a, with the same two calls");
    let twitter = SignIn::new(&services::TWITTER, "consumer key", "consumer secret", CALLBACK)?
        .base_url(&double.origin)?;
    let authorization = run(twitter.authorize(Moment::from_os())?, &mut send)?;
    show::note(format_args!("go to {}", authorization.url));
    let callback =
        format!("{CALLBACK}?oauth_token={}&oauth_verifier=473f82d3", authorization.pending.key());
    let user =
        run(twitter.redeem(authorization.pending, &callback, Moment::from_os())?, &mut send)?;
    introduce(&user);

    show::title("3. Twitter's API is called for the user");
    let (Client::Oauth1(client), Tokens::Oauth1(token)) = (twitter.client()?, user.tokens) else {
        return Err("Twitter speaks OAuth 1.0a".into());
    };
    let session = Session::new(&client, token);
    let request = twitter.request("/statuses/update")?.post([("status", "setting up my twttr")]);
    let posted = run(session.call(&request, Moment::from_os())?, &mut send)?;
    show::note(format_args!("posted: {}", posted["text"]));
    Ok(())
}

fn introduce(user: &User) {
    show::note(format_args!(
        "this is {} ({}), number {}, address {:?}, verified {:?}",
        user.name.as_deref().unwrap_or("a user without a name"),
        user.username.as_deref().unwrap_or("no user name"),
        user.id,
        user.email,
        user.email_verified
    ));
}

/// Responds like the two services, with short bodies.
fn service(request: &Request) -> Response {
    let (kind, body) = match request.uri().path() {
        "/login/oauth/access_token" => (
            "application/json",
            r#"{"access_token":"gho_16C7e42F292c6912E7710c838347Ae178B4a","token_type":"bearer"}"#,
        ),
        "/user" => (
            "application/json",
            r#"{"login":"octocat","id":1,"name":"monalisa octocat","email":null}"#,
        ),
        "/user/emails" => (
            "application/json",
            concat!(
                r#"[{"email":"octocat@github.com","verified":true,"primary":true,"#,
                r#""visibility":"public"}]"#,
            ),
        ),
        "/oauth/request_token" => (
            "application/x-www-form-urlencoded",
            "oauth_token=NPcudxy0yU5T3tBzho7iCotZ3cnetKwcTIRlX0iwRl0\
             &oauth_token_secret=veNRnAWe6inFuo8o2u8SLLZLjolYDmDP7SzL0YfYI&\
             oauth_callback_confirmed=true",
        ),
        "/oauth/access_token" => (
            "application/x-www-form-urlencoded",
            "oauth_token=7588892-kagSNqWge8gB1WwE3plnFsJHAZVfxWD7Vb57p0b4\
             &oauth_token_secret=PbKfYqSryyeKDWz4ebtY3o5ogNLG11WJuZBc9fQrQo&\
             user_id=783214&screen_name=twitter",
        ),
        "/1.1/account/verify_credentials.json" => (
            "application/json",
            r#"{"id_str":"783214","name":"Twitter","screen_name":"twitter","verified":true}"#,
        ),
        "/1.1/statuses/update.json" => {
            ("application/json", r#"{"id_str":"20","text":"setting up my twttr"}"#)
        }
        _ => return http::Response::builder().status(404).body(Vec::new()).unwrap_or_default(),
    };
    let builder = http::Response::builder().header("content-type", kind);
    builder.body(body.as_bytes().to_vec()).unwrap_or_default()
}
