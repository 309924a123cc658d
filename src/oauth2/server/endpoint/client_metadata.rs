//! Checks of the metadata that a client registers: RFC 7591 §2. Values that the server does not
//! offer are left out if other values remain (§3.2.1). The server never registers more than the
//! client requested. A refusal contains the refused value and the accepted values.

use serde_json::Value;

use crate::Unsupported;
use crate::oauth2::common::names::{
    AUTHORIZATION_CODE, CLIENT_CREDENTIALS, CLIENT_SECRET_BASIC, CLIENT_SECRET_POST, DEVICE_CODE,
    IMPLICIT, NO_SECRET, REFRESH_TOKEN,
};
use crate::oauth2::common::redirect_uri::{PlainHttp, check_redirect_uri};
use crate::oauth2::server::configure::grant_type::GrantType;
use crate::oauth2::server::configure::provider::Provider;
use crate::oauth2::server::refuse::reason::RejectReason;
use crate::oauth2::server::store::records::client_record::Registrant;
use crate::oauth2::{ClientMetadata, Scope};
use crate::wire::{is_ascii, truncated, without_secrets};

/// The largest number of redirect_uris, and of contacts.
const MOST: usize = 32;

/// The largest length of a text, in bytes.
const LONGEST: usize = 2048;

/// Schemes on which a browser or an operating system acts by itself, or for which it starts a
/// program that is not a client. [`check_redirect_uri`] refuses further schemes, and [`check_own`]
/// refuses schemes with prefixes such as `ms-`. In a URI with the scheme `localhost`, the scheme
/// before the host was forgotten.
const NO_CLIENTS: [&str; 61] = [
    "applescript",
    "shell",
    "shortcuts",
    "content",
    "hcp",
    "help",
    "prefs",
    "app-prefs",
    "vnc",
    "rdp",
    "nfs",
    "afp",
    "webcal",
    "itmss",
    "chrome-extension",
    "moz-extension",
    "googlechrome",
    "x-safari-https",
    "x-safari-http",
    "ws",
    "wss",
    "ftp",
    "ftps",
    "sftp",
    "gopher",
    "filesystem",
    "intent",
    "android-app",
    "market",
    "itms",
    "itms-apps",
    "itms-services",
    "chrome",
    "chrome-untrusted",
    "devtools",
    "edge",
    "opera",
    "brave",
    "resource",
    "jar",
    "feed",
    "mk",
    "res",
    "mhtml",
    "mocha",
    "livescript",
    "jnlp",
    "jnlps",
    "search-ms",
    "sms",
    "smsto",
    "callto",
    "facetime",
    "sip",
    "sips",
    "ssh",
    "telnet",
    "smb",
    "ldap",
    "urn",
    "localhost",
];

/// Returns the metadata to store. Defaults are filled in. Members that the server does not know,
/// and values that it does not offer to this registrant, are left out.
pub(crate) fn check(
    provider: &Provider,
    mut metadata: ClientMetadata,
    registrant: Registrant,
) -> Result<ClientMetadata, RejectReason> {
    leave_out_empty(&mut metadata);
    let method = choose_method(provider, &mut metadata)?;
    let grants = choose_grants(provider, &mut metadata, registrant, &method)?;
    let has = |name: &str| grants.iter().any(|own| own.name == name);
    let responses = [(AUTHORIZATION_CODE, "code"), (IMPLICIT, "token")];
    let fitting: Vec<_> =
        responses.into_iter().filter(|(grant, _)| has(grant)).map(|(_, name)| name).collect();
    choose_response_types(&mut metadata, &fitting)?;
    if metadata.redirect_uris.is_empty() && (has(AUTHORIZATION_CODE) || has(IMPLICIT)) {
        let why =
            "redirect_uris is missing or empty: the grant types authorization_code and implicit \
             need at least one"
                .to_owned();
        return Err(RejectReason::ClientRedirectUri { why, option: None });
    }
    check_count(metadata.redirect_uris.len()).map_err(|why| RejectReason::ClientRedirectUri {
        why: format!("redirect_uris: {why}"),
        option: None,
    })?;
    metadata.redirect_uris.iter().try_for_each(|uri| check_own(uri, provider))?;
    check_texts(&metadata)?;
    metadata.scope = metadata.scope.map(|scope| choose_scope(&grants, &scope)).transpose()?;
    // The server cannot check the statement, so it is not stored.
    metadata.software_statement = None;
    // Names in other languages are kept. Other unknown members are ignored (§2).
    let mut names = 0..MOST;
    metadata.extra.retain(|name, value| {
        is_name_in_a_language(name)
            && value.as_str().is_some_and(is_plain)
            && names.next().is_some()
    });
    Ok(metadata)
}

