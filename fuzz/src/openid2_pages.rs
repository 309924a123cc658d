//! Documents at identifiers, valid and invalid: pieces of XRDS and HTML in any order.

use arbitrary::Arbitrary;
use oauth_proto::Response;

#[derive(Arbitrary, Clone, Debug)]
pub struct Page {
    status: Status,
    kind: Kind,
    location: Option<Url>,
    xrds_location: Option<Url>,
    pieces: Vec<Piece>,
    whole: Whole,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Status {
    Ok,
    Found,
    Permanent,
    NotFound,
    Any(u16),
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Kind {
    Xrds,
    Html,
    None,
}

/// The document around the pieces.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Whole {
    Nothing,
    Xrds,
    Service,
    Head,
}

#[derive(Arbitrary, Clone, Debug)]
enum Piece {
    Markup(u8),
    Uri(Url),
    LocalId(Url),
    Link(u8, Url),
    Meta(Url),
    Text(String),
    Bytes(Vec<u8>),
    Many(u8, u8),
}

#[derive(Arbitrary, Clone, Copy, Debug)]
pub struct Url(u8);

/// URLs of endpoints, of identifiers, of a site, and of internal hosts.
pub const URLS: &[&str] = &[
    "https://op.example/openid",
    "https://op.example/openid?a=b",
    "https://jane.example/",
    "https://jane.example/other#top",
    "http://op.example/openid",
    "http://jane.example/",
    "/relative",
    "//op.example/x",
    "https://127.0.0.1/",
    "http://localhost/",
    "https://10.1.2.3/x",
    "https://[::1]/",
    "https://router/",
    "ftp://op.example/",
    "https://me:pw@op.example/",
    "javascript:alert(1)",
    "https://op.example/#x",
    "",
    "https:///x",
    "https://op.example:99999/",
    "https://rp.example/",
    "https://rp.example/app/back",
    "https://*.rp.example/",
];

const MARKUP: &[&str] = &[
    "<Service>",
    "</Service>",
    "<Service priority=\"10\">",
    "<Service priority=\"x\">",
    "<Type>http://specs.openid.net/auth/2.0/server</Type>",
    "<Type>http://specs.openid.net/auth/2.0/signon</Type>",
    "<Type>http://openid.net/signon/1.1</Type>",
    "<Type>http://specs.openid.net/auth/2.0/return_to</Type>",
    "<Type>",
    "</Type>",
    "<URI priority='1'>https://op.example/second</URI>",
    "<o:Delegate xmlns:o='http://openid.net/xmlns/1.0'>https://op.example/id/jane</o:Delegate>",
    "<XRD>",
    "</XRD>",
    "<x>",
    "</x>",
    "<!DOCTYPE html>",
    "<!DOCTYPE x [<!ENTITY a \"b\">]>",
    "&a;",
    "&amp;",
    "&#x41;",
    "<![CDATA[x]]>",
    "<!--",
    "-->",
    "<head>",
    "</head>",
    "<body>",
    "<title>",
    "</title>",
    "<script>",
    "</script>",
    "<html>",
    "<link rel=\"",
    "\" href='",
];

const RELS: &[&str] = &[
    "openid2.provider",
    "openid2.local_id",
    "openid.server",
    "openid.delegate",
    "x OPENID2.PROVIDER openid.server",
];

impl Url {
    pub fn text(self) -> &'static str {
        URLS[usize::from(self.0) % URLS.len()]
    }
}

impl Page {
    pub fn response(&self) -> Response {
        let status = match self.status {
            Status::Ok => 200,
            Status::Found => 302,
            Status::Permanent => 308,
            Status::NotFound => 404,
            Status::Any(status) => 100 + status % 900,
        };
        let mut builder = http::Response::builder().status(status);
        match self.kind {
            Kind::Xrds => builder = builder.header("content-type", "application/xrds+xml"),
            Kind::Html => builder = builder.header("content-type", "text/html; charset=utf-8"),
            Kind::None => {}
        }
        for (name, url) in [("location", self.location), ("x-xrds-location", self.xrds_location)] {
            if let Some(url) = url {
                builder = builder.header(name, url.text());
            }
        }
        builder.body(self.body()).unwrap()
    }

    fn body(&self) -> Vec<u8> {
        let root = "<r:XRDS xmlns:r='xri://$xrds' xmlns='xri://$xrd*($v*2.0)'><XRD>";
        let (before, after) = match self.whole {
            Whole::Nothing => (String::new(), ""),
            Whole::Xrds => (root.to_owned(), "</XRD></r:XRDS>"),
            Whole::Service => {
                let signon = "<Service><Type>http://specs.openid.net/auth/2.0/signon</Type>";
                (format!("{root}{signon}"), "</Service></XRD></r:XRDS>")
            }
            Whole::Head => ("<html><head>".to_owned(), "</head><body></body></html>"),
        };
        let mut body = before.into_bytes();
        self.pieces.iter().for_each(|piece| piece.write(&mut body));
        body.extend_from_slice(after.as_bytes());
        body
    }
}

impl Piece {
    fn write(&self, out: &mut Vec<u8>) {
        let text = match self {
            Self::Markup(at) => MARKUP[usize::from(*at) % MARKUP.len()].to_owned(),
            Self::Uri(url) => format!("<URI>{}</URI>", url.text()),
            Self::LocalId(url) => format!("<LocalID>{}</LocalID>", url.text()),
            Self::Link(rel, url) => {
                format!(
                    "<link rel=\"{}\" href=\"{}\">",
                    RELS[usize::from(*rel) % RELS.len()],
                    url.text()
                )
            }
            Self::Meta(url) => {
                format!("<meta http-equiv=X-XRDS-Location content='{}'>", url.text())
            }
            Self::Text(text) => text.clone(),
            Self::Bytes(bytes) => return out.extend_from_slice(bytes),
            Self::Many(at, count) => {
                MARKUP[usize::from(*at) % MARKUP.len()].repeat(usize::from(*count) * 40)
            }
        };
        out.extend_from_slice(text.as_bytes());
    }
}
