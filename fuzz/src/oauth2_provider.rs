//! A provider with all grants and any options, a store that counts queries and may fail, and checks
//! for all responses.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use arbitrary::Arbitrary;
use oauth_proto::OneTimeUse;
use oauth_proto::oauth2::Scope;
use oauth_proto::oauth2::server::store::{
    Attempts, ClientPage, ClientRecord, CountAttempt, Find, FindAttempts, FindClient,
    FindOneTimeRecord, FindToken, Found, FoundOneTimeRecord, GrantPage, ListClients, ListGrants,
    MemoryStore, NotSupported, Purge, Purged, Redeem, Redemption, RememberOnce, RemoveClient,
    ReplaceOneTimeRecord, Revoke, Rotate, Rotation, SaveClient, SaveOneTimeRecord, SaveTokens,
    Saved, Store, TokenRecord,
};
use oauth_proto::oauth2::server::{
    GrantType, Provider, RegistrationPolicy, Rejected, UnknownScope,
};
use oauth_proto::wire::form;
use oauth_proto::{Moment, Response, Timestamp};

pub const ISSUER: &str = "https://auth.example.com";
pub const SECRETS: [&str; 2] = ["7Fjfp0ZBr1KtDRbnfVdmIw", "gX1fBat3bVKtDRbnfVdmIx"];
pub const PASSWORD: &str = "A3ddj3w-of-jane-and-nobody-else";
pub const INITIAL: &str = "this.is.an.initial.access.token.0";
pub const RESOURCES: [&str; 2] = ["https://a.example/", "https://b.example/x?y"];
pub const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
pub const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Client ids with their redirect_uris.
pub const REDIRECTS: [(&str, &str); 4] = [
    ("web", "https://web.example/cb?x=1"),
    ("other", "https://other.example/cb"),
    ("app", "http://127.0.0.1/cb"),
    ("app", "com.example.app:/cb"),
];

#[derive(Arbitrary, Debug, Clone, Copy)]
pub struct Options {
    pub reuse: bool,
    pub keep: bool,
    pub grace: u8,
    pub require_pkce: bool,
    pub plain_pkce: bool,
    pub only_pushed: bool,
    pub only_basic: bool,
    pub only_body: bool,
    pub raw_basic: bool,
    pub separator: bool,
    pub unknown_scope: u8,
    pub default_scope: bool,
    pub registration: u8,
    pub never_expires: bool,
}

pub fn provider(options: Options) -> Provider {
    let unknown = [UnknownScope::Refuse, UnknownScope::Drop, UnknownScope::Default]
        [usize::from(options.unknown_scope % 3)];
    let scoped = |grant_type: GrantType| {
        let mut grant_type = grant_type.scopes("read write");
        grant_type.unknown_scope = unknown;
        grant_type.default_scope = options.default_scope.then(|| "read".into());
        grant_type
    };
    let mut refresh = GrantType::refresh_token();
    refresh.rotation_grace = Some(Duration::from_secs(options.grace.into()));
    refresh.allow_refresh_token_reuse = options.keep;
    refresh.dangerous_never_expires = options.never_expires;
    let mut provider = Provider::builder(ISSUER)
        .add_grant_type(scoped(GrantType::authorization_code()))
        .add_grant_type(scoped(GrantType::dangerous_implicit()))
        .add_grant_type(scoped(GrantType::dangerous_password()))
        .add_grant_type(scoped(GrantType::device_code()))
        .add_grant_type(scoped(GrantType::token_exchange()))
        .add_grant_type(scoped(GrantType::extension("urn:x:voucher")))
        .add_grant_type(GrantType::client_credentials().scopes("stats"))
        .add_grant_type(refresh);
    provider.resources = RESOURCES.map(str::to_owned).into();
    if options.reuse {
        provider.reuse_access_tokens = true;
        provider = provider.token_reuse_key("a key that is not in the store");
    }
    provider.require_pkce = options.require_pkce;
    provider.allow_plain_pkce = options.plain_pkce;
    provider.require_pushed_requests = options.only_pushed;
    provider.only_basic = options.only_basic;
    provider.only_body = options.only_body && !options.only_basic;
    // `build` refuses `allow_raw_basic` if the provider does not accept HTTP Basic.
    let takes_basic = options.only_basic || !options.only_body;
    provider.allow_raw_basic = options.raw_basic && takes_basic;
    if options.separator {
        provider.scope_separator = ',';
    }
    provider.registration = match options.registration % 3 {
        0 => RegistrationPolicy::Off,
        1 => RegistrationPolicy::with_token(INITIAL).unwrap(),
        _ => RegistrationPolicy::AllowAnyone,
    };
    provider.build().unwrap()
}

/// A memory store that counts queries. One query may fail, without an effect.
pub struct Counted {
    pub inner: MemoryStore,
    pub asked: Cell<u32>,
    /// The number of the query in a request that fails.
    pub fails_at: Cell<Option<u32>>,
}

impl Default for Counted {
    fn default() -> Self {
        let inner = MemoryStore::default();
        let everything = ["client_credentials", "implicit", "password", EXCHANGE, "urn:x:voucher"];
        for (at, id) in ["web", "other"].into_iter().enumerate() {
            let record = ClientRecord::confidential(id, SECRETS[at]).unwrap();
            let record = everything.into_iter().fold(record, ClientRecord::add_grant_type);
            inner
                .add_client(redirects(id).fold(record, |record, uri| record.add_redirect_uri(uri)));
        }
        let app =
            ClientRecord::public("app").add_grant_type("implicit").scope(Scope::from("read stats"));
        inner.add_client(redirects("app").fold(app, |record, uri| record.add_redirect_uri(uri)));
        inner.add_client(
            ClientRecord::confidential("api", SECRETS[0])
                .unwrap()
                .may_introspect_all()
                .grant_types(Vec::<String>::new()),
        );
        Self { inner, asked: Cell::default(), fails_at: Cell::default() }
    }
}