/// Returns whether a member is the client's name with a language tag (RFC 7591 §2.2, RFC 5646
/// §4.4.1).
fn is_name_in_a_language(member: &str) -> bool {
    let tag = member.strip_prefix("client_name#");
    let fits = |tag: &str| {
        tag.len() <= 35 && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    tag.is_some_and(fits)
}

/// Returns whether all texts in a value are free of control characters, which some databases
/// refuse.
fn is_clean(value: &Value) -> bool {
    let is_clean_text = |text: &str| !text.contains(char::is_control);
    match value {
        Value::String(text) => is_clean_text(text),
        Value::Array(values) => values.iter().all(is_clean),
        Value::Object(members) => {
            members.iter().all(|(name, value)| is_clean_text(name) && is_clean(value))
        }
        _ => true,
    }
}

/// Returns the refusal of a member.
pub(crate) fn refused(member: &str, why: impl Into<String>) -> RejectReason {
    RejectReason::ClientMetadata { member: truncated(member), why: why.into() }
}

/// Removes empty members, which count as absent (RFC 7592 §2.2). Many programs send `""` or `[]`
/// for fields that were not filled in. An empty scope stays, since an absent scope means every
/// scope.
fn leave_out_empty(metadata: &mut ClientMetadata) {
    let is_blank = |text: &str| text.trim().is_empty();
    for text in [
        &mut metadata.token_endpoint_auth_method,
        &mut metadata.client_name,
        &mut metadata.client_uri,
        &mut metadata.logo_uri,
        &mut metadata.tos_uri,
        &mut metadata.policy_uri,
        &mut metadata.jwks_uri,
        &mut metadata.software_id,
        &mut metadata.software_version,
    ] {
        text.take_if(|text| is_blank(text));
    }
    if let Some(contacts) = &mut metadata.contacts {
        contacts.retain(|contact| !is_blank(contact));
    }
    for list in [&mut metadata.contacts, &mut metadata.grant_types, &mut metadata.response_types] {
        list.take_if(|list| list.is_empty());
    }
}

fn choose_method(
    provider: &Provider,
    metadata: &mut ClientMetadata,
) -> Result<String, RejectReason> {
    let authentications = &provider.0.authentications;
    let asked = metadata.token_endpoint_auth_method.as_deref();
    let method = asked.unwrap_or(CLIENT_SECRET_BASIC);
    let known = [
        (CLIENT_SECRET_BASIC, authentications.basic),
        (CLIENT_SECRET_POST, authentications.body),
        (NO_SECRET, true),
    ];
    let is_accepted = match known.into_iter().find(|(name, _)| *name == method) {
        Some((_, accepted)) => accepted,
        None => authentications.source.is_some() && is_plain(method),
    };
    if !is_accepted {
        let accepted =
            list(known.into_iter().filter(|(_, accepted)| *accepted).map(|(name, _)| name));
        let unsaid = if asked.is_none() { " (the default)" } else { "" };
        let why =
            format!("{:?}{unsaid} is not accepted; expected one of {accepted}", truncated(method));
        return Err(refused("token_endpoint_auth_method", why));
    }
    let method = method.to_owned();
    metadata.token_endpoint_auth_method = Some(method.clone());
    Ok(method)
}

/// Keeps the grant types that the server offers to this registrant, each once. A client with only
/// `refresh_token` is refused, since it could not get a first token.
fn choose_grants<'a>(
    provider: &'a Provider,
    metadata: &mut ClientMetadata,
    registrant: Registrant,
    method: &str,
) -> Result<Vec<&'a GrantType>, RejectReason> {
    let may = |grant: &&GrantType| {
        let by_page =
            matches!(grant.name.as_str(), AUTHORIZATION_CODE | REFRESH_TOKEN | DEVICE_CODE);
        // A public client must not use client credentials (RFC 6749 §4.4).
        (by_page || registrant == Registrant::Trusted)
            && !(grant.name == CLIENT_CREDENTIALS && method == NO_SECRET)
    };
    let offered: Vec<_> = provider.0.grant_types.iter().filter(may).collect();
    let asked = metadata.grant_types.take();
    let unsaid = if asked.is_none() { " (the default)" } else { "" };
    let asked = asked.unwrap_or_else(|| vec![AUTHORIZATION_CODE.to_owned()]);
    let left: Vec<_> = offered.iter().filter(|own| asked.contains(&own.name)).copied().collect();
    if left.iter().all(|own| own.name == REFRESH_TOKEN) {
        let why = format!(
            "no token can be obtained with {}{unsaid}; this client can have {}",
            list(asked.iter().map(String::as_str)),
            list(offered.iter().map(|own| own.name.as_str()))
        );
        return Err(refused("grant_types", why));
    }
    // The names stay in the order of the request.
    let mut names: Vec<String> = Vec::new();
    for name in asked {
        if !names.contains(&name) && left.iter().any(|own| own.name == name) {
            names.push(name);
        }
    }
    metadata.grant_types = Some(names);
    Ok(left)
}

