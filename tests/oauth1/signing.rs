//! The options of signing, and requests that are not signed.

use crate::common::with::With;
use http::Request;
use http::header::HeaderValue;
use oauth_proto::oauth1::RequestError;
use oauth_proto::oauth1::{
    ClientCredentials, Method, ParameterPlacement, Scheme, SignatureMethod, Signer, Stamp,
    TokenCredentials, base_string,
};
use oauth_proto::{Error, Timestamp, Unsupported};

fn sign(scheme: &Scheme, request: &mut Request<Vec<u8>>) -> Result<(), Error> {
    let client = ClientCredentials::new("key", "secret");
    let token = TokenCredentials::new("token", "token secret");
    Signer::new(scheme, &client, Some(&token))
        .sign(request, Stamp::new(Timestamp::from_secs(7), "nonce"))
}

fn post(content_type: Option<&'static str>, body: &str) -> Request<Vec<u8>> {
    let mut request = Request::post("https://a.example/x").body(body.as_bytes().to_vec()).unwrap();
    if let Some(content_type) = content_type {
        request.headers_mut().insert("content-type", HeaderValue::from_static(content_type));
    }
    request
}

fn base(request: &Request<Vec<u8>>) -> String {
    String::from_utf8(base_string(request).unwrap()).unwrap()
}

const SHA1_OF_HELLO_WORLD: &str = "oauth_body_hash%3DLve95gjOVATpfV8EL5X4nxwjKHE%253D";
const JSON: Option<&str> = Some("application/json");

/// OAuth Request Body Hash 1.0 draft 4, appendix: the hash of `Hello World!`.
#[test]
fn other_bodies_are_signed_by_their_hash() {
    let hashes = [
        (Method::HmacSha1, SHA1_OF_HELLO_WORLD),
        (
            Method::HmacSha256,
            "oauth_body_hash%3Df4OxZX%252Fx%252FFO5LcGBSKHWXfwtSx%252Bj1ncoSt3SABJtkGk%253D",
        ),
    ];
    for (method, expected) in hashes {
        let mut request = post(Some("text/plain"), "Hello World!");
        sign(&Scheme::new(method).with(|it| it.body_hash = true), &mut request).unwrap();
        assert!(base(&request).contains(expected), "{}", base(&request));
    }
    let mut request = post(Some("text/plain"), "Hello World!");
    sign(&Scheme::new(Method::HmacSha256).with(|it| it.sha1_body_hash = true), &mut request)
        .unwrap();
    assert!(base(&request).contains(SHA1_OF_HELLO_WORLD), "{}", base(&request));
}

#[test]
fn forms_have_no_body_hash_and_other_bodies_have_one_only_with_the_option() {
    let mut form = post(Some("application/x-www-form-urlencoded"), "a=1");
    sign(&Scheme::default().with(|it| it.body_hash = true), &mut form).unwrap();
    assert!(!base(&form).contains("body_hash") && base(&form).contains("&a%3D1%26"));
    let mut json = post(JSON, "{}");
    sign(&Scheme::default(), &mut json).unwrap();
    assert!(!base(&json).contains("body_hash"));
}

