use std::collections::HashSet;

use url::Url;

use super::*;
use crate::oauth2::TokenPlacement;
use crate::oauth2::{Client, PkceSupport, Session, Token};
use crate::services::instance::Instance;
use crate::services::protocol::{Oauth1, Oauth2, Protocol};
use crate::wire::Origin;
use crate::{Error, Unsupported};

/// Names that have a meaning in an authorization request (RFC 6749, RFC 7636, RFC 9126, RFC 9101).
const RESERVED: &[&str] = &[
    "client_id",
    "client_secret",
    "code",
    "code_challenge",
    "code_challenge_method",
    "redirect_uri",
    "request",
    "request_uri",
    "response_type",
    "scope",
    "state",
];

fn oauth2(row: &Service) -> Option<&Oauth2> {
    match &row.protocol {
        Protocol::Oauth2(oauth2) => Some(oauth2),
        Protocol::Oauth1(_) => None,
    }
}

fn oauth1(row: &Service) -> Option<&Oauth1> {
    match &row.protocol {
        Protocol::Oauth1(oauth1) => Some(oauth1),
        Protocol::Oauth2(_) => None,
    }
}

fn token(row: &Service) -> &'static str {
    match &row.protocol {
        Protocol::Oauth2(oauth2) => oauth2.token,
        Protocol::Oauth1(oauth1) => oauth1.token_credentials,
    }
}

/// The URL templates of a row, with the field that each is in.
fn templates(row: &Service) -> Vec<(&'static str, &'static str)> {
    let endpoints = match &row.protocol {
        Protocol::Oauth2(oauth2) => [
            ("authorization", oauth2.authorization),
            ("token", Some(oauth2.token)),
            ("device", oauth2.device_authorization),
            ("refresh", oauth2.refresh),
            ("revocation", oauth2.revocation),
            ("introspection", oauth2.introspection),
            ("issuer", oauth2.issuer),
        ]
        .to_vec(),
        Protocol::Oauth1(oauth1) => [
            ("temporary credentials", Some(oauth1.temporary_credentials)),
            ("authorization", Some(oauth1.authorization)),
            ("authentication", oauth1.authentication),
            ("token", Some(oauth1.token_credentials)),
        ]
        .to_vec(),
    };
    let emails = row.profile.and_then(|profile| profile.emails).map(|emails| emails.url);
    let profile = [("userinfo", row.userinfo), ("emails", emails)];
    let api = row.api.iter().map(|url| ("api", *url));
    endpoints
        .into_iter()
        .chain(profile)
        .filter_map(|(field, url)| Some((field, url?)))
        .chain(api)
        .collect()
}

/// Returns an instance for a row. `None` if the row has a default, so the default is tested.
fn example(row: &Service) -> Option<&'static str> {
    match row.instance {
        Instance::Base { default: None } => Some("https://place.example"),
        Instance::Name { default: None, .. } => Some("example"),
        _ => None,
    }
}

fn https(url: &str, what: &str) -> Url {
    let parsed = Url::parse(url).unwrap_or_else(|error| panic!("{what}: {url:?}: {error}"));
    assert_eq!(parsed.scheme(), "https", "{what}: {url}");
    assert!(parsed.username().is_empty() && parsed.password().is_none(), "{what}: {url}");
    assert!(parsed.fragment().is_none(), "{what}: {url}");
    assert!(parsed.host_str().is_some_and(|host| host.contains('.')), "{what}: {url}");
    assert!(url.is_ascii() && !url.contains(char::is_whitespace), "{what}: {url}");
    parsed
}

fn origin(url: &str) -> Origin {
    Origin::of(&url.parse().unwrap()).unwrap()
}

#[test]
fn every_url_of_a_row_is_https_when_it_is_filled_in() {
    for row in ALL {
        for (field, template) in templates(row) {
            let url = row.url(template, example(row)).unwrap();
            https(&url, &format!("{} {field}", row.name));
            assert!(!url.contains(['{', '}']), "{} {field}: {url}", row.name);
        }
    }
}

#[test]
fn a_template_has_the_variable_of_its_rows_instance_and_no_other() {
    for row in ALL {
        let (expected, endpoints_have_it) = match row.instance {
            Instance::Fixed => ("", false),
            Instance::Base { .. } => ("{base}", true),
            Instance::Name { .. } => ("{name}", true),
        };
        for (field, template) in templates(row) {
            let rest = if endpoints_have_it {
                template.replacen(expected, "", 1)
            } else {
                template.to_owned()
            };
            assert!(!rest.contains(['{', '}']), "{} {field}: {template}", row.name);
            if endpoints_have_it && matches!(field, "authorization" | "token") {
                assert!(template.contains(expected), "{} {field}: {template}", row.name);
            }
            // A text before `{base}` would become part of the scheme or host.
            assert!(
                !template.contains("{base}") || template.starts_with("{base}"),
                "{} {field}: {template}",
                row.name
            );
        }
    }
}

