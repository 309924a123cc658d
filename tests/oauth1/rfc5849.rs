//! The examples of RFC 5849, and rules of the RFC that other implementations get wrong.

use crate::common::with::With;
use http::Request;
use oauth_proto::Timestamp;
use oauth_proto::oauth1::{
    ClientCredentials, KeyEncoding, Method, ParameterPlacement, Scheme, Signer, Stamp,
    TokenCredentials, base_string,
};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn photos() -> Scheme {
    Scheme::default().with(|it| {
        it.realm = Some("Photos".into());
        it.omit_version = true;
    })
}

fn printer() -> ClientCredentials {
    ClientCredentials::new("dpf43f3p2l4k3l03", "kd94hf93k423kf44")
}

fn stamp(timestamp: u64, nonce: &str) -> Stamp<'_> {
    Stamp::new(Timestamp::from_secs(timestamp), nonce)
}

fn authorization<B>(request: &Request<B>) -> &str {
    request.headers()["authorization"].to_str().unwrap()
}

fn base<B: AsRef<[u8]>>(request: &Request<B>) -> String {
    String::from_utf8(base_string(request).unwrap()).unwrap()
}

/// Returns the normalized parameters of a GET request with this query.
fn normalized(query: &str) -> String {
    let base = base(&Request::get(format!("http://a.example/?{query}")).body("").unwrap());
    let encoded = base.rsplit('&').next().unwrap();
    percent_encoding::percent_decode_str(encoded).decode_utf8().unwrap().into_owned()
}

fn base_uri(uri: &str) -> String {
    let base = base(&Request::get(uri).body("").unwrap());
    let encoded = base.split('&').nth(1).unwrap();
    percent_encoding::percent_decode_str(encoded).decode_utf8().unwrap().into_owned()
}

/// §1.2: the request for temporary credentials. Only the `Authorization` header has the callback.
#[test]
fn section_1_2_temporary_credentials() -> Outcome {
    let request = Request::post("https://photos.example.net/initiate")
        .header(
            "authorization",
            r#"OAuth realm="Photos", oauth_consumer_key="dpf43f3p2l4k3l03",
               oauth_signature_method="HMAC-SHA1",
               oauth_timestamp="137131200", oauth_nonce="wIjqoS",
               oauth_callback="http%3A%2F%2Fprinter.example.com%2Fready",
               oauth_signature="74KNZJeDHnMBp0EMJ9ZHt%2FXKycU%3D""#
                .replace('\n', " "),
        )
        .body("")?;
    assert_eq!(
        base(&request),
        "POST&https%3A%2F%2Fphotos.example.net%2Finitiate&oauth_callback%3Dhttp%253A%252F\
         %252Fprinter.example.com\
         %252Fready%26oauth_consumer_key%3Ddpf43f3p2l4k3l03%26oauth_nonce%3DwIjqoS\
         %26oauth_signature_method%3D\
         HMAC-SHA1%26oauth_timestamp%3D137131200"
    );
    Ok(())
}

/// §1.2: the request for the photo.
#[test]
fn section_1_2_protected_resource() -> Outcome {
    let token = TokenCredentials::new("nnch734d00sl2jdk", "pfkkdhi9sl3r4s00");
    let signer = Signer::new(&photos(), &printer(), Some(&token));
    let uri = "http://photos.example.net/photos?file=vacation.jpg&size=original";
    let mut request = Request::get(uri).body(Vec::new())?;
    signer.sign(&mut request, stamp(137_131_202, "chapoH"))?;
    assert_eq!(
        authorization(&request),
        "OAuth realm=\"Photos\", oauth_consumer_key=\"dpf43f3p2l4k3l03\", oauth_nonce=\"chapoH\", \
         oauth_signature=\"MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D\", \
         oauth_signature_method=\"HMAC-SHA1\", oauth_timestamp=\"137131202\", \
         oauth_token=\"nnch734d00sl2jdk\""
    );
    assert!(request.headers()["authorization"].is_sensitive());
    Ok(())
}