/// Keeps the response types that belong to the grant types (§2.1), each once.
fn choose_response_types(
    metadata: &mut ClientMetadata,
    fitting: &[&str],
) -> Result<(), RejectReason> {
    let fitting = fitting.iter().copied();
    let left: Vec<_> = match &metadata.response_types {
        None => fitting.clone().map(str::to_owned).collect(),
        Some(asked) => fitting
            .clone()
            .filter(|name| asked.iter().any(|own| own == name))
            .map(str::to_owned)
            .collect(),
    };
    let is_needed = fitting.clone().next().is_some();
    if let (Some(asked), true, true) = (&metadata.response_types, left.is_empty(), is_needed) {
        let why = format!(
            "{} does not match the grant_types; expected {}",
            list(asked.iter().map(String::as_str)),
            list(fitting)
        );
        return Err(refused("response_types", why));
    }
    metadata.response_types = Some(left);
    Ok(())
}

/// Keeps the scopes that a grant type of the client has.
///
/// # Security
/// If no word of the scope remains, the scope must not become absent, since an absent scope means
/// every scope. It is refused, or stored as empty if the client's grant types have no scopes.
fn choose_scope(grants: &[&GrantType], asked: &Scope) -> Result<Scope, RejectReason> {
    let scopes = || grants.iter().flat_map(|own| [&own.scopes, &own.default_scope]).flatten();
    let mut words: Vec<&str> = Vec::new();
    for word in asked.iter() {
        if !words.contains(&word) && scopes().any(|scope| scope.contains(word)) {
            words.push(word);
        }
    }
    if words.is_empty() && !asked.is_empty() && scopes().any(|scope| !scope.is_empty()) {
        let mut offered: Vec<&str> = Vec::new();
        scopes().flat_map(Scope::iter).for_each(|word| {
            if !offered.contains(&word) {
                offered.push(word);
            }
        });
        let why = format!(
            "none of {:?} is offered; expected some of {}",
            truncated(asked.as_str()),
            list(offered.into_iter())
        );
        return Err(refused("scope", why));
    }
    Ok(Scope::from(words))
}

/// Checks that a redirect_uri is an https URL, an http URL of this machine, or has a private scheme
/// (RFC 8252 §7.1, §8.4). A private scheme must have a dot, unless the operator accepts all. The
/// origin of this server is refused, since the server would regard the redirect as a request of the
/// user.
fn check_own(uri: &str, provider: &Provider) -> Result<(), RejectReason> {
    let refuse = |why: &str, option| {
        Err(RejectReason::ClientRedirectUri {
            why: format!("{:?}: {why}", without_secrets(uri)),
            option,
        })
    };
    if uri.len() > LONGEST {
        return refuse(&too_long(uri.len()), None);
    }
    if !is_ascii(uri) {
        return refuse(
            "a redirect_uri must be ASCII; percent-encode other characters (RFC 3986)",
            None,
        );
    }
    match check_redirect_uri(uri, PlainHttp::Refused) {
        Ok(()) => {}
        Err(Unsupported::Url { reason, .. }) => return refuse(reason, None),
        Err(_) => {
            let why = "the scheme http is accepted for this machine only (127.0.0.1, [::1], \
                localhost); other hosts need https";
            return refuse(why, None);
        }
    }
    let Ok(url) = url::Url::parse(uri) else {
        return refuse("a redirect_uri must be an absolute URI", None);
    };
    let host = |url: &url::Url| url.host_str().map(|host| host.trim_end_matches('.').to_owned());
    let is_own = |issuer: url::Url| {
        let places = [&issuer, &url]
            .map(|url| (host(url), url.port_or_known_default(), url.scheme() == "https"));
        places[0] == places[1]
    };
    if url::Url::parse(&provider.0.issuer).is_ok_and(is_own) {
        return refuse("it has the origin of this server, which a client cannot have", None);
    }
    let scheme = url.scheme();
    // Schemes of operating systems can have a dot, too.
    if NO_CLIENTS.contains(&scheme)
        || ["ms-", "x-apple", "microsoft-"].iter().any(|own| scheme.starts_with(own))
    {
        return refuse(
            &format!(
                "the scheme {scheme:?} cannot be used by a client; use https, or http on this \
                 machine"
            ),
            None,
        );
    }
    if matches!(scheme, "http" | "https")
        || scheme.contains('.')
        || provider.0.allow_any_private_scheme
    {
        return Ok(());
    }
    refuse(
        &format!(
            "the scheme {:?} has no dot; use https, http on this machine, or your domain name in \
             reverse (com.example.app:/callback)",
            truncated(scheme)
        ),
        Some("ProviderBuilder::allow_any_private_scheme"),
    )
}

