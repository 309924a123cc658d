//! Properties of signing and verifying, checked with random requests.

use crate::common::with::With;
use http::Request;
use oauth_proto::oauth1::server::store::{ClientRecord, MemoryStore, TokenRecord};
use oauth_proto::oauth1::server::{Approval, Verifier, serve};
use oauth_proto::oauth1::{
    ClientCredentials, Method, ParameterPlacement, Pending, Scheme, Signer, Stamp, Token,
    TokenCredentials, base_string,
};
use oauth_proto::wire::{Challenge, form};
use oauth_proto::{Moment, Timestamp};
use proptest::prelude::*;

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

/// Names and values with the special characters of each encoding.
fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z0-9]{0,8}", "[ -~]{0,8}", "[&=+%;/?#:\\[\\]é\u{1f600}]{0,4}"]
}

fn pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    let pair = (text(), text())
        .prop_filter("the protocol's names", |(name, _)| !name.starts_with("oauth_"));
    prop::collection::vec(pair, 0..6)
}

fn method() -> impl Strategy<Value = Method> {
    prop_oneof![Just(Method::HmacSha1), Just(Method::HmacSha256), Just(Method::HmacSha512)]
}

fn placement() -> impl Strategy<Value = ParameterPlacement> {
    prop_oneof![
        Just(ParameterPlacement::Header),
        Just(ParameterPlacement::Body),
        Just(ParameterPlacement::Query)
    ]
}

#[derive(Clone, Debug)]
struct Case {
    scheme: Scheme,
    client: ClientCredentials,
    token: TokenCredentials,
    query: Vec<(String, String)>,
    form: Vec<(String, String)>,
    nonce: String,
}

impl Case {
    fn request(&self) -> Request<Vec<u8>> {
        let query = form::encode(self.query.iter().map(|(name, value)| (name, value)));
        Request::post(format!("https://photos.example.net/photos?{query}"))
            .header("content-type", form::MEDIA_TYPE)
            .body(form::encode(self.form.iter().map(|(name, value)| (name, value))).into_bytes())
            .unwrap()
    }

    fn signed(&self) -> Request<Vec<u8>> {
        let mut request = self.request();
        let signer = Signer::new(&self.scheme, &self.client, Some(&self.token));
        signer.sign(&mut request, Stamp::new(NOW, &self.nonce)).unwrap();
        request
    }

    fn verifies(&self, request: &Request<Vec<u8>>) -> bool {
        let store = MemoryStore::default();
        store.add_client(
            self.client.key.clone(),
            ClientRecord::with_secret(self.client.secret.clone()).unwrap(),
        );
        let record = TokenRecord::new(&self.token.secret, &self.client.key, Approval::new("jane"));
        store.add_token(self.token.token.clone(), record);
        let verifier = Verifier::new("https://photos.example.net").unwrap();
        serve(verifier.verify(request, Moment::new(NOW, [1; 32])), &store).is_ok()
    }
}

prop_compose! {
    fn case()(
        method in method(),
        placement in placement(),
        key in text(),
        secret in text(),
        token in text(),
        token_secret in text(),
        query in pairs(),
        form in pairs(),
        nonce in "[ -~]{1,20}",
    ) -> Case {
        Case {
            scheme: Scheme::new(method).with(|it| it.placement = placement),
            client: ClientCredentials::new(key, format!("s{secret}")),
            token: TokenCredentials::new(format!("t{token}"), token_secret),
            query,
            form,
            nonce,
        }
    }
}

/// A change of one signed part of a request.
#[derive(Clone, Debug)]
enum Change {
    Method,
    Path,
    Host,
    AddToQuery,
    AddToForm,
    FlipInForm(prop::sample::Index),
    FlipInHeader(prop::sample::Index),
    FlipInQuery(prop::sample::Index),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        Just(Change::Method),
        Just(Change::Path),
        Just(Change::Host),
        Just(Change::AddToQuery),
        Just(Change::AddToForm),
        any::<prop::sample::Index>().prop_map(Change::FlipInForm),
        any::<prop::sample::Index>().prop_map(Change::FlipInHeader),
        any::<prop::sample::Index>().prop_map(Change::FlipInQuery),
    ]
}

/// Replaces one letter or digit, chosen by `index`. Returns `false` if there is no letter or digit.
fn flip(bytes: &mut [u8], index: prop::sample::Index) -> bool {
    let places: Vec<_> = (0..bytes.len()).filter(|at| bytes[*at].is_ascii_alphanumeric()).collect();
    if places.is_empty() {
        return false;
    }
    let at = places[index.index(places.len())];
    bytes[at] = if bytes[at] == b'7' { b'q' } else { b'7' };
    true
}

fn apply(change: &Change, request: &mut Request<Vec<u8>>) {
    let replace = |request: &mut Request<Vec<u8>>, from: &str, to: &str| {
        *request.uri_mut() = request.uri().to_string().replacen(from, to, 1).parse().unwrap();
    };
    match change {
        Change::Method => *request.method_mut() = http::Method::PUT,
        Change::Path => replace(request, "/photos?", "/photo?"),
        Change::Host => replace(request, "photos.example.net", "photos.example.org"),
        Change::AddToQuery => replace(request, "?", "?added=1&"),
        Change::AddToForm => request.body_mut().extend_from_slice(b"&added=1"),
        Change::FlipInForm(index) => {
            flip(request.body_mut(), *index);
        }
        Change::FlipInQuery(index) => {
            let mut query = request.uri().query().unwrap_or_default().as_bytes().to_vec();
            flip(&mut query, *index);
            let uri =
                format!("https://photos.example.net/photos?{}", String::from_utf8(query).unwrap());
            *request.uri_mut() = uri.parse().unwrap();
        }
        Change::FlipInHeader(index) => {
            if let Some(value) = request.headers().get("authorization") {
                let mut value = value.as_bytes().to_vec();
                flip(&mut value, *index);
                request.headers_mut().insert("authorization", value.as_slice().try_into().unwrap());
            }
        }
    }
}

