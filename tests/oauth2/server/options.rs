//! The options of an authorization server, among them all options of python-oauth2.

use std::time::Duration;

use crate::common::oauth2_pair::{ISSUER, NOW, OAuth2Pair, REDIRECT, SECRET, provider, reusing};
use oauth_proto::oauth2::server::store::{ClientRecord, FindToken, GrantRecord, Store, TokenHash};
use oauth_proto::oauth2::server::store::{ClientSecret, SecretHasher};
use oauth_proto::oauth2::server::{
    Approval, DecideGrant, Decision, Dispatched, Endpoint, GrantCredential, GrantType, NewToken,
    Provider, ProviderBuilder, RandomTokens, RegistrationPolicy, RejectReason, Serve,
    TokenGenerator, UnknownScope, Uuid4, serve,
};
use oauth_proto::oauth2::{self, Authorize, Client, ClientMetadata, Token};
use oauth_proto::{Error, Moment, Secret, Timestamp};

use crate::common::with::With;

fn code(error: &Error) -> &str {
    error.code().unwrap_or_default()
}

fn password(pair: &OAuth2Pair) -> Result<Token, Error> {
    let grant = oauth2::Grant::dangerous_password("jane", "A3ddj3w").scope("read");
    pair.run(pair.client().request_token(grant, pair.moment()))
}

fn refresh(pair: &OAuth2Pair, client: &Client, token: &Token) -> Result<Token, Error> {
    let grant = oauth2::Grant::refresh_token(token.refresh_token.clone().unwrap());
    pair.run(client.request_token(grant, pair.moment()))
}

fn is_active(pair: &OAuth2Pair, token: &Token) -> bool {
    let client = pair.client();
    pair.run(client.introspect(token.access_token.expose(), pair.moment())).unwrap().active
}

#[test]
fn an_equal_request_gets_the_existing_reusable_token() {
    let pair = OAuth2Pair::new(reusing(provider()));
    let first = password(&pair).unwrap();
    pair.now.set(NOW + 600);
    let second = password(&pair).unwrap();
    assert_eq!(first.access_token, second.access_token);
    assert_eq!(first.refresh_token, second.refresh_token);
    assert_eq!(second.expires_at.unwrap().as_secs(), NOW + 3600);
    // Another scope, grant type or user gets another token.
    let grant = oauth2::Grant::dangerous_password("jane", "A3ddj3w").scope("read write");
    let wider = pair.run(pair.client().request_token(grant, pair.moment())).unwrap();
    assert_ne!(wider.access_token, first.access_token);
    let by_code = pair.sign_in(&pair.client(), Authorize::scope("read")).unwrap();
    assert_ne!(by_code.access_token, first.access_token);
    assert_eq!(
        pair.sign_in(&pair.client(), Authorize::scope("read")).unwrap().access_token,
        by_code.access_token
    );
    // The refresh token may be used repeatedly. An expired access token is not issued again.
    for _ in 0..2 {
        assert_eq!(
            refresh(&pair, &pair.client(), &first).unwrap().refresh_token,
            first.refresh_token
        );
    }
    assert_eq!(password(&pair).unwrap().access_token, first.access_token);
    pair.now.set(NOW + 3600);
    assert_ne!(password(&pair).unwrap().access_token, first.access_token);
}

/// Signs a user in by code, with the approval of the application, and returns the access token.
fn token_of_approval(pair: &OAuth2Pair, grant: Approval) -> String {
    let client = pair.client();
    let authorization =
        pair.run(client.authorize(Authorize::scope("read"), pair.moment())).unwrap();
    let consent = pair.consent(&authorization.url);
    let response =
        serve(pair.provider.approve(consent, grant, pair.moment()), &pair.store).unwrap();
    let callback = response.headers()["location"].to_str().unwrap().to_owned();
    let token = pair.run(client.redeem(authorization.pending, &callback, pair.moment())).unwrap();
    token.access_token.expose().to_owned()
}