fn request_of_section_3() -> http::request::Builder {
    Request::post("http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b")
        .header("content-type", "application/x-www-form-urlencoded")
}

const BASE_STRING_OF_SECTION_3: &str = "POST&http%3A%2F%2Fexample.com%2Frequest\
    &a2%3Dr%2520b%26a3%3D2%2520q\
    %26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2\
    %26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201\
    %26oauth_token%3Dkkk9d7dh3k39sjv7";

/// §3.4.1.1: the base string of the request that the section prints.
#[test]
fn section_3_4_1_1_base_string() -> Outcome {
    let request = request_of_section_3()
        .header(
            "authorization",
            "OAuth realm=\"Example\", oauth_consumer_key=\"9djdj82h48djs9d2\", \
             oauth_token=\"kkk9d7dh3k39sjv7\", oauth_signature_method=\"HMAC-SHA1\", \
             oauth_timestamp=\"137131201\", oauth_nonce=\"7d8f3e4a\", \
             oauth_signature=\"bYT5CMsGcbgUdFHObYMEfcx6bsw%3D\"",
        )
        .body("c2&a3=2+q")?;
    assert_eq!(base(&request), BASE_STRING_OF_SECTION_3);
    Ok(())
}

/// §3.1: the same request, signed by this crate, has the same base string. The expected signature
/// is computed with the secrets in the RFC's text. The RFC prints another signature, which was made
/// with other secrets.
#[test]
fn section_3_1_signature() -> Outcome {
    let client = ClientCredentials::new("9djdj82h48djs9d2", "j49sk3j29djd");
    let token = TokenCredentials::new("kkk9d7dh3k39sjv7", "dh893hdasih9");
    let signer = Signer::new(
        &Scheme::default().with(|it| {
            it.realm = Some("Example".into());
            it.omit_version = true;
        }),
        &client,
        Some(&token),
    );
    let mut request = request_of_section_3().body(b"c2&a3=2+q".to_vec())?;
    signer.sign(&mut request, stamp(137_131_201, "7d8f3e4a"))?;
    assert_eq!(base(&request), BASE_STRING_OF_SECTION_3);
    assert!(
        authorization(&request)
            .contains("oauth_signature=\"r6%2FTJjbCOr97%2F%2BUU0NsvSne7s5g%3D\"")
    );
    Ok(())
}

/// §3.4.1.2: both examples of the section, and other URIs to which its rules apply.
#[test]
fn section_3_4_1_2_base_string_uri() {
    for (uri, expected) in [
        ("http://EXAMPLE.COM:80/r%20v/X?id=123", "http://example.com/r%20v/X"),
        ("https://www.example.net:8080/?q=1", "https://www.example.net:8080/"),
        ("HTTPS://Example.com:443", "https://example.com/"),
        ("http://example.com:443/", "http://example.com:443/"),
        ("https://example.com:80/", "https://example.com:80/"),
        ("http://example.com:/x", "http://example.com/x"),
        ("http://user:pass@example.com/x", "http://example.com/x"),
        ("http://[2001:DB8::1]:8080/x", "http://[2001:db8::1]:8080/x"),
        ("http://[::1]:80/x", "http://[::1]/x"),
        ("http://example.com/a/../b/./c//d", "http://example.com/a/../b/./c//d"),
        ("http://example.com/a;p=1", "http://example.com/a;p=1"),
        ("http://example.com/%7Eme/%7e", "http://example.com/%7Eme/%7e"),
    ] {
        assert_eq!(base_uri(uri), expected, "{uri}");
    }
}

/// §3.4.1.2, item 2: the authority is taken from the `Host` header if the request has one.
#[test]
fn section_3_4_1_2_host_header() -> Outcome {
    let request =
        Request::get("http://127.0.0.1:8080/x").header("host", "Photos.example.net:80").body("")?;
    assert!(base(&request).starts_with("GET&http%3A%2F%2Fphotos.example.net%2Fx&"));
    Ok(())
}

