//! What a client may register, RFC 7591 §2.

use super::grant_type::DEVICE_CODE;
use super::provider::Provider;
use super::rejected::Reason;
use crate::oauth2::ClientMetadata;
use crate::oauth2::redirect_uri::check_redirect_uri;

/// More redirect_uris than this, or contacts, are too many.
const MOST: usize = 32;

/// Longer texts than this are too long.
const LONGEST: usize = 2048;

/// Who registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Registrant {
    /// Somebody with an initial access token.
    Trusted,
    Anyone,
}

/// The metadata as they are kept: what was left out is filled in, and what the server does not know is left out.
pub(super) fn check(
    provider: &Provider,
    mut metadata: ClientMetadata,
    registrant: Registrant,
) -> Result<ClientMetadata, Reason> {
    let refuse = |why| Err(Reason::ClientMetadata(why));
    let grant_types = metadata.grant_types.get_or_insert_with(|| vec!["authorization_code".to_owned()]);
    for grant_type in grant_types.iter() {
        let by_page = matches!(grant_type.as_str(), "authorization_code" | "refresh_token" | DEVICE_CODE);
        if !provider.offers(grant_type) || (registrant == Registrant::Anyone && !by_page) {
            return refuse("a grant type is not to be had");
        }
    }
    let method = metadata.token_endpoint_auth_method.get_or_insert_with(|| "client_secret_basic".to_owned()).clone();
    let authentications = &provider.0.authentications;
    let is_known = match method.as_str() {
        "none" => true,
        "client_secret_basic" => authentications.basic,
        "client_secret_post" => authentications.body,
        _ => authentications.source.is_some(),
    };
    if !is_known {
        return refuse("the token_endpoint_auth_method is not supported");
    }
    let has = |name: &str| metadata.grant_types.as_ref().is_some_and(|own| own.iter().any(|own| own == name));
    if method == "none" && has("client_credentials") {
        return refuse("client_credentials are for clients that authenticate");
    }
    let (code, implicit) = (has("authorization_code"), has("implicit"));
    let response_types = metadata.response_types.get_or_insert_with(|| {
        [(code, "code"), (implicit, "token")]
            .into_iter()
            .filter(|(may, _)| *may)
            .map(|(_, name)| name.to_owned())
            .collect()
    });
    if response_types
        .iter()
        .any(|name| !matches!((name.as_str(), code, implicit), ("code", true, _) | ("token", _, true)))
    {
        return refuse("a response type does not go with the grant types");
    }
    if (code || implicit) && metadata.redirect_uris.is_empty() {
        return Err(Reason::ClientRedirectUri);
    }
    if metadata.redirect_uris.len() > MOST
        || !metadata.redirect_uris.iter().all(|uri| is_redirect_uri(uri, &provider.0.issuer))
    {
        return Err(Reason::ClientRedirectUri);
    }
    check_texts(&metadata)?;
    if let Some(scope) = &metadata.scope {
        let known = |word: &str| {
            let mut scopes = provider.0.grant_types.iter().filter_map(|own| own.scopes.as_ref());
            scopes.any(|scopes| scopes.contains(word))
        };
        if !scope.iter().all(known) {
            return refuse("a scope is not to be had");
        }
    }
    // Nobody checks what it says.
    metadata.software_statement = None;
    // Names in other languages stay; whatever else is there means nothing here (§2).
    metadata.extra.retain(|name, value| name.starts_with("client_name#") && value.as_str().is_some_and(is_plain));
    Ok(metadata)
}

/// An https URL, one of this machine, or one of an app's own scheme, which has a dot in it (RFC 8252 §7.1). None of the
/// server's own pages, which would take what a browser brings from here for the user's doing.
fn is_redirect_uri(uri: &str, issuer: &str) -> bool {
    let origin = |url: &str| url::Url::parse(url).map(|url| url.origin());
    if origin(uri) == origin(issuer) {
        return false;
    }
    let scheme = uri.split(':').next().unwrap_or_default();
    let is_common = matches!(scheme, "http" | "https") || scheme.contains('.');
    uri.len() <= LONGEST && is_common && check_redirect_uri(uri, false).is_ok()
}

/// Texts and links that will stand on pages.
fn check_texts(metadata: &ClientMetadata) -> Result<(), Reason> {
    let links = [&metadata.client_uri, &metadata.logo_uri, &metadata.tos_uri, &metadata.policy_uri, &metadata.jwks_uri];
    let is_link = |link: &String| {
        link.len() <= LONGEST && url::Url::parse(link).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
    };
    if !links.into_iter().flatten().all(is_link) {
        return Err(Reason::ClientMetadata("a link is none"));
    }
    let contacts = metadata.contacts.iter().flatten();
    let texts = [&metadata.client_name, &metadata.software_id, &metadata.software_version].into_iter().flatten();
    if metadata.contacts.as_ref().is_some_and(|all| all.len() > MOST)
        || !contacts.chain(texts).all(|text| is_plain(text))
    {
        return Err(Reason::ClientMetadata("a text is too long, or not plain"));
    }
    if metadata.jwks.is_some() && metadata.jwks_uri.is_some() {
        return Err(Reason::ClientMetadata("jwks and jwks_uri are both there"));
    }
    Ok(())
}

/// A text that a page can show: something is to be seen, and nothing hides or turns the rest around.
fn is_plain(text: &str) -> bool {
    let hides = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}' | '\u{200b}'..='\u{200f}')
            || matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{e0000}'..='\u{e0fff}')
    };
    text.len() <= LONGEST && !text.trim().is_empty() && !text.chars().any(hides)
}
