//! The problems that `build` reports for a server's configuration.

use std::time::Duration;

use oauth_proto::oauth2::server::store::SecretHasher;
use oauth_proto::oauth2::server::{
    ClientSource, ConfigurationProblem as Problem, DecideGrant, Decision, Endpoint, ExtensionGrant,
    GrantType, IdentifiedClient, NewToken, Provider, ProviderBuilder, RandomTokens, TokenGenerator,
    Uuid4,
};
use oauth_proto::{Error, Secret, Timestamp, Unsupported};

use crate::common::with::With;

const KEY: &str = "Hq3nY1mJX0cC8sZ2vT5wUa";

fn sound() -> ProviderBuilder {
    Provider::builder("https://auth.example.com")
        .add_grant_type(GrantType::authorization_code().scopes("read write"))
        .add_grant_type(GrantType::refresh_token())
}

fn problems(builder: ProviderBuilder) -> Vec<Problem> {
    builder.build().map_or_else(|invalid| invalid.problems().to_vec(), |_| Vec::new())
}

#[derive(Debug)]
struct Same;

impl TokenGenerator for Same {
    fn generate(&self, _: &NewToken<'_>, _: [u8; 32]) -> String {
        "a-text-of-thirty-characters-00".into()
    }
}

#[derive(Debug)]
struct Spaces;

impl TokenGenerator for Spaces {
    fn generate(&self, token: &NewToken<'_>, random: [u8; 32]) -> String {
        if token.kind.is_none() {
            "no code".into()
        } else {
            RandomTokens::default().generate(token, random)
        }
    }
}

/// A broken hasher with this function as `verify`: it accepts no secret, or every secret.
#[derive(Debug)]
struct Hasher(fn(&str, &str) -> bool);

impl SecretHasher for Hasher {
    fn hash(&self, secret: &Secret, _: [u8; 16]) -> String {
        secret.expose().into()
    }
    fn verify(&self, secret: &Secret, hash: &str) -> bool {
        (self.0)(secret.expose(), hash)
    }
}

#[derive(Debug)]
struct Short;

impl TokenGenerator for Short {
    fn generate(&self, token: &NewToken<'_>, random: [u8; 32]) -> String {
        RandomTokens::default().generate(token, random)[..21].to_owned()
    }
}

#[derive(Debug)]
struct Never;

impl ClientSource for Never {
    fn find(&self, _: &http::request::Parts, _: &[(&str, &str)]) -> Option<IdentifiedClient> {
        None
    }
}

impl ExtensionGrant for Never {
    fn handle(&self, _: &DecideGrant, _: Timestamp) -> Decision {
        Decision::Denied
    }
}

#[test]
fn a_sound_configuration_is_built() {
    let reuse = GrantType::dangerous_password()
        .scopes("read")
        .with(|options| options.reuse_access_tokens = true);
    let builders = [
        sound(),
        sound().add_grant_type(reuse).token_reuse_key(KEY),
        sound()
            .with(|options| options.reuse_access_tokens = true)
            .token_reuse_key(KEY)
            .token_reuse_key_until("b8K0dP4rQ7eF1gL6xN9yWz", Timestamp::from_secs(9)),
        sound()
            .with(|options| options.reuse_access_tokens = true)
            .token_reuse_key("short")
            .with(|options| options.dangerous_allow_short_keys = true),
        sound()
            .with(|options| options.only_basic = true)
            .with(|options| options.only_body = true)
            .client_source(Never),
        sound().with(|options| {
            drop(
                options
                    .metadata
                    .insert("require_pushed_authorization_requests".into(), false.into()),
            );
        }),
        sound().token_generator(Uuid4).token_generator(RandomTokens::of_length(22).unwrap()),
        sound().with(|options| options.scope_separator = ','),
        sound()
            .with(|options| options.resources.push("https://api.example.com".into()))
            .with(|options| options.resources.push("urn:printer".into())),
        sound().path(Endpoint::Token, "oauth2/v1/token").path(Endpoint::Register, "/clients"),
        sound().with(|options| {
            drop(
                options
                    .metadata
                    .insert("service_documentation".into(), "https://auth.example.com/docs".into()),
            );
        }),
        sound().add_grant_type(
            GrantType::extension_with_handler("urn:voucher", Never)
                .with(|options| options.with_refresh_token = true),
        ),
        sound().add_grant_type(
            GrantType::refresh_token()
                .with(|options| options.rotation_grace = Some(Duration::ZERO))
                .with(|options| options.allow_refresh_token_reuse = true),
        ),
        Provider::builder("http://auth.example.com")
            .with(|options| options.dangerous_allow_http = true)
            .add_grant_type(GrantType::dangerous_implicit()),
        Provider::builder("http://127.0.0.1:8080/tenant")
            .add_grant_type(GrantType::client_credentials()),
    ];
    for builder in builders {
        assert_eq!(problems(builder.clone()), [], "{builder:?}");
        builder.build().unwrap();
    }
}