/// §3.4.1.3.2: parameters are sorted by encoded name, then by encoded value. Every other order
/// fails for one of these queries.
#[test]
fn section_3_4_1_3_2_sorting() {
    for (query, expected) in [
        // Sorting the joined pairs would put `a1=` first, because `1` sorts before `=`.
        ("a1=y&a=x", "a=x&a1=y"),
        // Sorting decoded values would put `0` first.
        ("k=0&k=:", "k=%3A&k=0"),
        ("sA=2&s[p]=1&s1=3", "s%5Bp%5D=1&s1=3&sA=2"),
        ("a=2&a=1&a=", "a=&a=1&a=2"),
        ("b=1&a=1&c=1&a=0", "a=0&a=1&b=1&c=1"),
        ("é=1&z=1&~=1", "%C3%A9=1&z=1&~=1"),
    ] {
        assert_eq!(normalized(query), expected, "{query}");
    }
}

/// §3.4.1.3.1: how a form is decoded. A `;` does not separate parameters.
#[test]
fn section_3_4_1_3_1_forms() {
    for (query, expected) in [
        ("a=2+q&b=2%20q&c=%2B", "a=2%20q&b=2%20q&c=%2B"),
        ("flag&empty=", "empty=&flag="),
        ("a=1;b=2", "a=1%3Bb%3D2"),
        ("a=%c3%a9&b=%C3%A9", "a=%C3%A9&b=%C3%A9"),
        ("a=%ff%00", "a=%FF%00"),
        ("a=b=c", "a=b%3Dc"),
        ("=x&&a=1&", "=x&a=1"),
        ("a=100%&b=%zz&c=%4", "a=100%25&b=%25zz&c=%254"),
        ("a='(!*)~", "a=%27%28%21%2A%29~"),
    ] {
        assert_eq!(normalized(query), expected, "{query}");
    }
}

/// §3.4.1.3.1: only the body of a form contains parameters. §3.4.1.1: a custom method is encoded.
#[test]
fn other_bodies_are_not_signed_and_other_methods_are_encoded() -> Outcome {
    let json = Request::post("http://a.example/")
        .header("content-type", "application/json")
        .body("a=1")?;
    assert_eq!(base(&json), "POST&http%3A%2F%2Fa.example%2F&");
    let charset = Request::post("http://a.example/")
        .header("content-type", "Application/X-WWW-Form-Urlencoded;charset=UTF-8")
        .body("a=1")?;
    assert_eq!(base(&charset), "POST&http%3A%2F%2Fa.example%2F&a%3D1");
    let method = Request::builder().method("m#search").uri("http://a.example/").body("")?;
    assert_eq!(base(&method), "M%23SEARCH&http%3A%2F%2Fa.example%2F&");
    Ok(())
}

/// The example of the Twitter API's documentation for creating a signature.
#[test]
fn the_twitter_documentations_example() -> Outcome {
    let client = ClientCredentials::new(
        "xvz1evFS4wEEPTGEFPHBog",
        "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
    );
    let token = TokenCredentials::new(
        "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
        "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
    );
    let signer = Signer::new(&Scheme::default(), &client, Some(&token));
    let uri = "https://api.twitter.com/1.1/statuses/update.json?include_entities=true";
    let mut request =
        Request::post(uri).header("content-type", "application/x-www-form-urlencoded").body(
            b"status=Hello%20Ladies%20%2b%20Gentlemen%2c%20a%20signed%20OAuth%20request%21"
                .to_vec(),
        )?;
    signer
        .sign(&mut request, stamp(1_318_622_958, "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg"))?;
    assert_eq!(base(&request).len(), 452);
    assert!(
        authorization(&request).contains("oauth_signature=\"hCtSmYh%2BiHYCEqBWrE7C7hYmtUk%3D\"")
    );
    Ok(())
}

