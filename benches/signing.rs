//! Signing and verifying, compared with the fastest other crate, and with the MAC alone, which is
//! the lower limit.
#![allow(missing_docs)]

use std::hint::black_box;
use std::num::NonZeroU64;

use criterion::{
    BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};
use hmac::{Hmac, KeyInit, Mac};
use http::{Method, Request, Uri};
use oauth_proto::OneTimeUse;
use oauth_proto::oauth1::server::store::{ClientRecord, FoundCredentials, NextQuery, TokenRecord};
use oauth_proto::oauth1::server::{Approval, ServerStep, Verifier};
use oauth_proto::oauth1::{
    ClientCredentials, Scheme, Signer, Stamp, TokenCredentials, base_string,
};
use oauth_proto::wire::form;
use oauth_proto::{Moment, Timestamp};
use sha1::Sha1;

/// A request with its decoded parameters, and the credentials that sign it.
struct Case {
    method: Method,
    uri: &'static str,
    parameters: Vec<(String, String)>,
    client: (&'static str, &'static str),
    token: (&'static str, &'static str),
    timestamp: u64,
    nonce: &'static str,
    version: bool,
}

impl Case {
    /// The example of RFC 5849 §3.1.
    fn rfc5849() -> Self {
        Self {
            method: Method::POST,
            uri: "http://example.com/request",
            parameters: owned(&[
                ("b5", "=%3D"),
                ("a3", "a"),
                ("c@", ""),
                ("a2", "r b"),
                ("c2", ""),
                ("a3", "2 q"),
            ]),
            client: ("9djdj82h48djs9d2", "j49sk3j29djd"),
            token: ("kkk9d7dh3k39sjv7", "dh893hdasih9"),
            timestamp: 137_131_201,
            nonce: "7d8f3e4a",
            version: false,
        }
    }

    /// The example of the Twitter API's documentation for creating a signature.
    fn twitter() -> Self {
        Self {
            method: Method::POST,
            uri: "https://api.twitter.com/1.1/statuses/update.json",
            parameters: owned(&[
                ("include_entities", "true"),
                ("status", "Hello Ladies + Gentlemen, a signed OAuth request!"),
            ]),
            client: ("xvz1evFS4wEEPTGEFPHBog", "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw"),
            token: (
                "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
                "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
            ),
            timestamp: 1_318_622_958,
            nonce: "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
            version: true,
        }
    }

    fn large50() -> Self {
        let value = "Lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor \
            incididunt ut labore et";
        let parameters =
            (0..50).map(|at| (format!("parameter_{at:02}"), value[..100].to_owned())).collect();
        Self { parameters, ..Self::twitter() }
    }

    /// Makes a request with `count` unsorted parameters.
    fn scale(count: usize) -> Self {
        let scattered = |at: usize| at.wrapping_mul(7_919) % count;
        let parameters = (0..count)
            .map(|at| (format!("name{:05}", scattered(at)), format!("value {at}")))
            .collect();
        Self { parameters, ..Self::twitter() }
    }

    /// Makes a request with `count` unsorted parameters, with names as in real forms.
    fn form(count: usize) -> Self {
        let scattered = |at: usize| at.wrapping_mul(7_919) % count;
        let name =
            |at: usize| format!("filter[{}][{}]", at / 4, ["from", "page", "sort", "to"][at % 4]);
        let parameters =
            (0..count).map(|at| (name(scattered(at)), format!("value {at}"))).collect();
        Self { parameters, ..Self::twitter() }
    }

    /// Makes a request with `count` unsorted parameters of the same name.
    fn repeated(count: usize) -> Self {
        let scattered = |at: usize| at.wrapping_mul(7_919) % count;
        let parameters = (0..count)
            .map(|at| ("choices[]".to_owned(), format!("{:05}", scattered(at))))
            .collect();
        Self { parameters, ..Self::twitter() }
    }

    /// Makes a request with one parameter of a mebibyte.
    fn mebibyte(text: &str) -> Self {
        Self {
            parameters: vec![("body".to_owned(), text.repeat((1 << 20) / text.len()))],
            ..Self::twitter()
        }
    }