#[test]
fn there_are_many_rows_and_each_has_its_own_name() {
    assert!(ALL.len() >= 45, "{}", ALL.len());
    let names: HashSet<String> = ALL.iter().map(|row| letters(row.name).collect()).collect();
    assert_eq!(names.len(), ALL.len());
    assert!(!names.contains(""));
}

#[test]
fn every_row_is_in_the_list() {
    let files = [
        include_str!("commerce.rs"),
        include_str!("development.rs"),
        include_str!("identity.rs"),
        include_str!("media.rs"),
        include_str!("oauth1.rs"),
        include_str!("social.rs"),
        include_str!("work.rs"),
    ];
    let written: usize = files.iter().map(|file| file.matches(": Service =").count()).sum();
    assert_eq!(ALL.len(), written);
}

#[test]
fn a_row_is_found_by_any_spelling_of_its_name() {
    for row in ALL {
        assert_eq!(token(find(row.name).unwrap()), token(row));
        assert_eq!(token(find(&row.name.to_uppercase()).unwrap()), token(row));
    }
    assert_eq!(find(" stack-exchange ").unwrap().name, "Stack Exchange");
    for unknown in ["", "git", "githubb", "-"] {
        assert!(find(unknown).is_none(), "{unknown}");
    }
}

#[test]
fn the_documentation_of_a_row_is_a_page() {
    for row in ALL {
        https(row.documentation.unwrap(), row.name);
    }
}

#[test]
fn an_api_is_an_origin_and_the_profiles_origin_is_one_of_them() {
    for row in ALL {
        let fill = |template: &str| row.url(template, example(row)).unwrap();
        // The first base URL of these APIs has a path: their version.
        let versions = [TWITTER.name, DROPBOX_V1.name];
        for url in row.api.iter().skip(usize::from(versions.contains(&row.name))) {
            let url = fill(url);
            assert_eq!(origin(&url).to_string(), url, "{}", row.name);
        }
        let Some(userinfo) = row.userinfo else { continue };
        let profile = origin(&fill(userinfo));
        assert!(row.api.iter().any(|url| origin(&fill(url)) == profile), "{}: {profile}", row.name);
    }
}

#[test]
fn scopes_are_separated_by_a_space_or_a_comma() {
    for row in ALL {
        assert!(
            oauth2(row).is_none_or(|row| matches!(row.scope_separator, ' ' | ',')),
            "{}",
            row.name
        );
    }
}

#[test]
fn fixed_parameters_are_not_parameters_of_the_protocol() {
    for row in ALL {
        let own = oauth2(row).map_or(&[][..], |oauth2| oauth2.authorization_parameters);
        let parameters: Vec<_> =
            own.iter().chain(row.profile.map_or(&[][..], |profile| profile.parameters)).collect();
        let names: HashSet<&str> = parameters.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.len(), parameters.len(), "{}", row.name);
        for (name, value) in parameters {
            assert!(
                !RESERVED.contains(name) && !name.is_empty() && !value.is_empty(),
                "{} {name}",
                row.name
            );
        }
    }
}

#[test]
fn a_header_or_parameter_for_the_token_is_a_plain_word() {
    for row in ALL {
        let Some(oauth2) = oauth2(row) else { continue };
        let word = match oauth2.token_placement {
            TokenPlacement::Bearer => continue,
            TokenPlacement::Scheme(word)
            | TokenPlacement::Header(word)
            | TokenPlacement::Form(word) => word,
            TokenPlacement::AllowQuery(word) | TokenPlacement::AllowBearerAndParameter(word) => {
                word
            }
        };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        assert!(!word.is_empty() && word.bytes().all(plain), "{}", row.name);
    }
}

#[test]
fn every_oauth1_row_makes_a_server() {
    for row in ALL.iter().filter(|row| oauth1(row).is_some()) {
        row.oauth1_server(example(row)).unwrap_or_else(|error| panic!("{}: {error}", row.name));
        assert!(row.authorization_server(example(row)).is_err(), "{}", row.name);
    }
    let of_2007: Vec<&str> = ALL
        .iter()
        .filter(|row| oauth1(row).is_some_and(|row| row.version_2007))
        .map(|row| row.name)
        .collect();
    assert_eq!(of_2007, [DROPBOX_V1.name]);
}

#[test]
fn an_installation_is_named_by_its_url() {
    for (place, expected) in [
        ("https://git.example.com", "https://git.example.com/oauth/token"),
        ("https://git.example.com//", "https://git.example.com/oauth/token"),
        ("https://Example.com:8443/git/lab", "https://Example.com:8443/git/lab/oauth/token"),
        ("http://localhost:3000", "http://localhost:3000/oauth/token"),
        ("http://[::1]:3000/", "http://[::1]:3000/oauth/token"),
    ] {
        assert_eq!(GITLAB.url(token(&GITLAB), Some(place)).unwrap(), expected);
    }
}