/// §3.4.4 and the examples of §2.1 and §2.3: a PLAINTEXT signature consists of the secrets.
#[test]
fn section_2_1_plaintext() -> Outcome {
    let client = ClientCredentials::new("jd83jd92dhsh93js", "ja893SD9");
    let scheme = Scheme::new(Method::DangerousPlaintext);
    let mut request = Request::post("https://server.example.com/request_token").body(Vec::new())?;
    Signer::new(&scheme, &client, None).sign(&mut request, stamp(1, "n"))?;
    assert!(authorization(&request).contains("oauth_signature=\"ja893SD9%26\""));
    let token = TokenCredentials::new("hdk48Djdsa", "xyz4992k83j47x0b");
    Signer::new(&scheme, &client, Some(&token)).sign(&mut request, stamp(1, "n"))?;
    assert!(authorization(&request).contains("oauth_signature=\"ja893SD9%26xyz4992k83j47x0b\""));
    Ok(())
}

/// §3.5.2 and §3.5.3: the parameters of the protocol are appended to the query or the form. The
/// signature is the same in all three places.
#[test]
fn the_signature_is_the_same_in_the_header_the_query_and_the_body() -> Outcome {
    let form = |placement| -> Result<Request<Vec<u8>>, Box<dyn std::error::Error>> {
        let scheme = Scheme::default().with(|it| it.placement = placement);
        let token = TokenCredentials::new("t&t", "ts");
        let signer = Signer::new(&scheme, &ClientCredentials::new("key", "secret"), Some(&token));
        let mut request = Request::post("https://a.example/x?q=1")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("content-length", "3")
            .body(b"b=2".to_vec())?;
        signer.sign(&mut request, stamp(7, "n n"))?;
        Ok(request)
    };
    let protocol = "oauth_consumer_key=key&oauth_nonce=n%20n&oauth_signature_method=HMAC-SHA1\
        &oauth_timestamp=7\
        &oauth_token=t%26t&oauth_version=1.0&oauth_signature=";

    let query = form(ParameterPlacement::Query)?;
    let in_query = query.uri().query().unwrap().strip_prefix("q=1&").unwrap();
    assert!(in_query.starts_with(protocol), "{in_query}");
    assert!(!query.headers().contains_key("authorization"));

    let body = form(ParameterPlacement::Body)?;
    let in_body = std::str::from_utf8(body.body())?.strip_prefix("b=2&").unwrap();
    assert_eq!(in_body, in_query);
    assert!(!body.headers().contains_key("content-length"));

    let header = form(ParameterPlacement::Header)?;
    let signature = in_query.strip_prefix(protocol).unwrap();
    assert!(authorization(&header).contains(&format!("oauth_signature=\"{signature}\"")));
    assert_eq!(base(&header), base(&query));
    assert_eq!(base(&header), base(&body));
    Ok(())
}

/// Some services of 2007 (OAuth Core 1.0) do not encode the secrets in the key.
#[test]
fn raw_keys_differ_only_where_secrets_need_encoding() -> Outcome {
    let signature = |secret: &str, encoding| -> Result<String, Box<dyn std::error::Error>> {
        let scheme = Scheme::default().with(|it| it.key_encoding = Some(encoding));
        let signer = Signer::new(&scheme, &ClientCredentials::new("k", secret), None);
        let mut request = Request::get("https://a.example/").body(Vec::new())?;
        signer.sign(&mut request, stamp(1, "n"))?;
        Ok(authorization(&request).to_owned())
    };
    assert_eq!(signature("plain", KeyEncoding::Raw)?, signature("plain", KeyEncoding::Encoded)?);
    assert_ne!(signature("a/b+", KeyEncoding::Raw)?, signature("a/b+", KeyEncoding::Encoded)?);
    assert_eq!(signature("a/b+", KeyEncoding::Encoded)?, signature("a%2Fb%2B", KeyEncoding::Raw)?);
    Ok(())
}