/// Row `unique-token-other-data`: the data contain another tenant, or another authentication level.
#[test]
fn a_grant_with_other_data_gets_another_reusable_token() {
    let pair = OAuth2Pair::new(reusing(provider()));
    let token = |grant| token_of_approval(&pair, grant);
    let with = |data| Approval::new("jane").data(data);
    let first = token(with(serde_json::json!({ "tenant": "A", "acr": "pwd" })));
    for other in [
        serde_json::json!({ "tenant": "B", "acr": "pwd" }),
        serde_json::json!({ "tenant": "A", "acr": "mfa" }),
        serde_json::json!({ "tenant": "A" }),
        serde_json::json!(["tenant", "A", "acr", "pwd"]),
        serde_json::json!(null),
    ] {
        assert_ne!(token(with(other.clone())), first, "{other}");
    }
    // The order of the members does not matter.
    let turned: serde_json::Value = serde_json::from_str(r#"{"acr":"pwd","tenant":"A"}"#).unwrap();
    assert_eq!(token(with(turned)), first);
}

/// Row `unique-token-other-data`: the user signed in another time, in another way or in another
/// session. A resource server that demands a stronger or newer sign-in (RFC 9470) must see it, and
/// the end of a session must not leave a token of it, or end a token of another session.
#[test]
fn another_sign_in_of_the_user_gets_another_reusable_token() {
    let pair = OAuth2Pair::new(reusing(provider()));
    let token = |sign_in: &dyn Fn(&mut Approval)| {
        let mut grant = Approval::new("jane");
        grant.acr = Some("pwd".into());
        grant.auth_time = Some(Timestamp::from_secs(NOW));
        grant.session_id = Some("one".into());
        sign_in(&mut grant);
        token_of_approval(&pair, grant)
    };
    let tokens = [
        token(&|_| ()),
        token(&|grant| grant.acr = Some("mfa".into())),
        token(&|grant| grant.acr = None),
        token(&|grant| grant.auth_time = Some(Timestamp::from_secs(NOW + 1))),
        token(&|grant| grant.session_id = Some("two".into())),
    ];
    for (index, other) in tokens.iter().enumerate() {
        assert!(!tokens[..index].contains(other), "sign-in {index}");
    }
    assert_eq!(token(&|_| ()), tokens[0]);
}

#[test]
fn the_key_of_reusable_tokens_is_changed_at_a_time_that_all_processes_know() {
    let old = "the key of last year, which is kept";
    let (mut pair, end) = (
        OAuth2Pair::new(
            provider().with(|options| options.reuse_access_tokens = true).token_reuse_key(old),
        ),
        NOW + 100,
    );
    let first = password(&pair).unwrap();
    let both = provider()
        .with(|options| options.reuse_access_tokens = true)
        .token_reuse_key("the key of this year, which is new");
    let both = both.token_reuse_key_until(old, Timestamp::from_secs(end)).build().unwrap();
    let before = std::mem::replace(&mut pair.provider, both.clone());
    // The old and the new process use the old key until its end, so each can open the tokens that
    // the other has sealed.
    assert_eq!(password(&pair).unwrap().access_token, first.access_token);
    pair.provider = before;
    pair.now.set(end - 1);
    assert_eq!(password(&pair).unwrap().access_token, first.access_token);
    pair.provider = both;
    assert_eq!(password(&pair).unwrap().access_token, first.access_token);
    pair.now.set(end);
    let second = password(&pair).unwrap();
    assert_ne!(second.access_token, first.access_token);
    assert_eq!(password(&pair).unwrap().access_token, second.access_token);
    // A token that was issued before is still valid.
    assert!(is_active(&pair, &first));
}

#[test]
fn a_grant_ends_at_the_configured_time_despite_refreshes() {
    let codes = GrantType::authorization_code()
        .scopes("read")
        .with(|options| options.grants_end_after = Some(Duration::from_secs(5000)));
    let mut pair = OAuth2Pair::new(provider().add_grant_type(codes));
    let client = pair.client();
    let mut token = pair.sign_in(&client, Authorize::scope("read")).unwrap();
    assert_eq!(token.expires_at.unwrap().as_secs(), NOW + 3600);
    for at in [3000, 4999] {
        pair.now.set(NOW + at);
        token = refresh(&pair, &client, &token).unwrap();
        assert_eq!(token.expires_at.unwrap().as_secs(), NOW + 5000);
    }
    pair.now.set(NOW + 5000);
    assert!(!is_active(&pair, &token));
    assert_eq!(code(&refresh(&pair, &client, &token).unwrap_err()), "invalid_grant");

    // A code that is redeemed after the end of its grant gives no token.
    let short = GrantType::authorization_code()
        .scopes("read")
        .with(|options| options.grants_end_after = Some(Duration::from_secs(30)));
    let late = OAuth2Pair::new(provider().add_grant_type(short));
    let authorization =
        late.run(late.client().authorize(Authorize::scope("read"), late.moment())).unwrap();
    let consent = late.consent(&authorization.url);
    let response =
        serve(late.provider.approve(consent, Approval::new("jane"), late.moment()), &late.store)
            .unwrap();
    let callback = response.headers()["location"].to_str().unwrap().to_owned();
    late.now.set(NOW + 30);
    let error = late
        .run(late.client().redeem(authorization.pending, &callback, late.moment()))
        .unwrap_err();
    assert_eq!(code(&error), "invalid_grant");
    // The earlier of two ends is valid, even if it was configured later.
    let token = pair.sign_in(&client, Authorize::scope("read")).unwrap();
    let begin = pair.now.get();
    let shorter = GrantType::refresh_token()
        .with(|options| options.grants_end_after = Some(Duration::from_secs(100)));
    pair.provider = provider().add_grant_type(shorter).build().unwrap();
    pair.now.set(begin + 99);
    let last = refresh(&pair, &client, &token).unwrap();
    assert_eq!(last.expires_at.unwrap().as_secs(), begin + 100);
    let token = pair.sign_in(&client, Authorize::scope("read")).unwrap();
    pair.provider = provider().build().unwrap();
    let eternal = refresh(&pair, &client, &token).unwrap();
    pair.provider = provider()
        .add_grant_type(
            GrantType::refresh_token()
                .with(|options| options.grants_end_after = Some(Duration::from_secs(1))),
        )
        .build()
        .unwrap();
    pair.now.set(begin + 200);
    assert_eq!(code(&refresh(&pair, &client, &eternal).unwrap_err()), "invalid_grant");
}

#[test]
fn the_application_decides_at_a_refresh_if_configured() {
    let asks = GrantType::refresh_token().with(|options| options.decide_at_refresh = true);
    let pair = OAuth2Pair::new(provider().add_grant_type(asks));
    let client = pair.client();
    let first = pair.sign_in(&client, Authorize::scope("read write")).unwrap();
    let refresh = |token: &Token, decide: &dyn Fn(&GrantRecord) -> Decision| {
        let grant = oauth2::Grant::refresh_token(token.refresh_token.clone().unwrap());
        let step = client.request_token(grant, pair.moment()).unwrap();
        let oauth_proto::Step::Send(request, sent) = step else { unreachable!() };
        let asked = std::cell::Cell::new(0);
        let decide = |question: DecideGrant| {
            asked.set(asked.get() + 1);
            let GrantCredential::Refresh(grant) = &question.credential else {
                panic!("{question:?}")
            };
            assert_eq!(question.scope.as_str(), "read write");
            Ok::<_, String>(decide(grant))
        };
        let end = Serve::new(&pair.store)
            .decide_grant(decide)
            .run(pair.provider.dispatch(&request, pair.moment()));
        assert_eq!(asked.get(), 1);
        let response = match end {
            Ok(Dispatched::Respond(response)) => response,
            Ok(end) => panic!("{end:?}"),
            Err(rejected) => rejected.response(),
        };
        let oauth_proto::Step::Done(token) = sent.receive(response, pair.moment())? else {
            unreachable!()
        };
        Ok::<_, Error>(token)
    };
    // A denial changes nothing, so a later refresh may be granted.
    assert_eq!(code(&refresh(&first, &|_| Decision::Denied).unwrap_err()), "invalid_grant");
    let wider =
        |grant: &GrantRecord| Decision::Granted(Approval::of(grant).scope("read write admin"));
    assert_eq!(code(&refresh(&first, &wider).unwrap_err()), "server_error");
    assert_eq!(
        code(&refresh(&first, &|_| Decision::Granted(Approval::new("joe"))).unwrap_err()),
        "server_error"
    );
    let second = refresh(&first, &|grant| Decision::Granted(Approval::of(grant))).unwrap();
    assert_eq!(second.scope, Some("read write".into()));
    // The application narrows the scope and changes the data for all later tokens.
    let less = |grant: &GrantRecord| {
        let data = serde_json::json!({ "tenant": 8 });
        Decision::Granted(Approval::of(grant).scope("read").data(data))
    };
    let third = refresh(&second, &less).unwrap();
    assert_eq!(third.scope, Some("read".into()));
    let record = |token: &str| {
        pair.store.find_token(&FindToken::new(TokenHash::of(token))).unwrap().unwrap()
    };
    for token in [&third.access_token, third.refresh_token.as_ref().unwrap()] {
        assert_eq!(record(token.expose()).grant.data["tenant"], 8);
    }
    assert_eq!(
        record(third.access_token.expose()).grant.id,
        record(first.access_token.expose()).grant.id
    );
    // The application also decides if the client repeats a refresh whose response was lost.
    let lost = refresh(&second, &|_| Decision::Denied);
    assert_eq!(code(&lost.unwrap_err()), "invalid_grant");
    assert_eq!(
        refresh(&second, &|grant| Decision::Granted(Approval::of(grant))).unwrap().refresh_token,
        third.refresh_token
    );
}

#[test]
fn unique_tokens_need_a_key_and_a_user() {
    // Without a key, `build` returns an error.
    let reuse = GrantType::authorization_code()
        .scopes("read")
        .with(|options| options.reuse_access_tokens = true);
    provider().add_grant_type(reuse).build().unwrap_err();
    let pair = OAuth2Pair::new(reusing(provider()));
    let authorization =
        pair.run(pair.client().authorize(Authorize::scope("read"), pair.moment())).unwrap();
    let consent = pair.consent(&authorization.url);
    let rejected =
        serve(pair.provider.approve(consent, Approval::default(), pair.moment()), &pair.store)
            .unwrap_err();
    assert!(matches!(rejected.reason, RejectReason::Misconfigured(_)), "{rejected}");
    assert!(
        rejected.response().headers()["location"].to_str().unwrap().contains("error=server_error")
    );
}

#[test]
fn one_grant_type_has_reusable_tokens_if_only_the_key_is_set_for_all() {
    let reuse = GrantType::dangerous_password()
        .scopes("read")
        .with(|options| options.reuse_access_tokens = true);
    let pair = OAuth2Pair::new(
        provider().add_grant_type(reuse).token_reuse_key("a key that lies elsewhere"),
    );
    assert_eq!(password(&pair).unwrap().access_token, password(&pair).unwrap().access_token);
    let by_code = || pair.sign_in(&pair.client(), Authorize::scope("read")).unwrap().access_token;
    assert_ne!(by_code(), by_code());
}

#[test]
fn a_code_has_the_configured_lifetime() {
    let pair = OAuth2Pair::new(
        provider().with(|options| options.code_lifetime = Duration::from_secs(300)),
    );
    let client = pair.client();
    let redeemed_after = |seconds| {
        let authorization =
            pair.run(client.authorize(Authorize::scope("read"), pair.moment())).unwrap();
        let consent = pair.consent(&authorization.url);
        let response = serve(
            pair.provider.approve(consent, Approval::new("jane"), pair.moment()),
            &pair.store,
        )
        .unwrap();
        pair.now.set(pair.now.get() + seconds);
        let callback = response.headers()["location"].to_str().unwrap().to_owned();
        pair.run(client.redeem(authorization.pending, &callback, pair.moment()))
    };
    redeemed_after(299).unwrap();
    assert_eq!(code(&redeemed_after(300).unwrap_err()), "invalid_grant");
}

#[test]
fn the_metadata_have_the_members_that_the_operator_adds() {
    let documentation = "https://auth.example.com/docs";
    let with_members = provider()
        .with(|options| {
            drop(options.metadata.insert("service_documentation".into(), documentation.into()));
        })
        .with(|options| {
            drop(options.metadata.insert("scopes_supported".into(), serde_json::json!(["read"])));
        })
        .with(|options| {
            drop(options.metadata.insert("claims_supported".into(), serde_json::json!(["sub"])));
        });
    let pair = OAuth2Pair::new(with_members);
    let metadata = pair.run(oauth2::Discovery::new(ISSUER).unwrap().start()).unwrap();
    let published = serde_json::to_value(&metadata).unwrap();
    assert_eq!(published["service_documentation"], documentation);
    assert_eq!(published["claims_supported"], serde_json::json!(["sub"]));
    // The member replaces the server's own, and the other members are unchanged.
    assert_eq!(published["scopes_supported"], serde_json::json!(["read"]));
    assert_eq!(published["token_endpoint"], "https://auth.example.com/token");
}

#[test]
fn a_client_that_lost_the_answer_gets_the_same_successor_for_a_while() {
    let lenient = GrantType::refresh_token()
        .with(|options| options.rotation_grace = Some(Duration::from_secs(10)));
    let pair = OAuth2Pair::new(provider().add_grant_type(lenient));
    let client = pair.client();
    let first = pair.sign_in(&client, Authorize::scope("read")).unwrap();
    let lost = refresh(&pair, &client, &first).unwrap();
    pair.now.set(NOW + 9);
    let again = refresh(&pair, &client, &first).unwrap();
    assert_eq!(again.refresh_token, lost.refresh_token);
    assert_ne!(again.access_token, lost.access_token);
    // After the successor was used, or after the grace time, the use of the first token is treated
    // as a theft.
    let next = refresh(&pair, &client, &again).unwrap();
    assert!(is_active(&pair, &next));
    assert_eq!(code(&refresh(&pair, &client, &first).unwrap_err()), "invalid_grant");
    assert!(!is_active(&pair, &next));

    let first = pair.sign_in(&client, Authorize::scope("read")).unwrap();
    let second = refresh(&pair, &client, &first).unwrap();
    pair.now.set(pair.now.get() + 10);
    refresh(&pair, &client, &first).unwrap_err();
    assert!(!is_active(&pair, &second));
}

#[test]
fn kept_refresh_tokens_stay_valid_except_for_public_clients() {
    let pair = OAuth2Pair::new(provider().add_grant_type(
        GrantType::refresh_token().with(|options| options.allow_refresh_token_reuse = true),
    ));
    let client = pair.client();
    let first = pair.sign_in(&client, Authorize::scope("read")).unwrap();
    for _ in 0..3 {
        let next = refresh(&pair, &client, &first).unwrap();
        // The response contains no refresh token, so the client keeps the old one.
        assert_eq!(next.refresh_token, first.refresh_token);
        assert!(is_active(&pair, &next));
    }
    let app = Client::new(pair.server(), "app").redirect_uri("http://127.0.0.1/cb").unwrap();
    let first = pair.sign_in(&app, Authorize::scope("read")).unwrap();
    assert_ne!(refresh(&pair, &app, &first).unwrap().refresh_token, first.refresh_token);
    pair.now.set(NOW + 10);
    refresh(&pair, &app, &first).unwrap_err();
}

#[test]
fn scopes_are_separated_dropped_and_defaulted_as_configured() {
    let grant = GrantType::authorization_code()
        .scopes("read write")
        .with(|options| options.default_scope = Some("read".into()));
    let grant = grant.with(|options| options.unknown_scope = UnknownScope::Default);
    let pair = OAuth2Pair::new(
        provider().with(|options| options.scope_separator = ',').add_grant_type(grant),
    );
    let mut server = pair.server();
    server.scope_separator = ',';
    let client = Client::new(server, "printer").secret(SECRET).redirect_uri(REDIRECT).unwrap();
    let scope = |asked: Authorize| pair.sign_in(&client, asked).unwrap().scope.unwrap();
    assert_eq!(scope(Authorize::scope("read write")), "read write".into());
    assert_eq!(scope(Authorize::scope("write admin")), "write".into());
    assert_eq!(scope(Authorize::scope("admin")), "read".into());
    assert_eq!(scope(Authorize::default()), "read".into());
}

#[test]
fn tokens_have_the_lifetime_of_their_grant_type() {
    let eternal = GrantType::dangerous_password()
        .scopes("read")
        .with(|options| options.dangerous_never_expires = true);
    let short =
        GrantType::refresh_token().with(|options| options.expires_in = Duration::from_secs(60));
    let pair = OAuth2Pair::new(provider().add_grant_type(eternal).add_grant_type(short));
    let token = password(&pair).unwrap();
    assert_eq!(token.expires_at, None);
    pair.now.set(NOW + 59);
    let renewed = refresh(&pair, &pair.client(), &token).unwrap();
    pair.now.set(NOW + 59 + 60);
    assert_eq!(code(&refresh(&pair, &pair.client(), &renewed).unwrap_err()), "invalid_grant");
    pair.now.set(u64::MAX);
    assert!(is_active(&pair, &token));
}

#[test]
fn tokens_have_the_form_that_their_generator_makes() {
    #[derive(Debug)]
    struct Named;
    impl TokenGenerator for Named {
        fn generate(&self, token: &NewToken<'_>, random: [u8; 32]) -> String {
            let user = token.grant.user.as_deref().unwrap_or("none");
            let tenant = &token.grant.data["tenant"];
            format!("{user}.{tenant}.{}", RandomTokens::default().generate(token, random))
        }
    }
    #[derive(Debug)]
    struct Spaces;
    impl TokenGenerator for Spaces {
        fn generate(&self, token: &NewToken<'_>, random: [u8; 32]) -> String {
            // `build` cannot find this error, because only Jane's tokens are wrong.
            if token.grant.user.as_deref() == Some("jane") {
                return "no token\r\n".into();
            }
            RandomTokens::default().generate(token, random)
        }
    }
    let length = |provider: ProviderBuilder| {
        let pair = OAuth2Pair::new(provider);
        password(&pair).unwrap().access_token.expose().len()
    };
    assert_eq!(length(provider()), 43);
    assert_eq!(length(provider().token_generator(RandomTokens::of_length(128).unwrap())), 128);
    let pair = OAuth2Pair::new(provider().token_generator(Uuid4));
    let uuid = password(&pair).unwrap().access_token.expose().to_owned();
    assert_eq!((uuid.len(), &uuid[14..15]), (36, "4"));
    assert!(matches!(&uuid[19..20], "8" | "9" | "a" | "b"), "{uuid}");

    let pair = OAuth2Pair::new(provider().token_generator(Named));
    let client = pair.client();
    let authorization =
        pair.run(client.authorize(Authorize::scope("read"), pair.moment())).unwrap();
    let grant = Approval::new("jane").data(serde_json::json!({ "tenant": 7 }));
    let consent = pair.consent(&authorization.url);
    let response =
        serve(pair.provider.approve(consent, grant, pair.moment()), &pair.store).unwrap();
    let callback = response.headers()["location"].to_str().unwrap().to_owned();
    let token = pair.run(client.redeem(authorization.pending, &callback, pair.moment())).unwrap();
    assert!(token.access_token.expose().starts_with("jane.7."));

    let pair = OAuth2Pair::new(provider().token_generator(Spaces));
    assert_eq!(code(&password(&pair).unwrap_err()), "server_error");
}

#[test]
fn secrets_are_checked_by_the_hasher_that_hashed_them() {
    #[derive(Debug)]
    struct Backwards;
    impl SecretHasher for Backwards {
        fn hash(&self, secret: &Secret, salt: [u8; 16]) -> String {
            format!("{}${}", salt[0], secret.expose().chars().rev().collect::<String>())
        }
        fn verify(&self, secret: &Secret, hash: &str) -> bool {
            hash.split_once('$')
                .is_some_and(|(_, hash)| hash.chars().rev().eq(secret.expose().chars()))
        }
    }
    let pair = OAuth2Pair::new(provider().secret_hasher(Backwards));
    let moment = Moment::new(Timestamp::from_secs(1), [9; 32]);
    let record = ClientSecret::with_hasher(&Backwards, SECRET, &moment).unwrap();
    let record = ClientRecord::with_secret("printer", record).add_redirect_uri(REDIRECT);
    pair.store.add_client(record.add_grant_type("password"));
    password(&pair).unwrap();
    pair.store
        .add_client(ClientRecord::with_secret("printer", ClientSecret::with_hash("0$another")));
    assert_eq!(code(&password(&pair).unwrap_err()), "invalid_client");
}

fn provider_at(issuer: &str) -> Provider {
    Provider::builder(issuer).add_grant_type(GrantType::authorization_code()).build().unwrap()
}

#[test]
fn endpoints_have_the_configured_paths() {
    let moved =
        provider().path(Endpoint::Token, "/oauth2/v1/token").path(Endpoint::Authorize, "login");
    let pair = OAuth2Pair::new(moved);
    let metadata = pair.provider.metadata();
    assert_eq!(
        metadata.token_endpoint.as_deref(),
        Some("https://auth.example.com/oauth2/v1/token")
    );
    assert_eq!(metadata.authorization_endpoint.as_deref(), Some("https://auth.example.com/login"));
    pair.sign_in(&pair.client(), Authorize::scope("read")).unwrap();
    let below = provider_at("https://example.com/tenant/").metadata();
    assert_eq!(below.token_endpoint.as_deref(), Some("https://example.com/tenant/token"));
    let gone = http::Request::post("https://auth.example.com/token").body(Vec::new()).unwrap();
    assert_eq!(pair.send(gone).status(), 404);
}

#[test]
fn the_metadata_are_found_by_discovery() {
    let pair = OAuth2Pair::new(provider());
    let discovery = oauth2::Discovery::new(ISSUER).unwrap();
    let metadata = pair.run(discovery.start()).unwrap();
    assert_eq!(metadata.issuer.as_deref(), Some(ISSUER));
    assert!(metadata.authorization_response_iss_parameter_supported);
    assert_eq!(metadata.code_challenge_methods_supported.unwrap(), ["S256"]);
    assert!(metadata.registration_endpoint.is_none());
}

/// RFC 8414 §2: a missing list for revocation has a default, which would be wrong here.
#[test]
fn the_metadata_say_how_clients_authenticate_at_each_endpoint() {
    for (provider, secrets) in [
        (provider(), &["client_secret_basic", "client_secret_post"][..]),
        (provider().with(|options| options.only_body = true), &["client_secret_post"]),
        (provider().with(|options| options.only_basic = true), &["client_secret_basic"]),
    ] {
        let pair = OAuth2Pair::new(provider);
        let metadata = pair.provider.metadata();
        let with_none = [secrets, &["none"]].concat();
        assert_eq!(metadata.token_endpoint_auth_methods_supported.as_ref().unwrap(), &with_none);
        assert_eq!(
            metadata.revocation_endpoint_auth_methods_supported.as_ref().unwrap(),
            &with_none
        );
        assert_eq!(
            metadata.introspection_endpoint_auth_methods_supported.as_ref().unwrap(),
            secrets
        );
        // A client that uses this metadata is authenticated at each endpoint.
        let server = oauth2::AuthorizationServer::from_metadata(&metadata).unwrap();
        let client = Client::new(server, "printer").secret(SECRET);
        let grant = oauth2::Grant::dangerous_password("jane", "A3ddj3w").scope("read");
        let token = pair.run(client.request_token(grant, pair.moment())).unwrap();
        let access = token.access_token.expose();
        assert!(pair.run(client.introspect(access, pair.moment())).unwrap().active);
        pair.run(client.revoke(access, pair.moment())).unwrap();
        assert!(!pair.run(client.introspect(access, pair.moment())).unwrap().active);
    }
}

#[test]
fn clients_register_and_manage_themselves() {
    let trusted = RegistrationPolicy::with_token("initial-access-token-1234").unwrap();
    let pair = OAuth2Pair::new(provider().with(|options| options.registration = trusted));
    let mut metadata = ClientMetadata::new(["https://new.example.com/cb"]);
    metadata.client_name = Some("New".into());
    pair.run(pair.server().register(&metadata, None)).unwrap_err();
    pair.run(pair.server().register(&metadata, Some(&"wrong".into()))).unwrap_err();
    let registration = pair
        .run(pair.server().register(&metadata, Some(&"initial-access-token-1234".into())))
        .unwrap();
    let client = registration.client(pair.server(), pair.moment().now).unwrap();
    pair.sign_in(&client, Authorize::scope("read")).unwrap();

    let read = pair.run(registration.read()).unwrap();
    assert_eq!(read.metadata.client_name.as_deref(), Some("New"));
    metadata.grant_types = Some(vec!["authorization_code".into(), "client_credentials".into()]);
    let updated = pair.run(read.update(&metadata)).unwrap();
    let client = updated.client(pair.server(), pair.moment().now).unwrap();
    let token = pair.sign_in(&client, Authorize::scope("read")).unwrap();
    assert!(token.refresh_token.is_none());
    pair.run(
        client.request_token(oauth2::Grant::client_credentials().scope("stats"), pair.moment()),
    )
    .unwrap();
    pair.run(updated.delete()).unwrap();
    pair.run(updated.read()).unwrap_err();
    assert_eq!(
        code(&pair.run(client.introspect("x", pair.moment())).unwrap_err()),
        "invalid_client"
    );
}

#[test]
fn a_self_registered_client_gets_no_grant_without_a_users_decision() {
    let pair = OAuth2Pair::new(
        provider()
            .add_grant_type(GrantType::dangerous_implicit())
            .with(|options| options.registration = RegistrationPolicy::AllowAnyone),
    );
    let metadata = |change: &dyn Fn(&mut ClientMetadata)| {
        let mut metadata = ClientMetadata::new(["https://new.example.com/cb"]);
        change(&mut metadata);
        pair.run(pair.server().register(&metadata, None))
    };
    metadata(&|_| {}).unwrap();
    metadata(&|metadata| metadata.token_endpoint_auth_method = Some("none".into())).unwrap();
    for grant_type in ["client_credentials", "password", "implicit", "urn:x"] {
        metadata(&|metadata| metadata.grant_types = Some(vec![grant_type.into()])).unwrap_err();
    }
    for uri in [
        "javascript:alert(1)",
        "http://new.example.com/",
        "https://new.example.com/#x",
        "app:/cb",
        "/cb",
        "",
    ] {
        let error = metadata(&|metadata| metadata.redirect_uris = vec![uri.into()]).unwrap_err();
        assert_eq!(code(&error), "invalid_redirect_uri", "{uri}");
    }
    metadata(&|metadata| metadata.redirect_uris.clear()).unwrap_err();
    metadata(&|metadata| metadata.logo_uri = Some("javascript:alert(1)".into())).unwrap_err();
    metadata(&|metadata| metadata.client_name = Some("a\u{202e}b".into())).unwrap_err();
    metadata(&|metadata| metadata.scope = Some("admin".into())).unwrap_err();
    metadata(&|metadata| metadata.token_endpoint_auth_method = Some("private_key_jwt".into()))
        .unwrap_err();
}