#[test]
fn an_unusual_url_of_an_installation_is_refused() {
    for place in [
        "",
        "/",
        "https://",
        "//git.example",
        "git.example",
        "ftp://git.example",
        "https://me@git.example",
        "https://me:pw@git.example",
        "https://@git.example",
        "https://git.example?x=y",
        "https://git.example/?",
        "https://git.example#f",
        "https://git.example/a/../b",
        "https://git.example/%2e%2e/b",
        "https://git.example\\@evil.example",
        "https://git.example/{base}",
        "https://git.example:99999",
        "https://git.example:+443",
        "https://127.1",
        "https://0x7f000001",
        " https://git.example",
        "https://git.example/a b",
        "https://git.exämple",
    ] {
        let error = GITLAB.url(token(&GITLAB), Some(place)).unwrap_err();
        assert!(matches!(error, Error::Unsupported(Unsupported::Url { .. })), "{place}: {error}");
    }
}

#[test]
fn an_installation_without_tls_is_refused_unless_it_is_this_machine() {
    for place in ["http://x.example", "http://localhost.example", "http://10.0.0.1/"] {
        let error = GITLAB.url(token(&GITLAB), Some(place)).unwrap_err();
        assert!(
            matches!(error, Error::Unsupported(Unsupported::PlainHttp { .. })),
            "{place}: {error}"
        );
        // A row has no option that would allow it.
        assert!(
            error.to_string().contains("https") && !error.to_string().contains("allows this"),
            "{error}"
        );
    }
}

#[test]
fn a_name_cannot_change_where_a_request_goes() {
    for name in
        ["contoso", "contoso.onmicrosoft.com", "8eaef023-2b34-4da1-9baa-8bc8c9d6a490", "a_b"]
    {
        let url = MICROSOFT.url(token(&MICROSOFT), Some(name)).unwrap();
        assert_eq!(url, format!("https://login.microsoftonline.com/{name}/oauth2/v2.0/token"));
    }
    for row in [&MICROSOFT, &SHOPIFY, &ZENDESK] {
        for name in [
            "",
            ".",
            "..",
            ".a",
            "a.",
            "a..b",
            "evil.example/",
            "a@b",
            "a/../b",
            "//x",
            "a:b",
            "a?b",
            "a#b",
            "a\\b",
            "a%2fb",
            "a b",
            "a\r\nb",
            "{name}",
            "http://x.example",
            "ä",
        ] {
            let error = row.url(token(row), Some(name)).unwrap_err();
            assert!(
                matches!(error, Error::Unsupported(Unsupported::Url { .. })),
                "{name}: {error}"
            );
        }
    }
}

#[test]
fn an_instance_is_needed_only_by_services_with_many() {
    assert!(KEYCLOAK.url(token(&KEYCLOAK), None).is_err());
    assert!(SHOPIFY.url(token(&SHOPIFY), None).is_err());
    assert!(GITHUB.url(token(&GITHUB), Some("https://git.example.com")).is_err());
    assert_eq!(GITHUB.url(token(&GITHUB), None).unwrap(), token(&GITHUB));
    assert_eq!(
        MICROSOFT.url(token(&MICROSOFT), None).unwrap(),
        "https://login.microsoftonline.com/common/oauth2/v2.0/token"
    );
}

#[test]
fn a_refused_instance_is_not_quoted_with_its_secrets() {
    let error = GITLAB
        .url(token(&GITLAB), Some("https://me:hunter2@git.example?token=hunter2"))
        .unwrap_err();
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

#[test]
fn every_row_makes_a_client_and_a_session() {
    for row in ALL {
        let Some(oauth2) = oauth2(row) else { continue };
        assert!(row.oauth1_server(example(row)).is_err(), "{}", row.name);
        let server = row.authorization_server(example(row)).unwrap();
        let client = Client::new(server, "id")
            .secret("secret")
            .redirect_uri("https://client.example/cb")
            .unwrap();
        if oauth2.authorization.is_some() {
            let moment = crate::Moment::new(crate::Timestamp::from_secs(1), [7; 32]);
            let step = client.authorize(crate::oauth2::Authorize::scope("a b"), moment).unwrap();
            let crate::Step::Done(authorization) = step else { panic!("{}", row.name) };
            let url = https(&authorization.url, row.name);
            for (name, value) in oauth2.authorization_parameters {
                assert!(
                    url.query_pairs().any(|(own, v)| own == *name && v == *value),
                    "{}: {url}",
                    row.name
                );
            }
            let proof = url.query_pairs().any(|(name, _)| name == "code_challenge");
            assert_eq!(proof, oauth2.pkce != PkceSupport::Refused, "{}: {url}", row.name);
        }
        for api in row.api {
            let api = row.url(api, example(row)).unwrap();
            Session::new(&client, &api, Token::bearer("x"))
                .unwrap_or_else(|error| panic!("{}: {error}", row.name));
        }
    }
}