fn redirects(client: &str) -> impl Iterator<Item = &'static str> {
    REDIRECTS.into_iter().filter(move |(id, _)| *id == client).map(|(_, uri)| uri)
}

macro_rules! counted {
    ($($method:ident: $Query:ident -> $Output:ty $(, $default:ident)*;)*) => {
        impl Store for Counted {
            type Error = &'static str;
            $(fn $method(&self, query: &$Query) -> Result<$Output, &'static str> {
                self.asked.set(self.asked.get() + 1);
                assert!(self.asked.get() <= 24, "a request asks and asks");
                if self.fails_at.get() == Some(self.asked.get()) {
                    return Err("out of reach");
                }
                Ok(self.inner.$method(query).unwrap())
            })*
        }
    };
}

oauth_proto::for_each_oauth2_query! { counted! {} }

/// A test clock. The entropy is a counter.
pub struct Clock {
    pub now: u64,
    count: u64,
}

impl Clock {
    pub fn at(now: u64) -> Self {
        Self { now, count: 0 }
    }

    pub fn moment(&mut self) -> Moment {
        self.count += 1;
        let mut entropy = [0; 32];
        entropy[..8].copy_from_slice(&self.count.to_be_bytes());
        Moment::new(Timestamp::from_secs(self.now), entropy)
    }
}

/// Returns the parameters of a redirect, if its URL is a registered one of this client.
pub fn brought(location: &str, client: &str) -> Option<Vec<(String, String)>> {
    let parameters = redirects(client).find_map(|registered| {
        let rest = location.strip_prefix(registered).or_else(|| {
            // The port of a loopback address may differ.
            let after = location
                .strip_prefix("http://127.0.0.1:")
                .filter(|_| registered == "http://127.0.0.1/cb")?;
            after.trim_start_matches(|digit: char| digit.is_ascii_digit()).strip_prefix("/cb")
        })?;
        rest.strip_prefix(['?', '&', '#'])
    })?;
    let text = |bytes: std::borrow::Cow<'_, [u8]>| String::from_utf8(bytes.into_owned()).unwrap();
    Some(
        form::pairs(parameters.as_bytes()).map(|(name, value)| (text(name), text(value))).collect(),
    )
}

/// Asserts the rules for all responses.
pub fn well_formed(response: &Response) {
    let headers = response.headers();
    assert!(
        headers
            .values()
            .all(|value| value.as_bytes().iter().all(|byte| (0x20..0x7f).contains(byte))),
        "{headers:?}"
    );
    let status = response.status().as_u16();
    assert!(
        matches!(status, 200 | 201 | 204 | 303 | 400 | 401 | 404 | 405 | 413 | 503),
        "{status}"
    );
    assert_eq!(headers.contains_key("location"), status == 303);
    assert_eq!(headers.contains_key("www-authenticate"), status == 401);
    assert_eq!(headers.contains_key("allow"), status == 405);
    assert_eq!(headers.get_all("cache-control").iter().count(), 1);
    let media_type = headers.get("content-type").map(|value| value.to_str().unwrap());
    match media_type {
        Some("application/json") => {
            let body: serde_json::Map<String, serde_json::Value> =
                serde_json::from_slice(response.body()).unwrap();
            assert_eq!(body.contains_key("error"), status >= 400);
            if let Some(error) = body.get("error") {
                let fits =
                    |letter: char| matches!(letter, ' '..='~') && !matches!(letter, '"' | '\\');
                assert!(
                    error.as_str().is_some_and(|code| !code.is_empty() && code.chars().all(fits)),
                    "{error}"
                );
                assert!(!body.contains_key("access_token"));
                let description = body.get("error_description").map(|text| text.as_str().unwrap());
                assert!(description.is_none_or(|text| text.chars().all(fits)), "{description:?}");
            }
            let is_public = body.contains_key("token_endpoint") && body.contains_key("issuer");
            assert_eq!(
                headers["cache-control"],
                if is_public { "public, max-age=3600" } else { "no-store" }
            );
        }
        Some("text/html; charset=utf-8") => {
            assert_eq!(headers["cache-control"], "no-store");
            assert!(
                headers.contains_key("content-security-policy")
                    && headers.contains_key("x-frame-options")
            );
            let page = std::str::from_utf8(response.body()).unwrap();
            let scripts = usize::from(status == 200);
            assert_eq!(page.matches("<script").count(), scripts, "{page}");
        }
        _ => {
            assert_eq!(headers["cache-control"], "no-store");
            assert!(matches!(status, 303 | 204) && response.body().is_empty());
        }
    }
}

/// Asserts that the texts of a refusal contain no secret.
pub fn shows_no_secret(rejected: &Rejected, secrets: &[String]) {
    let shown = format!("{rejected} {rejected:?} {:?}", rejected.reason);
    let known =
        SECRETS.into_iter().chain([PASSWORD, INITIAL]).chain(secrets.iter().map(String::as_str));
    for secret in known {
        assert!(!shown.contains(secret), "{shown}");
    }
}
