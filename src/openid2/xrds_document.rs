//! Writing XRDS documents of providers, users and relying parties: OpenID Authentication 2.0 §7.3
//! and §13.

use std::fmt;

use quick_xml::escape::escape;

/// The type of the service of an OP identifier.
pub(super) const SERVER: &str = "http://specs.openid.net/auth/2.0/server";
/// The type of the service of a claimed identifier.
pub(super) const SIGNON: &str = "http://specs.openid.net/auth/2.0/signon";
/// The types of the service in OpenID 1 (§7.3.2.4, §14.2.1).
pub(super) const SIGNON_1: [&str; 4] = [
    "http://openid.net/signon/1.1",
    "http://openid.net/signon/1.0",
    "http://openid.net/server/1.1",
    "http://openid.net/server/1.0",
];
/// The type of the service of a relying party (§13).
pub(super) const RETURN_TO: &str = "http://specs.openid.net/auth/2.0/return_to";

/// An XRDS document, by which providers, users and relying parties are discovered.
/// [`Display`](fmt::Display) writes its text. Serve it with the media type `application/xrds+xml`,
/// or name its URL in the header `X-XRDS-Location` of a page (Yadis 1.0 §6.2.4).
///
/// ```
/// use oauth_proto::openid2::{ExtensionType, XrdsDocument};
///
/// let extensions = &[ExtensionType::AttributeExchange.as_ref()];
/// let document = XrdsDocument::Provider { endpoint: "https://op.example/openid", extensions };
/// let response = http::Response::builder()
///     .header("content-type", "application/xrds+xml")
///     .body(document.to_string())
///     .unwrap();
/// assert!(response.body().contains("<URI>https://op.example/openid</URI>"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum XrdsDocument<'a> {
    /// The document of a provider, at its OP identifier (§7.3.2.1.1). A user who types the OP
    /// identifier chooses an identifier at the provider.
    Provider {
        /// The endpoint of the provider.
        endpoint: &'a str,
        /// The type URIs of the extensions that the provider supports.
        extensions: &'a [&'a str],
    },
    /// The document of a user, at the claimed identifier (§7.3.2.1.2).
    User {
        /// The endpoint of the user's provider.
        endpoint: &'a str,
        /// The identifier of the user at the provider, if it is not the claimed identifier.
        local_id: Option<&'a str>,
        /// The type URIs of the extensions that the provider supports.
        extensions: &'a [&'a str],
    },
    /// The document of a relying party, at its realm (§13).
    RelyingParty {
        /// The `return_to` URLs of the relying party.
        return_to: &'a [&'a str],
        /// The URLs of icons for the provider's page (User Interface Extension §6).
        icons: &'a [&'a str],
    },
}

impl XrdsDocument<'_> {
    /// The name of the header with the URL of a page's document (Yadis 1.0 §6.2.4).
    pub(super) const LOCATION_HEADER: &'static str = "x-xrds-location";
}

impl fmt::Display for XrdsDocument<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const ICON: &str = "http://specs.openid.net/extensions/ui/icon";
        let services = match *self {
            Self::Provider { endpoint, extensions } => {
                service(&[&[SERVER], extensions].concat(), &[endpoint], None)
            }
            Self::User { endpoint, local_id, extensions } => {
                service(&[&[SIGNON], extensions].concat(), &[endpoint], local_id)
            }
            Self::RelyingParty { return_to, icons } => {
                let icons = icons.iter().map(|icon| service(&[ICON], &[icon], None));
                service(&[RETURN_TO], return_to, None) + &icons.collect::<String>()
            }
        };
        write!(
            f,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<xrds:XRDS xmlns:xrds=\"xri://$xrds\" \
             xmlns=\"xri://$xrd*($v*2.0)\"><XRD>{services}</XRD></xrds:XRDS>\n"
        )
    }
}

/// Returns the links for the head of a user's page, as an alternative to an XRDS document (§7.3.3).
///
/// ```
/// use oauth_proto::openid2::user_links;
///
/// let links = user_links("https://op.example/openid", None);
/// assert_eq!(links, "<link rel=\"openid2.provider\" href=\"https://op.example/openid\">\n");
/// ```
pub fn user_links(endpoint: &str, local_id: Option<&str>) -> String {
    let mut links = format!("<link rel=\"openid2.provider\" href=\"{}\">\n", escape(endpoint));
    if let Some(local_id) = local_id {
        links.push_str(&format!("<link rel=\"openid2.local_id\" href=\"{}\">\n", escape(local_id)));
    }
    links
}

fn service(types: &[&str], uris: &[&str], local_id: Option<&str>) -> String {
    let element = |name: &str, text: &str| format!("<{name}>{}</{name}>", escape(text));
    let types = types.iter().map(|text| element("Type", text));
    let uris = uris.iter().map(|text| element("URI", text));
    let local_id = local_id.map(|text| element("LocalID", text));
    format!("<Service>{}</Service>", types.chain(uris).chain(local_id).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::super::{html, xrds};
    use super::*;

    #[test]
    fn a_written_document_is_read_back() {
        let (endpoint, local_id) = ("https://op.example/?a&b", Some("https://a.example/<x>"));
        let document = XrdsDocument::User { endpoint, local_id, extensions: &["e"] };
        let service = &xrds::services(document.to_string().as_bytes()).unwrap()[0];
        assert_eq!(service.types, [SIGNON, "e"]);
        assert_eq!(service.uris, ["https://op.example/?a&b"]);
        assert_eq!(service.local_id.as_deref(), Some("https://a.example/<x>"));

        let page = format!(
            "<head>{}</head>",
            user_links("https://op.example/?a&b", Some("https://a.example/\""))
        );
        let head = html::head(page.as_bytes()).unwrap();
        assert_eq!(head.provider.as_deref(), Some("https://op.example/?a&b"));
        assert_eq!(head.local_id.as_deref(), Some("https://a.example/\""));

        let return_to = &["https://a.example/", "https://b.example/"];
        let document = XrdsDocument::RelyingParty { return_to, icons: &["i"] };
        let services = xrds::services(document.to_string().as_bytes());
        assert_eq!(services.unwrap()[0].uris.len(), 2);
    }
}