#[test]
fn force_include_body_labels_a_body_that_reads_as_a_form() {
    let forced = Scheme::default().with(|it| it.force_include_body = true);
    let mut form = post(None, "a=1&b=%20");
    sign(&forced, &mut form).unwrap();
    assert_eq!(form.headers()["content-type"], "application/x-www-form-urlencoded");
    assert!(base(&form).contains("&a%3D1%26b%3D%2520%26"), "{}", base(&form));

    for (content_type, body) in [(None, "just text"), (None, r#"{"a":"="}"#), (JSON, "a=1")] {
        let mut other = post(content_type, body);
        sign(&forced, &mut other).unwrap();
        assert!(base(&other).contains("oauth_body_hash"), "{body}");
        assert_eq!(other.headers().get("content-type").is_some(), content_type.is_some());
    }
    let mut refused = post(None, "a=1");
    refused.headers_mut().insert("authorization", HeaderValue::from_static("Basic abc"));
    assert!(sign(&forced, &mut refused).is_err());
    assert!(!refused.headers().contains_key("content-type"), "what cannot be signed is left alone");
    let mut untouched = post(None, "a=1");
    sign(&Scheme::default(), &mut untouched).unwrap();
    assert!(
        !untouched.headers().contains_key("content-type") && !base(&untouched).contains("a%3D1")
    );
}

#[test]
fn the_placement_in_the_body_needs_a_form_or_an_empty_body() {
    let in_body = Scheme::default().with(|it| it.placement = ParameterPlacement::Body);
    let mut empty = post(None, "");
    sign(&in_body, &mut empty).unwrap();
    assert!(empty.body().starts_with(b"oauth_consumer_key=key&"));
    assert_eq!(empty.headers()["content-type"], "application/x-www-form-urlencoded");
    for (content_type, body) in
        [(JSON, "{}"), (JSON, ""), (None, "just text"), (Some("text/plain"), "a=1")]
    {
        let mut other = post(content_type, body);
        let before = format!("{other:?}");
        let error = sign(&in_body, &mut other).unwrap_err();
        assert!(matches!(error, Error::Unsupported(Unsupported::NoFormBody { .. })), "{error}");
        assert_eq!(format!("{other:?}"), before, "what cannot be signed is left alone");
    }
}

#[test]
fn a_get_request_gets_no_body() {
    let mut request = Request::get("https://a.example/").body(Vec::new()).unwrap();
    let error =
        sign(&Scheme::default().with(|it| it.placement = ParameterPlacement::Body), &mut request)
            .unwrap_err();
    assert_eq!(
        error,
        Unsupported::NoFormBody { reason: "a GET or HEAD request has no body" }.into()
    );
}

#[test]
fn a_body_of_any_type_is_signed_by_its_head() {
    struct Stream;
    let client = ClientCredentials::new("key", "secret");
    let stamp = || Stamp::new(Timestamp::from_secs(7), "nonce");
    let mut stream = Request::put("https://a.example/upload?x=1").body(Stream).unwrap();
    Signer::new(&Scheme::default(), &client, None).sign_head(&mut stream, b"", stamp()).unwrap();

    let mut whole =
        Request::put("https://a.example/upload?x=1").body(b"anything".to_vec()).unwrap();
    Signer::new(&Scheme::default(), &client, None).sign(&mut whole, stamp()).unwrap();
    assert_eq!(stream.headers()["authorization"], whole.headers()["authorization"]);

    let form = |stream: bool| {
        let builder = Request::post("https://a.example/x")
            .header("content-type", "application/x-www-form-urlencoded");
        let signer = Signer::new(
            &Scheme::default().with(|it| it.placement = ParameterPlacement::Query),
            &client,
            None,
        );
        if stream {
            let mut request = builder.body(Stream).unwrap();
            signer.sign_head(&mut request, b"a=1", stamp()).unwrap();
            return request.uri().clone();
        }
        let mut request = builder.body(b"a=1".to_vec()).unwrap();
        signer.sign(&mut request, stamp()).unwrap();
        request.uri().clone()
    };
    assert_eq!(form(true), form(false));
    for (scheme, refused) in [
        (
            Scheme::default().with(|it| it.placement = ParameterPlacement::Body),
            Unsupported::NoFormBody { reason: "`sign_head` does not have the body: use `sign`" },
        ),
        (
            Scheme::default().with(|it| it.body_hash = true),
            Unsupported::OAuth1(RequestError::BodyNotAtHand),
        ),
    ] {
        let error =
            Signer::new(&scheme, &client, None).sign_head(&mut stream, b"", stamp()).unwrap_err();
        assert_eq!(error, refused.into());
    }
}

#[test]
fn parameters_of_the_protocol_are_in_one_place() {
    for (placement, uri) in [
        (ParameterPlacement::Header, "https://a.example/?oauth_nonce=1"),
        (ParameterPlacement::Query, "https://a.example/?oauth_nonce=1"),
        (ParameterPlacement::Header, "https://a.example/?oauth_of_our_own=1"),
        (ParameterPlacement::Body, "https://a.example/?oauth_of_our_own=1"),
    ] {
        let mut request = Request::post(uri).body(Vec::new()).unwrap();
        let error =
            sign(&Scheme::default().with(|it| it.placement = placement), &mut request).unwrap_err();
        assert!(
            matches!(
                error,
                Error::Unsupported(Unsupported::OAuth1(RequestError::ParameterPlace { .. }))
            ),
            "{uri}: {error}"
        );
    }
    // An unknown parameter whose name begins with `oauth_` is signed if it is in the same place as
    // the others.
    let mut request = Request::get("https://a.example/?oauth_zzz=1&a=2").body(Vec::new()).unwrap();
    sign(&Scheme::default().with(|it| it.placement = ParameterPlacement::Query), &mut request)
        .unwrap();
    let base = base(&request);
    assert!(
        base.contains("&a%3D2%26oauth_consumer_key") && base.ends_with("%26oauth_zzz%3D1"),
        "{base}"
    );
}

#[test]
fn parameters_in_an_oauth_header_are_kept_and_signed() {
    let mut request = Request::get("https://a.example/")
        .header("authorization", "OAuth realm=\"a b\", xoauth_lang=\"d%20e\", oauth_nonce=\"old\"")
        .body(Vec::new())
        .unwrap();
    sign(&Scheme::default(), &mut request).unwrap();
    let header = request.headers()["authorization"].to_str().unwrap();
    assert!(header.starts_with("OAuth realm=\"a b\", oauth_consumer_key"), "{header}");
    assert!(header.ends_with(", xoauth_lang=\"d%20e\"") && !header.contains("old"), "{header}");
    assert!(base(&request).ends_with("%26xoauth_lang%3Dd%2520e"), "{}", base(&request));
}

#[test]
fn another_schemes_header_is_not_overwritten() {
    for value in ["Bearer abc", "Basic abc", "OAuth a=\"unclosed"] {
        let mut request = Request::get("https://a.example/")
            .header("authorization", value)
            .body(Vec::new())
            .unwrap();
        assert_eq!(
            sign(&Scheme::default(), &mut request),
            Err(Unsupported::AuthorizationPresent.into())
        );
        assert_eq!(request.headers()["authorization"], value);
    }
    let mut request = Request::get("https://a.example/")
        .header("authorization", "Basic abc")
        .body(Vec::new())
        .unwrap();
    sign(&Scheme::default().with(|it| it.placement = ParameterPlacement::Query), &mut request)
        .unwrap();
    assert_eq!(request.headers()["authorization"], "Basic abc");
}

#[test]
fn a_url_that_is_not_http_is_not_signed() {
    for uri in ["/relative", "ftp://a.example/", "https://a.example:99999/", "*"] {
        let mut request = Request::get(uri).body(Vec::new()).unwrap();
        let error = sign(&Scheme::default(), &mut request).unwrap_err();
        assert!(matches!(error, Error::Unsupported(Unsupported::Url { .. })), "{uri}: {error}");
    }
    let mut request = Request::get("https://me:hunter2@a.example:0x1/").body(Vec::new());
    if let Ok(request) = &mut request {
        let error = sign(&Scheme::default(), request).unwrap_err();
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
}

#[test]
fn a_realm_is_quoted_and_cannot_break_out() {
    let mut request = Request::get("https://a.example/").body(Vec::new()).unwrap();
    sign(&Scheme::default().with(|it| it.realm = Some(r#"a"b\c"#.into())), &mut request).unwrap();
    let header = request.headers()["authorization"].to_str().unwrap();
    assert!(header.starts_with(r#"OAuth realm="a\"b\\c", oauth_consumer_key="#), "{header}");
    let error =
        sign(&Scheme::default().with(|it| it.realm = Some("a\r\nb: c".into())), &mut request)
            .unwrap_err();
    assert!(matches!(error, Error::Unsupported(Unsupported::Unsendable { .. })), "{error}");
}

/// A signature method of the caller: the signature is the key and the end of the base string,
/// reversed.
struct Reversed;

impl SignatureMethod for Reversed {
    fn name(&self) -> &'static str {
        "X-REVERSED"
    }

    fn sign(
        &self,
        base_string: &[u8],
        key: &[u8],
        _: Option<&[u8; 16]>,
    ) -> Result<Vec<u8>, String> {
        Ok(key.iter().chain(base_string.iter().rev().take(3)).copied().collect())
    }
}

#[test]
fn a_custom_method_gets_the_key_and_the_base_string() {
    let mut request = Request::get("https://a.example/").body(Vec::new()).unwrap();
    sign(&Scheme::new(Method::Custom(std::sync::Arc::new(Reversed))), &mut request).unwrap();
    let header = request.headers()["authorization"].to_str().unwrap();
    // The base64 of `secret&token%20secret0.1`: the key, then the end of `…oauth_version%3D1.0`
    // reversed.
    assert!(header.contains("oauth_signature=\"c2VjcmV0JnRva2VuJTIwc2VjcmV0MC4x\""), "{header}");
    assert!(header.contains("oauth_signature_method=\"X-REVERSED\""), "{header}");
}

#[test]
fn a_malformed_host_header_is_refused() {
    let mut request =
        Request::get("https://a.example/").header("host", "a b").body(Vec::new()).unwrap();
    assert!(matches!(sign(&Scheme::default(), &mut request), Err(Error::Unsupported(_))));
}

#[test]
fn large_parameters_are_signed_whole() {
    // Longer than every internal buffer, with reserved characters at every offset.
    let client = ClientCredentials::new("k".repeat(5_000), "s".repeat(500));
    let nonce = "n%".repeat(3_000);
    let signer = Signer::new(&Scheme::default(), &client, None);
    let mut request = Request::get(format!("https://a.example/{}?q=1", "p".repeat(3_000)))
        .body(Vec::new())
        .unwrap();
    signer.sign(&mut request, Stamp::new(Timestamp::from_secs(7), &nonce)).unwrap();
    let base = base(&request);
    assert!(base.contains(&"p".repeat(3_000)) && base.contains(&"k".repeat(5_000)));
    assert!(base.contains(&"n%2525".repeat(3_000)));
}
