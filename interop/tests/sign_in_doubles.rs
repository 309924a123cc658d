//! Signing in over HTTP with test doubles of Google, Facebook, Twitter and Dropbox: the fields of
//! the users, calls of each API, and a refusal by each service. The doubles check the requests, and
//! respond as the documentation of the services shows.

use interop::exchange::Http;
use interop::sign_in_doubles::{CALLBACK, CLIENT, Double, FACEBOOK_TOKEN, GOOGLE_TOKEN, SECRET};
use interop::with::With;
use oauth_proto::oauth2::{Session, SharedSession};
use oauth_proto::services::{self, Client, ProfileMapping, Service, SignIn, Tokens, User};
use oauth_proto::{ApiRequest, Error, Moment, Refused, oauth1, oauth2};
use serde_json::Value;

/// Returns the callback URL to which the service sends Jane's browser.
fn callback(http: &Http, url: &str) -> String {
    let page = http.get(url);
    assert_eq!(page.status(), 302, "{url}");
    let location = page.headers()["location"].to_str().unwrap().to_owned();
    assert!(location.starts_with(CALLBACK), "{location}");
    location
}

/// Signs Jane in.
fn sign_in(http: &Http, sign_in: &SignIn) -> Result<User, Error> {
    let authorization = http.run(sign_in.authorize(Moment::from_os()))?;
    // The pending value is stored and read again.
    let pending =
        serde_json::from_str(&serde_json::to_string(&authorization.pending).unwrap()).unwrap();
    let uri = callback(http, &authorization.url);
    http.run(sign_in.redeem(pending, &uri, Moment::from_os()))
}

/// Returns the fields of the user except the id.
fn said(user: &User) -> [Option<&str>; 7] {
    [
        &user.name,
        &user.given_name,
        &user.family_name,
        &user.username,
        &user.email,
        &user.picture,
        &user.locale,
    ]
    .map(Option::as_deref)
}

fn problem<T: std::fmt::Debug>(result: Result<T, Error>) -> (String, Option<String>) {
    match result {
        Err(Error::Refused(Refused::Problem { code, advice, .. })) => (code, advice),
        other => panic!("{other:?}"),
    }
}

/// Returns whether a lifetime is as expected, up to a minute for the duration of the test.
fn about(seconds: Option<u64>, expected: u64) -> bool {
    seconds.is_some_and(|seconds| seconds <= expected && seconds + 60 > expected)
}

const GOOGLE_USER: [Option<&str>; 7] = [
    Some("Jane Doe"),
    Some("Jane"),
    Some("Doe"),
    None,
    Some("jane@example.com"),
    Some("https://lh3.googleusercontent.com/a-/AOh14Gg=s96-c"),
    Some("en"),
];

/// Returns Google with version 2 of the profile, whose field names differ.
fn google_v2() -> Service {
    let mut profile = ProfileMapping::OPENID;
    profile.id = "/id";
    profile.email_verified = Some("/verified_email");
    profile.username = None;
    let mut google = services::GOOGLE;
    google.userinfo = Some("https://www.googleapis.com/oauth2/v2/userinfo");
    google.profile = Some(profile);
    google
}

fn oauth2_client(sign_in: &SignIn) -> oauth2::Client {
    let Ok(Client::Oauth2(client)) = sign_in.client() else { panic!("{sign_in:?}") };
    client
}

fn oauth1_client(sign_in: &SignIn) -> oauth1::Client {
    let Ok(Client::Oauth1(client)) = sign_in.client() else { panic!("{sign_in:?}") };
    client
}

fn oauth2_token(user: &User) -> oauth2::Token {
    let Tokens::Oauth2(token) = user.tokens.clone() else { panic!("{user:?}") };
    token
}

fn oauth1_token(user: &User) -> oauth1::Token {
    let Tokens::Oauth1(token) = user.tokens.clone() else { panic!("{user:?}") };
    token
}