    /// Makes a request with one parameter of a mebibyte of random text. Many of its bytes have to
    /// be encoded.
    fn random_mebibyte() -> Self {
        let mut state = 1_u64;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            char::from(b' ' + u8::try_from((state >> 33) % 95).unwrap())
        };
        let text = (0..1 << 20).map(|_| next()).collect();
        Self { parameters: vec![("body".to_owned(), text)], ..Self::twitter() }
    }

    fn signer(&self) -> Signer {
        let client = ClientCredentials::new(self.client.0, self.client.1);
        let token = TokenCredentials::new(self.token.0, self.token.1);
        let mut scheme = Scheme::default();
        scheme.omit_version = !self.version;
        Signer::new(&scheme, &client, Some(&token))
    }

    fn stamp(&self) -> Stamp<'static> {
        Stamp::new(Timestamp::from_secs(self.timestamp), self.nonce)
    }

    fn sign(&self, signer: &Signer, uri: &Uri) -> String {
        signer.authorization(&self.method, uri, &self.parameters, self.stamp()).unwrap()
    }

    fn oauth1_request(&self) -> impl Fn(&Self) -> String {
        let token = oauth1_request::Token::from_parts(
            self.client.0,
            self.client.1,
            self.token.0,
            self.token.1,
        );
        let list: Vec<_> = self.parameters.clone();
        let list = oauth1_request::ParameterList::new(list);
        let timestamp = NonZeroU64::new(self.timestamp);
        let (nonce, version) = (self.nonce, self.version);
        move |case| {
            let mut builder = oauth1_request::Builder::with_token(token, oauth1_request::HMAC_SHA1);
            builder.nonce(nonce).timestamp(timestamp).version(version);
            builder.authorize(case.method.as_str(), black_box(case.uri), black_box(&list))
        }
    }

    /// Returns the unsigned request with its parameters as a form.
    fn request(&self) -> Request<Vec<u8>> {
        let body = form::encode(self.parameters.iter().map(|(name, value)| (name, value)));
        Request::builder()
            .method(self.method.clone())
            .uri(self.uri)
            .header("content-type", form::MEDIA_TYPE)
            .body(body.into())
            .unwrap()
    }

    fn base_string(&self) -> Vec<u8> {
        let mut request = self.request();
        self.signer().sign(&mut request, self.stamp()).unwrap();
        base_string(&request).unwrap()
    }

    fn raw(&self) -> impl Fn(&[u8]) -> [u8; 20] {
        let key = format!("{}&{}", self.client.1, self.token.1);
        let mac = Hmac::<Sha1>::new_from_slice(key.as_bytes()).unwrap();
        move |base_string| mac.clone().chain_update(base_string).finalize().into_bytes().into()
    }
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn bench_ours(group: &mut BenchmarkGroup<'_, WallTime>, id: impl Into<String>, case: &Case) {
    let (signer, uri) = (case.signer(), case.uri.parse().unwrap());
    group.bench_function(id, |bencher| {
        bencher.iter(|| case.sign(black_box(&signer), black_box(&uri)));
    });
}

fn bench_raw(group: &mut BenchmarkGroup<'_, WallTime>, id: impl Into<String>, case: &Case) {
    let (raw, base_string) = (case.raw(), case.base_string());
    group.throughput(Throughput::Bytes(base_string.len() as u64));
    group.bench_function(id, |bencher| bencher.iter(|| raw(black_box(&base_string))));
}

fn sign(criterion: &mut Criterion) {
    for (name, case) in
        [("rfc5849", Case::rfc5849()), ("twitter", Case::twitter()), ("large50", Case::large50())]
    {
        let mut group = criterion.benchmark_group(format!("sign/{name}"));
        bench_raw(&mut group, "raw_hmac_sha1", &case);
        bench_ours(&mut group, "oauth_proto", &case);
        let peer = case.oauth1_request();
        let ours = case.sign(&case.signer(), &case.uri.parse().unwrap());
        let theirs = peer(&case);
        let agrees = signature(&ours) == signature(&theirs);
        // The example of RFC 5849 repeats a parameter, and has a name that is encoded. The other
        // crate signs it wrongly.
        assert_eq!(agrees, name != "rfc5849", "ours: {ours}\ntheirs: {theirs}");
        if name == "rfc5849" {
            assert_eq!(signature(&ours), "r6%2FTJjbCOr97%2F%2BUU0NsvSne7s5g%3D");
        }
        group.bench_function("oauth1_request", |bencher| bencher.iter(|| peer(black_box(&case))));
        group.finish();
    }
}

