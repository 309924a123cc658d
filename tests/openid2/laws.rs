//! Properties of OpenID 2.0, checked with random messages: unsigned values are not reported, and
//! discovery ends.

use crate::pair::*;
use oauth_proto::Step;
use oauth_proto::openid2::{Extension, ExtensionType, ax, sreg};
use proptest::prelude::*;

fn name() -> impl Strategy<Value = String> {
    let known = [
        "ns.ax",
        "ns.x",
        "ax.mode",
        "ax.type.e",
        "ax.value.e",
        "ax.type.a0",
        "x.value.a0",
        "sreg.email",
        "x",
    ];
    prop_oneof![prop::sample::select(known.to_vec()).prop_map(str::to_owned), "[a-z.]{1,12}"]
}

fn value() -> impl Strategy<Value = String> {
    let known = [
        ExtensionType::AttributeExchange.as_ref(),
        ax::AttributeType::Email.as_ref(),
        ax::AttributeType::Username.as_ref(),
        "fetch_response",
        "boss@example.com",
        "",
    ];
    prop_oneof![prop::sample::select(known.to_vec()).prop_map(str::to_owned), ".{0,12}"]
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let pieces = [
        "<x:XRDS xmlns:x='xri://$xrds' xmlns='xri://$xrd*($v*2.0)'><XRD>",
        "</XRD></x:XRDS>",
        "<Service>",
        "</Service>",
        "<Type>http://specs.openid.net/auth/2.0/signon</Type>",
        "<URI>https://op.example/openid</URI>",
        "<head>",
        "<link rel=openid2.provider href=https://op.example/openid>",
        "<meta http-equiv=x-xrds-location content=/next>",
        "<!DOCTYPE x [<!ENTITY a 'b'>]>",
        "&a;",
    ];
    let piece = prop_oneof![
        4 => prop::sample::select(pieces.to_vec()).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..20),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Unsigned fields that are added to an assertion do not change the reported user.
    #[test]
    fn no_unsigned_value_is_reported(added in prop::collection::vec((name(), value()), 1..8)) {
        let pair = OpenIdPair::default();
        let authorization = pair.begin(pair.asking(JANE));
        let callback = pair.approve(&authorization.url().unwrap(), |approval| {
            approval.extension(
                ax::FetchResponse::default().attribute(ax::AttributeType::Username, ["jane"]),
            )
        });
        let changed = changed(&callback, |fields| {
            for (name, value) in added {
                fields.entry(format!("openid.{name}")).or_insert(value);
            }
        });
        if let Ok(assertion) = pair.verify(authorization.pending, &changed) {
            prop_assert_eq!(assertion.claimed_id.as_deref(), Some(JANE));
            let attributes = assertion.extension::<ax::FetchResponse>().unwrap();
            let all: Vec<_> = attributes.values.iter().collect();
            prop_assert_eq!(all, [(&ax::AttributeType::Username.into(), &vec!["jane".to_owned()])]);
            prop_assert_eq!(assertion.extension::<sreg::Response>(), None);
            prop_assert_eq!(assertion.profile().email, None);
        }
    }

    /// Every signed value is reported unchanged.
    #[test]
    fn a_signed_value_is_reported(values in prop::collection::vec("[^\n]{0,30}", 1..4)) {
        let pair = OpenIdPair::default();
        let authorization = pair.begin(pair.asking(JANE));
        let sent = ax::FetchResponse::default().attribute(ax::AttributeType::Email, values.clone());
        let extension = Extension::from(sent);
        let callback =
            pair.approve(&authorization.url().unwrap(), |approval| approval.extension(extension));
        let assertion = pair.verify(authorization.pending, &callback).unwrap();
        let attributes = assertion.extension::<ax::FetchResponse>().unwrap();
        prop_assert_eq!(&attributes.values[ax::AttributeType::Email.as_ref()], &values);
    }

    #[test]
    fn discovery_ends_after_few_requests(
        answers in prop::collection::vec((body(), 0..6_u8), 0..40),
    ) {
        let pair = OpenIdPair::default();
        let mut answers = answers.into_iter();
        let mut step = pair.party.discover("https://jane.example/");
        let mut requests = 0;
        while let Ok(Step::Send(_, sent)) = step {
            requests += 1;
            prop_assert!(requests <= MOST);
            let (body, kind) = answers.next().unwrap_or_default();
            let body = String::from_utf8_lossy(&body).into_owned();
            let response = match kind {
                0 => redirect("https://next.example/"),
                1 => redirect("/"),
                2 | 3 => xrds(&body),
                _ => html(&body),
            };
            step = sent.receive(response, pair.moment());
        }
    }
}
