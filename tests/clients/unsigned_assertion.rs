//! An OpenID 2.0 provider without an association, which has to confirm its own signature: the page
//! that names the provider, and an assertion.

use oauth_proto::Response;

use crate::common::oauth2::response;

pub const PROVIDER: &str = "https://op.example/openid";
pub const CLAIMED_ID: &str = "https://jane.example/";

/// Returns the page at the claimed identifier.
pub fn page() -> Response {
    let page = concat!(
        r#"<html><head><link rel="openid2.provider" href="https://op.example/openid">"#,
        "</head></html>",
    );
    response(200, &[("content-type", "text/html")], page)
}

/// Returns the callback URL with an assertion. The relying party has no association with its
/// handle.
pub fn callback(return_to: &str) -> String {
    let mut pairs = url::form_urlencoded::Serializer::new(format!("{return_to}&"));
    for (name, value) in [
        ("ns", "http://specs.openid.net/auth/2.0"),
        ("mode", "id_res"),
        ("op_endpoint", PROVIDER),
        ("claimed_id", CLAIMED_ID),
        ("identity", CLAIMED_ID),
        ("return_to", return_to),
        ("response_nonce", "2023-11-14T22:13:20Zx"),
        ("assoc_handle", "h"),
        ("signed", "op_endpoint,claimed_id,identity,return_to,response_nonce,assoc_handle"),
        ("sig", "c2ln"),
    ] {
        pairs.append_pair(&format!("openid.{name}"), value);
    }
    pairs.finish().replace("&&", "&")
}