/// The parts of a request that a verifier can see.
fn meaning(request: &Request<Vec<u8>>) -> impl PartialEq + use<> {
    let header = request.headers().get("authorization").map(|value| {
        // Credentials have the same grammar as a challenge (RFC 9110 §11.4).
        let credentials = Challenge::parse(value.as_bytes()).into_iter().map(|credentials| {
            let decode =
                |value: String| percent_encoding::percent_decode_str(&value).collect::<Vec<u8>>();
            let params =
                credentials.parameters.into_iter().map(|(name, value)| (name, decode(value)));
            (credentials.scheme.to_ascii_lowercase(), params.collect::<Vec<_>>())
        });
        credentials.collect::<Vec<_>>()
    });
    let decoded = |bytes: &[u8]| -> Vec<_> {
        form::pairs(bytes).map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
    };
    let uri = request.uri();
    let query = decoded(uri.query().unwrap_or_default().as_bytes());
    (
        header,
        query,
        decoded(request.body()),
        request.method().clone(),
        uri.host().map(str::to_owned),
        uri.path().to_owned(),
    )
}

proptest! {
    #[test]
    fn a_signed_request_is_verified(case in case()) {
        prop_assert!(case.verifies(&case.signed()));
    }

    #[test]
    fn any_change_of_a_signed_part_breaks_the_signature(case in case(), change in change()) {
        let signed = case.signed();
        let mut changed = signed.clone();
        apply(&change, &mut changed);
        // Skip changes that have no effect: nothing to change, or only another spelling of an
        // escape.
        prop_assume!(meaning(&changed) != meaning(&signed));
        prop_assert!(!case.verifies(&changed), "{:?}", changed);
    }

    #[test]
    fn another_secret_does_not_verify(case in case()) {
        let signed = case.signed();
        let other = ClientCredentials::new(
            case.client.key.clone(),
            format!("{}x", case.client.secret.expose()),
        );
        let stranger = Case { client: other, ..case.clone() };
        prop_assert!(!stranger.verifies(&signed));
        let secret = format!("{}x", case.token.secret.expose());
        let other = TokenCredentials::new(case.token.token.clone(), secret);
        let stranger = Case { token: other, ..case };
        prop_assert!(!stranger.verifies(&signed));
    }

    #[test]
    fn the_order_of_parameters_does_not_matter(
        (pairs, shuffled) in pairs()
            .prop_flat_map(|pairs| (Just(pairs.clone()), Just(pairs).prop_shuffle()))
    ) {
        let signer =
            Signer::new(&Scheme::default(), &ClientCredentials::new("key", "secret"), None);
        let uri = "https://photos.example.net/photos".parse().unwrap();
        let sign = |pairs: &[(String, String)]| {
            signer
                .authorization(&http::Method::POST, &uri, pairs, Stamp::new(NOW, "nonce"))
                .unwrap()
        };
        prop_assert_eq!(sign(&pairs), sign(&shuffled));
        // The signature is also the same if some of the parameters are in the query.
        let (query, form) = shuffled.split_at(shuffled.len() / 2);
        let query = form::encode(query.iter().map(|(name, value)| (name, value)));
        let uri = format!("https://photos.example.net/photos?{query}").parse().unwrap();
        let split = signer
            .authorization(&http::Method::POST, &uri, form, Stamp::new(NOW, "nonce"))
            .unwrap();
        prop_assert_eq!(sign(&pairs), split);
    }

    #[test]
    fn every_placement_signs_the_same_base_string(case in case()) {
        let in_place = |placement| {
            let scheme = case.scheme.clone().with(|it| it.placement = placement);
            base_string(&Case { scheme, ..case.clone() }.signed()).unwrap()
        };
        prop_assert_eq!(in_place(ParameterPlacement::Header), in_place(ParameterPlacement::Query));
        prop_assert_eq!(in_place(ParameterPlacement::Header), in_place(ParameterPlacement::Body));
    }

    #[test]
    fn signing_again_replaces_the_signature(case in case()) {
        let case = Case {
            scheme: case.scheme.clone().with(|it| it.placement = ParameterPlacement::Header),
            ..case
        };
        let once = case.signed();
        let mut again = once.clone();
        let signer = Signer::new(&case.scheme, &case.client, Some(&case.token));
        signer.sign(&mut again, Stamp::new(NOW, &case.nonce)).unwrap();
        prop_assert_eq!(again.headers(), once.headers());
    }

    #[test]
    fn a_token_and_a_pending_value_survive_storage(
        token in text(),
        secret in text(),
        handle in prop::option::of(text()),
        extra in pairs(),
    ) {
        let mut stored = Token::from(TokenCredentials::new(token.clone(), secret.clone()));
        stored.session_handle = handle.map(Into::into);
        stored.expires_at = Some(NOW);
        stored.extra = extra.into_iter().collect();
        let json = serde_json::to_string(&stored).unwrap();
        prop_assert_eq!(serde_json::from_str::<Token>(&json).unwrap(), stored);

        let mut pending = serde_json::json!({
            "v": 3,
            "for": "0123456789abcdef0123456789abcdef",
            "token": token,
            "secret": secret,
            "until": 5,
        });
        pending["returns_to"] = "x:y".into();
        let read: Pending = serde_json::from_value(pending.clone()).unwrap();
        prop_assert_eq!(serde_json::to_value(&read).unwrap(), pending);
    }
}