/// `build` reports each problem, and its text contains the option or the value.
#[test]
fn each_problem_is_found_and_named() {
    let grant = |grant_type: GrantType| sound().add_grant_type(grant_type);
    let no_time = Duration::from_millis(999);
    let rows: Vec<(ProviderBuilder, &str)> = vec![
        (Provider::builder("https://auth.example.com"), "`ProviderBuilder::add_grant_type`"),
        (
            grant(GrantType::extension("voucher")),
            r#""voucher" cannot be the name of an extension grant"#,
        ),
        (grant(GrantType::extension("password")), r#""password" cannot be the name"#),
        (
            grant(GrantType::extension_with_handler("authorization_code", Never)),
            r#""authorization_code" cannot be the name"#,
        ),
        (
            grant(GrantType::dangerous_password().scopes(["a\"b"])),
            r#"the scope "a\"b" of the grant "password""#,
        ),
        (grant(GrantType::dangerous_password().scopes("é")), r#"the scope "é""#),
        (
            sound()
                .with(|options| options.scope_separator = ',')
                .add_grant_type(GrantType::dangerous_implicit().scopes("a,b")),
            r#"the scope "a,b""#,
        ),
        (
            sound().with(|options| options.scope_separator = '\n'),
            "`ProviderBuilder::scope_separator`",
        ),
        (
            sound().with(|options| options.scope_separator = 'x'),
            "`ProviderBuilder::scope_separator`",
        ),
        (
            grant(
                GrantType::dangerous_password().with(|options| options.reuse_access_tokens = true),
            ),
            "set `ProviderBuilder::token_reuse_key`",
        ),
        (
            sound()
                .with(|options| options.reuse_access_tokens = true)
                .token_reuse_key("a key of 21 bytes ..."),
            "the key of `ProviderBuilder::token_reuse_key` has 21 bytes",
        ),
        (sound().token_reuse_key(KEY), "`ProviderBuilder::token_reuse_key` has no effect"),
        (
            sound()
                .with(|options| options.only_body = true)
                .with(|options| options.allow_raw_basic = true),
            "`ProviderBuilder::allow_raw_basic` has no effect",
        ),
        (
            sound().with(|options| options.allow_any_private_scheme = true),
            "`ProviderBuilder::allow_any_private_scheme` has no effect",
        ),
        (
            sound().with(|options| options.require_resource = true),
            "`ProviderBuilder::require_resource` has no effect",
        ),
        (
            Provider::builder("https://a.example").add_grant_type(GrantType::refresh_token()),
            "add one with",
        ),
        (
            grant(
                GrantType::dangerous_password()
                    .scopes("a")
                    .with(|options| options.default_scope = Some("a b".into())),
            ),
            r#"of "password" has "b""#,
        ),
        (
            grant(
                GrantType::dangerous_password().with(|options| options.reuse_access_tokens = true),
            )
            .token_reuse_key_until(KEY, Timestamp::from_secs(1)),
            "`ProviderBuilder::token_reuse_key_until` sets only the old key",
        ),
        (
            sound()
                .with(|options| options.reuse_access_tokens = true)
                .token_reuse_key(KEY)
                .token_reuse_key_until("old", Timestamp::from_secs(1)),
            "the key of `ProviderBuilder::token_reuse_key_until` has 3 bytes",
        ),
        (
            grant(GrantType::device_code().with(|options| options.reuse_access_tokens = true))
                .token_reuse_key(KEY),
            "`GrantType::reuse_access_tokens` has no effect",
        ),
        (
            grant(
                GrantType::dangerous_password()
                    .with(|options| options.allow_refresh_token_reuse = true),
            ),
            "`GrantType::allow_refresh_token_reuse`",
        ),
        (
            grant(GrantType::dangerous_password().with(|options| options.decide_at_refresh = true)),
            "`GrantType::decide_at_refresh`",
        ),
        (
            grant(
                GrantType::dangerous_password()
                    .with(|options| options.rotation_grace = Some(Duration::ZERO)),
            ),
            "`GrantType::rotation_grace`",
        ),
        (
            Provider::builder("https://a.example").add_grant_type(
                GrantType::dangerous_implicit().with(|options| options.with_refresh_token = true),
            ),
            "`GrantType::with_refresh_token`",
        ),
        (
            grant(GrantType::dangerous_password().with(|options| options.expires_in = no_time)),
            r#"`GrantType::expires_in` of "password""#,
        ),
        (
            grant(
                GrantType::dangerous_password()
                    .with(|options| options.grants_end_after = Some(no_time)),
            ),
            r#"`GrantType::grants_end_after` of "password""#,
        ),
        (sound().token_generator(Spaces), "made a code that cannot be sent"),
        (sound().secret_hasher(Hasher(|_, _| false)), "`ProviderBuilder::secret_hasher`"),
        (sound().secret_hasher(Hasher(|_, _| true)), "`ProviderBuilder::secret_hasher`"),
        (
            sound()
                .with(|options| options.only_basic = true)
                .with(|options| options.only_body = true),
            "`only_basic` and `only_body`",
        ),
        (
            sound().path(Endpoint::Token, "/token?x"),
            r#"`ProviderBuilder::path` of Token is "/token?x""#,
        ),
        (sound().path(Endpoint::Token, "/a b"), "`ProviderBuilder::path` of Token"),
        (sound().path(Endpoint::Token, "//token"), "`ProviderBuilder::path` of Token"),
        (sound().path(Endpoint::Token, "/revoke"), r#"Token and Revoke share "/revoke""#),
        (sound().path(Endpoint::Metadata, "/register/about"), "Register and Metadata share"),
        (sound().path(Endpoint::Token, "/register/token"), "Token and Register share"),
        (
            sound().with(|options| options.code_lifetime = no_time),
            "`ProviderBuilder::code_lifetime`",
        ),
        (
            sound().with(|options| options.device_lifetime = no_time),
            "`ProviderBuilder::device_lifetime`",
        ),
        (
            sound().with(|options| options.pushed_request_lifetime = no_time),
            "`ProviderBuilder::pushed_request_lifetime`",
        ),
        (
            sound().with(|options| options.device_interval = Duration::from_secs(600)),
            "`ProviderBuilder::device_interval`",
        ),
        (
            sound().with(|options| options.resources.push("https://api.example.com/#x".into())),
            r#"of "https://api.example.com/"#,
        ),
        (
            sound().with(|options| options.resources.push("printer".into())),
            r#"`ProviderBuilder::resources` of "printer""#,
        ),
        (
            sound()
                .with(|options| options.introspect_data = ["tenant", "sub"].map(Into::into).into()),
            r#"`ProviderBuilder::introspect_data` of "sub""#,
        ),
        (
            sound().with(|options| {
                drop(options.metadata.insert("issuer".into(), "https://other.example".into()));
            }),
            r#"of "issuer""#,
        ),
        (
            sound()
                .with(|options| drop(options.metadata.insert("scopes_supported".into(), 7.into()))),
            r#"of "scopes_supported""#,
        ),
    ];
    for (builder, text) in rows {
        let invalid = builder.build().expect_err(text);
        assert_eq!(invalid.problems().len(), 1, "{text}: {invalid}");
        assert!(invalid.to_string().contains(text), "expected {text:?} in {invalid}");
    }
    for (builder, text) in [
        (sound().add_grant_type(GrantType::extension("urn:\u{e9}")), "cannot be the name"),
        (sound().add_grant_type(GrantType::extension("urn:a\n")), "cannot be the name"),
        (
            sound().with(|options| options.resources.push("https://api.example.com/\u{e9}".into())),
            "`ProviderBuilder::resources`",
        ),
        (sound().path(Endpoint::Token, "/t\u{f6}k"), "`ProviderBuilder::path` of Token"),
        (
            sound().with(|options| options.device_interval = no_time),
            "`ProviderBuilder::device_interval`",
        ),
        (
            sound().add_grant_type(
                GrantType::refresh_token().with(|options| options.rotation_grace = Some(no_time)),
            ),
            "`GrantType::rotation_grace`",
        ),
        (sound().add_grant_type(GrantType::refresh_token().scopes("read")), "`GrantType::scopes`"),
        (sound().token_generator(Short), "made a code that cannot be sent"),
    ] {
        let invalid = builder.build().expect_err(text);
        assert!(invalid.to_string().contains(text), "expected {text:?} in {invalid}");
    }
    let repeats = problems(sound().token_generator(Same));
    assert_eq!(repeats.len(), 3, "{repeats:?}");
    assert!(
        repeats.iter().all(|problem| matches!(problem, Problem::GeneratorRepeats { .. })),
        "{repeats:?}"
    );
}

#[test]
fn the_issuer_is_a_private_url_without_query_and_fragment() {
    for issuer in [
        "",
        "auth.example.com",
        "ftp://auth.example.com",
        "https://a.example/?x",
        "https://a.example/#x",
        "https://a.example/a/../b",
        "https://a.example/\u{e4}",
    ] {
        let found =
            problems(Provider::builder(issuer).add_grant_type(GrantType::dangerous_implicit()));
        assert!(
            matches!(&found[..], [Problem::Issuer(Unsupported::Url { .. })]),
            "{issuer} {found:?}"
        );
    }
    let found = problems(
        Provider::builder("http://a.example").add_grant_type(GrantType::dangerous_implicit()),
    );
    assert!(matches!(&found[..], [Problem::Issuer(Unsupported::PlainHttp { .. })]), "{found:?}");
    assert!(
        found[0].to_string().contains("`ProviderBuilder::dangerous_allow_http`"),
        "{}",
        found[0]
    );
}

#[test]
fn all_problems_are_reported_at_once() {
    let builder = Provider::builder("http://auth.example.com")
        .with(|options| options.only_basic = true)
        .with(|options| options.only_body = true)
        .with(|options| options.code_lifetime = Duration::ZERO)
        .add_grant_type(
            GrantType::dangerous_password().with(|options| options.reuse_access_tokens = true),
        );
    let invalid = builder.build().unwrap_err();
    assert_eq!(invalid.problems().len(), 4, "{invalid}");
    let text = invalid.to_string();
    assert!(invalid.problems().iter().all(|problem| text.contains(&problem.to_string())), "{text}");
    let error = Error::from(invalid);
    assert!(error.to_string().contains("only_basic"), "{error}");
}
