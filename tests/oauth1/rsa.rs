//! RSA signatures (RFC 5849 §3.4.3), compared with those of OpenSSL.

use crate::common::with::With;
use base64::prelude::{BASE64_STANDARD, Engine};
use http::Request;
use oauth_proto::oauth1::RequestError;
use oauth_proto::oauth1::server::store::{ClientRecord, MemoryStore};
use oauth_proto::oauth1::server::{RejectReason, Verifier, serve};
use oauth_proto::oauth1::{
    ClientCredentials, Method, RsaKey, Scheme, Session, Signer, Stamp, TokenCredentials,
};
use oauth_proto::{Error, Moment, Timestamp, Unsupported};
use percent_encoding::percent_decode_str;
use sha2::{Digest, Sha256};

fn private() -> RsaKey {
    RsaKey::from_pem(include_str!("../keys/rsa2048.pkcs8.pem")).unwrap()
}

fn public() -> RsaKey {
    RsaKey::from_pem(include_str!("../keys/rsa2048.spki.pem")).unwrap()
}

fn signed(method: Method) -> Request<Vec<u8>> {
    let signer = Signer::new(&Scheme::new(method), &ClientCredentials::new("key", ""), None);
    let mut request = Request::get("https://photos.example.net/photos").body(Vec::new()).unwrap();
    signer.sign(&mut request, Stamp::new(Timestamp::from_secs(1), "n")).unwrap();
    request
}

fn signature(request: &Request<Vec<u8>>) -> Vec<u8> {
    let header = request.headers()["authorization"].to_str().unwrap();
    let encoded = header.split("oauth_signature=\"").nth(1).unwrap().split('"').next().unwrap();
    BASE64_STANDARD.decode(percent_decode_str(encoded).collect::<Vec<u8>>()).unwrap()
}

/// The expected values are SHA-256 hashes of signatures that `openssl dgst -sign` made over the
/// same base strings with the same key. The padding is deterministic, so the signatures must be
/// equal.
#[test]
fn signatures_are_those_of_openssl() {
    for (method, expected) in [
        (
            Method::RsaSha1(private()),
            "ae269da01bb5f8e9ab9cf55fb29a2209c6608371f6e5074cd70ba273dc0957f8",
        ),
        (
            Method::RsaSha256(private()),
            "8d76bad668e30812fd60a8416f4fe2b77d486e3137de0f55305aebf3415af53a",
        ),
        (
            Method::RsaSha512(private()),
            "7cf0e340576560bb728dae3e55664ba34505159454c35184b9294a7b9042d2bd",
        ),
    ] {
        let hash: String = Sha256::digest(signature(&signed(method.clone())))
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(hash, expected, "{method:?}");
    }
}

#[test]
fn keys_are_read_in_every_usual_form() {
    let pkcs1 = RsaKey::from_pem(include_str!("../keys/rsa2048.pkcs1.pem")).unwrap();
    assert_eq!(
        signature(&signed(Method::RsaSha256(pkcs1))),
        signature(&signed(Method::RsaSha256(private())))
    );
    assert_eq!(format!("{:?} {:?}", private(), public()), "RsaKey(private) RsaKey(public)");
    for unusable in ["", "-----BEGIN PRIVATE KEY-----", include_str!("../keys/rsa1024.pkcs8.pem")] {
        let error = RsaKey::from_pem(unusable).unwrap_err();
        assert!(
            matches!(error, Error::Unsupported(Unsupported::OAuth1(RequestError::Signing { .. }))),
            "{error}"
        );
    }
}

#[test]
fn a_short_key_is_accepted_only_with_the_dangerous_option() {
    let error =
        RsaKey::from_pem(include_str!("../keys/rsa1024.pkcs8.pem")).unwrap_err().to_string();
    assert!(
        error.contains("1024")
            && error.contains("2048")
            && error.contains("dangerous_short_from_pem"),
        "{error}"
    );
    RsaKey::dangerous_short_from_pem(include_str!("../keys/rsa1024.pkcs8.pem")).unwrap();
    RsaKey::dangerous_short_from_pem(include_str!("../keys/rsa2048.spki.pem")).unwrap();
    for unusable in ["", "-----BEGIN PRIVATE KEY-----", include_str!("../keys/rsa512.pkcs8.pem")] {
        let error = RsaKey::dangerous_short_from_pem(unusable).unwrap_err();
        assert!(
            matches!(error, Error::Unsupported(Unsupported::OAuth1(RequestError::Signing { .. }))),
            "{error}"
        );
    }
}