#[test]
fn a_user_signs_in_with_google() {
    let (http, double) = (Http::default(), Double::google());
    for service in [services::GOOGLE, google_v2()] {
        let google = SignIn::new(&service, CLIENT, SECRET, CALLBACK)
            .unwrap()
            .base_url(&double.origin())
            .unwrap();
        let user = sign_in(&http, &google).unwrap();
        assert_eq!((user.id.as_str(), user.email_verified), ("110169484474386276334", Some(true)));
        assert_eq!(said(&user), GOOGLE_USER);
        assert!(about(user.session_expires, 3920), "{user:?}");
        assert_eq!(user.raw["hd"], "example.com");
        let token = oauth2_token(&user);
        assert_eq!(token.access_token.expose(), GOOGLE_TOKEN);
        assert!(token.refresh_token.is_some());

        let request = ApiRequest::new(&format!("{}/oauth2/v2/userinfo", double.origin())).unwrap();
        let session = Session::new(&oauth2_client(&google), &double.origin(), token).unwrap();
        assert_eq!(
            http.run(session.call(&request, Moment::from_os().now)).unwrap()["gender"],
            "female"
        );
        // The double refuses the request without the token.
        let error = http.run(request.call()).unwrap_err();
        assert!(matches!(&error, Error::Refused(_)), "{error}");
        assert!(error.to_string().contains("401"), "{error}");
    }
}

#[test]
fn google_gives_a_code_only_to_its_client() {
    let (http, double) = (Http::default(), Double::google());
    let google = |secret| {
        SignIn::new(&services::GOOGLE, CLIENT, secret, CALLBACK)
            .unwrap()
            .base_url(&double.origin())
            .unwrap()
    };
    let (code, advice) = problem(sign_in(&http, &google("another secret")));
    assert_eq!((code.as_str(), advice.as_deref()), ("invalid_grant", Some("another client")));

    // A code that belongs to another browser's PKCE verifier, and a used code.
    let [ours, theirs] =
        [(), ()].map(|()| http.run(google(SECRET).authorize(Moment::from_os())).unwrap());
    let stolen = callback(&http, &theirs.url).split("code=").nth(1).unwrap().to_owned();
    let uri = format!("{CALLBACK}&state={}&code={stolen}", ours.pending.key());
    for expected in ["another proof key", "no such code"] {
        let stored = serde_json::to_string(&ours.pending).unwrap();
        let step =
            google(SECRET).redeem(serde_json::from_str(&stored).unwrap(), &uri, Moment::from_os());
        assert_eq!(problem(http.run(step)).1.as_deref(), Some(expected));
    }
}

#[test]
fn a_user_signs_in_with_facebook() {
    let http = Http::default();
    for (double, expires) in
        [(Double::facebook(), 5_183_944), (Double::facebook_before_2017(), 5_183_999)]
    {
        let facebook =
            SignIn::new(&services::FACEBOOK, CLIENT, SECRET, CALLBACK).unwrap().with(|it| {
                it.extra_fields.extend(["birthday"].map(Into::into));
            });
        let facebook = facebook
            .scope("public_profile email user_birthday")
            .base_url(&double.origin())
            .unwrap();
        let user = sign_in(&http, &facebook).unwrap();
        assert_eq!((user.id.as_str(), user.email_verified), ("10150000000000001", None));
        let picture =
            "https://platform-lookaside.fbsbx.com/platform/profilepic/?asid=10150000000000001";
        assert_eq!(
            said(&user),
            [
                Some("Jane Doe"),
                Some("Jane"),
                Some("Doe"),
                None,
                Some("jane@example.com"),
                Some(picture),
                Some("en_US")
            ]
        );
        assert!(about(user.session_expires, expires), "{user:?}");
        assert_eq!(user.raw["birthday"], "01/02/1980");
        assert_eq!(
            user.raw["link"],
            "https://www.facebook.com/app_scoped_user_id/10150000000000001/"
        );
        assert_eq!(oauth2_token(&user).access_token.expose(), FACEBOOK_TOKEN);
    }
}

