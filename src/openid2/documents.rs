//! Documents that others discover: a provider's, a user's, a relying party's. OpenID Authentication 2.0 §7.3 and §13.

use quick_xml::escape::escape;

/// The media type of XRDS documents. Serve them with it.
pub const MEDIA_TYPE: &str = "application/xrds+xml";
/// The header that says where the document of a page is (Yadis 1.0 §6.2.4).
pub const LOCATION_HEADER: &str = "x-xrds-location";

/// The type of an OP identifier's service.
pub(super) const SERVER: &str = "http://specs.openid.net/auth/2.0/server";
/// The type of a claimed identifier's service.
pub(super) const SIGNON: &str = "http://specs.openid.net/auth/2.0/signon";
/// Its types in OpenID 1 (§7.3.2.4, §14.2.1).
pub(super) const SIGNON_1: [&str; 4] = [
    "http://openid.net/signon/1.1",
    "http://openid.net/signon/1.0",
    "http://openid.net/server/1.1",
    "http://openid.net/server/1.0",
];
/// The type of a relying party's service (§13).
pub(super) const RETURN_TO: &str = "http://specs.openid.net/auth/2.0/return_to";

/// The document of a provider, at its OP identifier (§7.3.2.1.1): whoever types that identifier is asked who they are at
/// the provider. `extensions` are the types of the extensions that it knows.
///
/// ```
/// use oauth_proto::openid2::{ax, documents};
///
/// let document = documents::provider("https://op.example/openid", &[ax::NAMESPACE]);
/// assert!(document.contains("<URI>https://op.example/openid</URI>"));
/// ```
pub fn provider(endpoint: &str, extensions: &[&str]) -> String {
    document(&[service(&[&[SERVER], extensions].concat(), &[endpoint], None)])
}

/// The document of a user, at the claimed identifier (§7.3.2.1.2). `local_id` is what the provider knows the user by, where
/// that is another identifier.
///
/// ```
/// use oauth_proto::openid2::documents;
///
/// let document = documents::user("https://op.example/openid", None, &[]);
/// assert!(document.contains("/auth/2.0/signon"));
/// ```
pub fn user(endpoint: &str, local_id: Option<&str>, extensions: &[&str]) -> String {
    document(&[service(&[&[SIGNON], extensions].concat(), &[endpoint], local_id)])
}

/// The links in the head of a user's page that say the same without a document (§7.3.3).
///
/// ```
/// use oauth_proto::openid2::documents;
///
/// let links = documents::user_links("https://op.example/openid", None);
/// assert_eq!(links, "<link rel=\"openid2.provider\" href=\"https://op.example/openid\">\n");
/// ```
pub fn user_links(endpoint: &str, local_id: Option<&str>) -> String {
    let mut links = format!("<link rel=\"openid2.provider\" href=\"{}\">\n", escape(endpoint));
    if let Some(local_id) = local_id {
        links.push_str(&format!("<link rel=\"openid2.local_id\" href=\"{}\">\n", escape(local_id)));
    }
    links
}

/// The document of a relying party, at its realm (§13): where it takes answers, and icons for the provider's page if it has
/// any (User Interface Extension §6).
///
/// ```
/// use oauth_proto::openid2::documents;
///
/// let document = documents::relying_party(&["https://rp.example/openid"], &["https://rp.example/icon.png"]);
/// assert!(document.contains("/auth/2.0/return_to"));
/// ```
pub fn relying_party(return_to: &[&str], icons: &[&str]) -> String {
    const ICON: &str = "http://specs.openid.net/extensions/ui/icon";
    let mut services = vec![service(&[RETURN_TO], return_to, None)];
    services.extend(icons.iter().map(|icon| service(&[ICON], &[icon], None)));
    document(&services)
}

fn service(types: &[&str], uris: &[&str], local_id: Option<&str>) -> String {
    let element = |name: &str, text: &str| format!("<{name}>{}</{name}>", escape(text));
    let types = types.iter().map(|text| element("Type", text));
    let uris = uris.iter().map(|text| element("URI", text));
    let local_id = local_id.map(|text| element("LocalID", text));
    format!("<Service>{}</Service>", types.chain(uris).chain(local_id).collect::<String>())
}

fn document(services: &[String]) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<xrds:XRDS xmlns:xrds=\"xri://$xrds\" \
         xmlns=\"xri://$xrd*($v*2.0)\"><XRD>{}</XRD></xrds:XRDS>\n",
        services.concat()
    )
}

#[cfg(test)]
mod tests {
    use super::super::{html, xrds};
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let services =
            xrds::services(user("https://op.example/?a&b", Some("https://a.example/<x>"), &["e"]).as_bytes());
        let service = &services.unwrap()[0];
        assert_eq!(service.types, [SIGNON, "e"]);
        assert_eq!(service.uris, ["https://op.example/?a&b"]);
        assert_eq!(service.local_id.as_deref(), Some("https://a.example/<x>"));

        let page = format!("<head>{}</head>", user_links("https://op.example/?a&b", Some("https://a.example/\"")));
        let head = html::head(page.as_bytes()).unwrap();
        assert_eq!(head.provider.as_deref(), Some("https://op.example/?a&b"));
        assert_eq!(head.local_id.as_deref(), Some("https://a.example/\""));

        let services = xrds::services(relying_party(&["https://a.example/", "https://b.example/"], &["i"]).as_bytes());
        assert_eq!(services.unwrap()[0].uris.len(), 2);
    }
}