/// Checks texts and links that pages can show.
fn check_texts(metadata: &ClientMetadata) -> Result<(), RejectReason> {
    for (member, link) in [
        ("client_uri", &metadata.client_uri),
        ("logo_uri", &metadata.logo_uri),
        ("tos_uri", &metadata.tos_uri),
        ("policy_uri", &metadata.policy_uri),
        ("jwks_uri", &metadata.jwks_uri),
    ] {
        let Some(link) = link else { continue };
        if link.len() > LONGEST {
            return Err(refused(
                member,
                format!("{:?}: {}", without_secrets(link), too_long(link.len())),
            ));
        }
        let is_link = |url: url::Url| {
            matches!(url.scheme(), "http" | "https")
                && url.username().is_empty()
                && url.password().is_none()
        };
        if !is_ascii(link) || !url::Url::parse(link).is_ok_and(is_link) {
            let shown = without_secrets(&link.replace(char::is_control, "?"));
            return Err(refused(
                member,
                format!("{shown:?} is not an http or https URL in ASCII without user information"),
            ));
        }
    }
    let texts = [
        ("client_name", &metadata.client_name),
        ("software_id", &metadata.software_id),
        ("software_version", &metadata.software_version),
    ];
    let texts =
        texts.into_iter().filter_map(|(member, text)| text.as_ref().map(|text| (member, text)));
    let contacts = metadata.contacts.iter().flatten();
    for (member, text) in texts.chain(contacts.map(|contact| ("contacts", contact))) {
        if text.len() > LONGEST {
            return Err(refused(
                member,
                format!("{:?}: {}", truncated(text), too_long(text.len())),
            ));
        }
        if !is_plain(text) {
            let why = "has characters that are invisible or change the direction of the text; \
                leave them out";
            return Err(refused(member, format!("{:?} {why}", truncated(text))));
        }
    }
    check_count(metadata.contacts.as_ref().map_or(0, Vec::len))
        .map_err(|why| refused("contacts", why))?;
    if metadata.jwks.as_ref().is_some_and(|jwks| !is_clean(jwks)) {
        return Err(refused("jwks", "a text in it has control characters; leave them out"));
    }
    if metadata.jwks.is_some() && metadata.jwks_uri.is_some() {
        return Err(refused("jwks", "it was sent together with \"jwks_uri\"; send one of the two"));
    }
    Ok(())
}

fn check_count(count: usize) -> Result<(), String> {
    if count > MOST {
        Err(format!("received {count} values, expected at most {MOST}"))
    } else {
        Ok(())
    }
}

fn too_long(length: usize) -> String {
    format!("received {length} bytes, expected at most {LONGEST}")
}

/// Returns names for the text of a refusal. The length is limited, since the client chose the
/// names.
fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let all = names.map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
    let shown = truncated(&all);
    match (all.is_empty(), shown.len() < all.len()) {
        (true, _) => "none".to_owned(),
        (_, true) => shown + " and so on",
        _ => shown,
    }
}

/// Returns whether a page can show a text: it is visible, and has no characters that hide or
/// reverse other text.
fn is_plain(text: &str) -> bool {
    let hides = |letter: char| {
        letter.is_control()
            || matches!(
                letter,
                '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}' | '\u{200b}'..='\u{200f}'
            )
            || matches!(
                letter,
                '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{e0000}'..='\u{e0fff}'
            )
    };
    text.len() <= LONGEST && !text.trim().is_empty() && !text.chars().any(hides)
}