#[test]
fn facebooks_graph_is_called_with_a_token_and_by_sessions() {
    let (http, double) = (Http::default(), Double::facebook());
    let origin = double.origin();
    let facebook = SignIn::new(&services::FACEBOOK, CLIENT, SECRET, CALLBACK)
        .unwrap()
        .base_url(&origin)
        .unwrap();
    let user = sign_in(&http, &facebook).unwrap();
    let token = oauth2_token(&user);
    let with_secret = |secret, path| {
        let facebook = SignIn::new(&services::FACEBOOK, CLIENT, secret, CALLBACK).unwrap();
        facebook.base_url(&origin).unwrap().request(path).unwrap()
    };
    let graph = |path| facebook.request(path).unwrap();
    let session = Session::new(&oauth2_client(&facebook), &origin, token).unwrap();
    let call = |request: ApiRequest| http.run(session.call(&request, Moment::from_os().now));

    let entry =
        call(graph("/me/feed").post([("message", "I am posting from my Tornado application!")]))
            .unwrap();
    assert_eq!(entry["id"], "10150000000000001_10150000000000002");
    let several =
        call(graph("/").argument("ids", "me,platform").argument("fields", "id,locale")).unwrap();
    assert_eq!(several["platform"]["locale"], "en_US");
    let batch = concat!(
        r#"[{"method":"GET","relative_url":"me"},{"method":"GET","#,
        r#""relative_url":"me/friends?limit=50"}]"#,
    );
    let answers = call(graph("").post([("batch", batch), ("include_headers", "false")])).unwrap();
    let first: Value = serde_json::from_str(answers[0]["body"].as_str().unwrap()).unwrap();
    assert_eq!((first["name"].as_str(), answers.as_array().unwrap().len()), (Some("Jane Doe"), 2));

    let me = graph("/me").argument("fields", "first_name");
    assert_eq!(call(me.clone()).unwrap()["first_name"], "Jane");
    let shared = SharedSession::builder(session.clone()).build().unwrap();
    let send = |request| http.exchange(request);
    let response = shared.fetch(me.request().unwrap(), send).unwrap();
    assert_eq!(me.read(&response).unwrap()["first_name"], "Jane");

    for (request, message) in [
        (with_secret("", "/me"), "API calls from the server require an appsecret_proof argument"),
        (with_secret("another", "/me"), "Invalid appsecret_proof provided in the API argument"),
    ] {
        assert_eq!(
            problem(call(request)),
            ("GraphMethodException".to_owned(), Some(message.to_owned()))
        );
    }
    assert_eq!(problem(http.run(me.call())).0, "OAuthException");
    let stranger = SignIn::new(&services::FACEBOOK, CLIENT, "another", CALLBACK)
        .unwrap()
        .base_url(&origin)
        .unwrap();
    let expected = ("OAuthException".to_owned(), Some("another client".to_owned()));
    assert_eq!(problem(sign_in(&http, &stranger)), expected);
}

#[test]
fn a_user_signs_in_with_twitter() {
    let (http, double) = (Http::default(), Double::twitter());
    let twitter = SignIn::new(&services::TWITTER, CLIENT, SECRET, CALLBACK)
        .unwrap()
        .base_url(&double.origin())
        .unwrap();
    let asking = twitter.clone().with(|it| {
        it.profile_arguments.insert("include_email".into(), "true".into());
        it.always_authorize = true;
    });
    for (twitter, email) in [(&twitter, None), (&asking, Some("jane@example.com"))] {
        let user = sign_in(&http, twitter).unwrap();
        assert_eq!(
            (user.id.as_str(), user.email_verified, user.session_expires),
            ("38895958", None, None)
        );
        let picture = Some("https://si0.twimg.com/profile_images/1751506047/jane_normal.JPG");
        assert_eq!(
            said(&user),
            [Some("Jane Doe"), None, None, Some("janedoe"), email, picture, Some("en")]
        );
        assert_eq!(user.raw["time_zone"], "Pacific Time (US & Canada)");
        assert_eq!(oauth1_token(&user).extra["screen_name"], "janedoe");
    }
}