/// The test case of §9.3 at `http://wiki.oauth.net/TestCases` ("RSA-SHA1") with its key. Many
/// libraries use it. The spelling of the parameters is the one of that page.
#[test]
fn the_signature_is_that_of_the_published_test_case() {
    let key =
        RsaKey::dangerous_short_from_pem(include_str!("../keys/oauth_wiki.rsa1024.pkcs8.pem"))
            .unwrap();
    let client = ClientCredentials::new("dpf43f3p2l4k3l03", "");
    let mut request =
        Request::get("http://photos.example.net/photos?file=vacaction.jpg&size=original")
            .body(Vec::new())
            .unwrap();
    let stamp = Stamp::new(Timestamp::from_secs(1_196_666_512), "13917289812797014437");
    Signer::new(&Scheme::new(Method::RsaSha1(key)), &client, None)
        .sign(&mut request, stamp)
        .unwrap();
    assert_eq!(
        BASE64_STANDARD.encode(signature(&request)),
        "jvTp/wX1TYtByB1m+Pbyo0lnCOLIsyGCH7wke8AUs3BpnwZJtAuEJkvQL2/9n4s5wUmUl4aCI4BwpraNx4RtEXMe5\
         qg5T1LVTGliMRpKasKsW//e+RinhejgCuzoH26dyF8iY2ZZ/5D1ilgeijhV/vBka5twt399mXwaYdCwFYE="
    );
}

#[test]
fn a_public_key_verifies_and_does_not_sign() {
    let store = MemoryStore::default();
    store.add_client("key", ClientRecord::with_key(Method::RsaSha256(public())));
    let stand_in = Method::RsaSha256(public());
    let verifier = Verifier::new("https://photos.example.net").unwrap().with(|it| {
        it.keyed_methods.push(stand_in);
        it.allow_two_legged = true;
    });
    let verify = |request: &Request<Vec<u8>>| {
        let moment = Moment::new(Timestamp::from_secs(2), [1; 32]);
        serve(verifier.verify(request, moment), &store).map_err(|rejected| rejected.reason)
    };
    assert_eq!(verify(&signed(Method::RsaSha256(private()))).unwrap().client_key, "key");

    // A changed request, another hash, and a client without a key.
    let mut changed = signed(Method::RsaSha256(private()));
    *changed.method_mut() = http::Method::DELETE;
    assert_eq!(verify(&changed), Err(RejectReason::WrongSignature));
    let sha1 = verify(&signed(Method::RsaSha1(private())));
    assert_eq!(sha1, Err(RejectReason::MethodUnsupported("RSA-SHA1".into())));
    store.add_client("key", ClientRecord::with_secret("a secret and no key").unwrap());
    assert_eq!(
        verify(&signed(Method::RsaSha256(private()))),
        Err(RejectReason::UnknownClient("key".into()))
    );

    let signer = Signer::new(
        &Scheme::new(Method::RsaSha256(public())),
        &ClientCredentials::new("k", ""),
        None,
    );
    let mut request = Request::get("https://photos.example.net/").body(Vec::new()).unwrap();
    let error = signer.sign(&mut request, Stamp::new(Timestamp::from_secs(1), "n")).unwrap_err();
    assert!(
        matches!(error, Error::Unsupported(Unsupported::OAuth1(RequestError::Signing { .. }))),
        "{error}"
    );
}

#[test]
fn a_session_with_a_private_key_needs_no_secret_to_be_authorized() {
    let client = ClientCredentials::new("key", "");
    let token = || Some(TokenCredentials::new("token", "").into());
    assert!(
        Session::from_credentials(&Scheme::new(Method::RsaSha256(private())), &client, token())
            .is_authorized()
    );
    assert!(
        !Session::from_credentials(&Scheme::new(Method::HmacSha256), &client, token())
            .is_authorized()
    );
    assert!(
        !Session::from_credentials(&Scheme::new(Method::RsaSha256(private())), &client, None)
            .is_authorized()
    );
}