fn signature(header: &str) -> &str {
    header.split("oauth_signature=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap()
}

/// Signs complete requests: the parameters are read from the query and the form, and the header is
/// added.
fn sign_request(criterion: &mut Criterion) {
    let case = Case::twitter();
    let (signer, mut request) = (case.signer(), case.request());
    *request.uri_mut() = format!("{}?include_entities=true", case.uri).parse().unwrap();
    *request.body_mut() =
        b"status=Hello%20Ladies%20%2b%20Gentlemen%2c%20a%20signed%20OAuth%20request%21".to_vec();
    criterion.bench_function("sign_request/twitter/oauth_proto_nonce_given", |bencher| {
        bencher.iter(|| {
            signer.sign(black_box(&mut request), case.stamp()).unwrap();
            request.headers_mut().remove("authorization")
        });
    });
    // As in applications, with a nonce from the operating system.
    criterion.bench_function("sign_request/twitter/oauth_proto", |bencher| {
        bencher.iter(|| {
            signer.sign(black_box(&mut request), Moment::from_os()).unwrap();
            request.headers_mut().remove("authorization")
        });
    });
}

fn scale(criterion: &mut Criterion) {
    let mut cases = vec![
        ("mebibyte/spaces".to_owned(), Case::mebibyte("abcdefghijklmno ")),
        ("mebibyte/other_script".to_owned(), Case::mebibyte("Быть или не быть")),
        ("mebibyte/random".to_owned(), Case::random_mebibyte()),
    ];
    for count in [10, 100, 1_000, 10_000] {
        cases.push((format!("numbered/{count}"), Case::scale(count)));
        cases.push((format!("form/{count}"), Case::form(count)));
        cases.push((format!("repeated/{count}"), Case::repeated(count)));
    }
    for (name, case) in cases {
        let mut group = criterion.benchmark_group(format!("scale/{name}"));
        bench_raw(&mut group, "raw_hmac_sha1", &case);
        bench_ours(&mut group, "oauth_proto", &case);
        group.finish();
    }
}

/// Verifies a valid request and three refused requests, with prepared responses of the store.
fn verify(criterion: &mut Criterion) {
    let case = Case::twitter();
    let mut request = case.request();
    case.signer().sign(&mut request, case.stamp()).unwrap();
    let verifier = Verifier::new("https://api.twitter.com").unwrap();
    let found = FoundCredentials::default()
        .client(Some(ClientRecord::with_secret(case.client.1).unwrap().into()))
        .token(Some(TokenRecord::new(case.token.1, case.client.0, Approval::new("jane")).into()));
    let wrong = Some(ClientRecord::with_secret("w".repeat(case.client.1.len())).unwrap().into());
    let mut group = criterion.benchmark_group("verify/twitter");
    for (name, found) in [
        ("oauth_proto", found.clone()),
        ("oauth_proto_unknown_client", found.clone().client(None)),
        ("oauth_proto_unknown_token", found.clone().token(None)),
        ("oauth_proto_wrong_signature", found.client(wrong)),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let moment = Moment::new(Timestamp::from_secs(case.timestamp), [7; 32]);
                let ServerStep::Query(NextQuery::FindCredentials(pending)) =
                    verifier.verify(black_box(&request), moment)
                else {
                    panic!("expected the query FindCredentials first")
                };
                match pending.answer(found.clone()) {
                    ServerStep::Query(NextQuery::RememberOnce(pending)) => {
                        pending.answer(OneTimeUse::First)
                    }
                    refused => refused,
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, sign, sign_request, scale, verify);
criterion_main!(benches);