#[test]
fn twitters_api_is_called_for_the_user() {
    let (http, double) = (Http::default(), Double::twitter());
    let twitter = SignIn::new(&services::TWITTER, CLIENT, SECRET, CALLBACK)
        .unwrap()
        .base_url(&double.origin())
        .unwrap();
    let user = sign_in(&http, &twitter).unwrap();
    let client = oauth1_client(&twitter);
    let session = oauth1::Session::new(&client, oauth1_token(&user));
    let api = |path: &str| twitter.request(path).unwrap();
    let text = "Testing Tornado Web Server: é ☃ & 100 % = +";
    let status = api("/statuses/update").post([("status", text)]);
    assert_eq!(http.run(session.call(&status, Moment::from_os())).unwrap()["text"], text);
    let me =
        api(&format!("{}/1.1/account/verify_credentials.json?include_email=true", double.origin()));
    assert_eq!(
        http.run(session.call(&me, Moment::from_os())).unwrap()["email"],
        "jane@example.com"
    );

    let refused = ("32".to_owned(), Some("Could not authenticate you.".to_owned()));
    let stranger =
        oauth1::Session::new(&client, oauth1::TokenCredentials::new("another", "secret"));
    for call in [stranger.call(&status, Moment::from_os()), status.call()] {
        assert_eq!(problem(http.run(call)), refused);
    }
    let stranger = SignIn::new(&services::TWITTER, CLIENT, "another", CALLBACK)
        .unwrap()
        .base_url(&double.origin())
        .unwrap();
    assert_eq!(problem(http.run(session.call(&api("/nothing"), Moment::from_os()))).0, "34");
    let error = sign_in(&http, &stranger).unwrap_err();
    assert!(matches!(error, Error::Refused(_)), "{error}");
}

/// Returns two ways to sign in: the crate's service, and a client that is configured by hand.
fn dropbox(origin: &str, secret: &str) -> [SignIn; 2] {
    let row = SignIn::new(&services::DROPBOX_V1, CLIENT, secret, CALLBACK)
        .unwrap()
        .base_url(origin)
        .unwrap();
    let row = row.with(|it| it.dangerous_version_1_0 = true);
    let [request, authorize, access] =
        ["request_token", "authorize", "access_token"].map(|leg| format!("{origin}/1/oauth/{leg}"));
    let service = oauth1::Server::new(&request, &authorize, &access)
        .unwrap()
        .with(|it| it.dangerous_version_1_0 = true);
    let client = oauth1::Client::new(service, oauth1::ClientCredentials::new(CLIENT, secret));
    let profile = row.request("/account/info").unwrap();
    let map = |answer: &Value, tokens| {
        let mut user = User::new(answer["uid"].as_u64()?.to_string(), tokens);
        let text = |pointer| answer.pointer(pointer)?.as_str().map(str::to_owned);
        user.name = text("/display_name");
        user.given_name = text("/name_details/given_name");
        user.family_name = text("/name_details/surname");
        user.username = text("/display_name");
        user.email = text("/email");
        user.email_verified = answer["email_verified"].as_bool();
        user.locale = text("/locale");
        Some(user)
    };
    [row, SignIn::custom(client, CALLBACK, move |_| profile.request(), map).unwrap()]
}

#[test]
fn a_user_signs_in_with_dropbox_as_it_was_and_uses_its_api() {
    let (http, double) = (Http::default(), Double::dropbox());
    for dropbox in dropbox(&double.origin(), SECRET) {
        let user = sign_in(&http, &dropbox).unwrap();
        assert_eq!(
            (user.id.as_str(), user.email_verified, user.session_expires),
            ("12345678", Some(false), None)
        );
        let name = Some("Jane P. Doe");
        assert_eq!(
            said(&user),
            [name, Some("Jane"), Some("Doe"), name, Some("jane@example.com"), None, Some("en")]
        );
        assert_eq!(user.raw["quota_info"]["normal"], 680_031_877_871_u64);
        let token = oauth1_token(&user);
        assert_eq!(token.extra["uid"], "12345678");

        let session = oauth1::Session::new(&oauth1_client(&dropbox), token);
        let api = |path: &str| ApiRequest::new(&format!("{}/1{path}", double.origin())).unwrap();
        let folder =
            api("/fileops/create_folder").post([("root", "dropbox"), ("path", "/new folder")]);
        assert_eq!(
            http.run(session.call(&folder, Moment::from_os())).unwrap()["path"],
            "/new folder"
        );
        let missing = session.call(&api("/metadata/auto/nothing"), Moment::from_os());
        assert_eq!(problem(http.run(missing)).0, "Path '/nothing' not found");
    }
    for stranger in dropbox(&double.origin(), "another secret") {
        let (code, _) = problem(http.run(stranger.authorize(Moment::from_os())));
        assert_eq!(code, "Invalid signature. Expected signature base string.");
    }
}
