//! The request to the provider and the callback: URLs, forms and stored values.

use crate::pair::*;
use oauth_proto::Callback;
use oauth_proto::Timestamp;
use oauth_proto::openid2::ax::{self};
use oauth_proto::openid2::server::{Approval, CheckIdRequest, Dispatched};
use oauth_proto::openid2::{Authorize, Discovered, Pending};

#[test]
fn a_long_answer_is_sent_as_a_form() {
    let pair = OpenIdPair::default();
    let authorization = pair.begin(pair.asking(JANE));
    let check_id = pair.check_id(&authorization.url().unwrap()).unwrap();
    let biography = "All \"of\" it & <more>.\u{e9} ".repeat(200);
    let approval = Approval::new(JANE)
        .extension(ax::FetchResponse::default().attribute("http://x.example/bio", [&*biography]));
    let response = pair.approve_request(check_id, approval).unwrap();
    assert_eq!(response.status(), 200);
    let page = String::from_utf8(response.into_body()).unwrap();
    let (action, form) = read_form(&page);
    let callback = Callback::posted(&action, form.as_bytes());
    let checked = pair
        .run(
            pair.party.redeem(
                authorization
                    .pending
                    .with(|it| it.association = pair.associations.borrow().last().cloned()),
                callback,
                pair.moment(),
            ),
        )
        .unwrap();
    let assertion = checked.answer(oauth_proto::OneTimeUse::First).unwrap();
    assert_eq!(
        assertion.extension::<ax::FetchResponse>().unwrap().first("http://x.example/bio"),
        Some(biography.as_str())
    );
}

/// Returns the action and the encoded fields of the form in a page.
fn read_form(page: &str) -> (String, String) {
    let unescape = |text: &str| {
        text.replace("&quot;", "\"")
            .replace("&apos;", "'")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&")
    };
    let between = |text: &str, begin: &str| {
        let text = &text[text.find(begin).unwrap() + begin.len()..];
        unescape(&text[..text.find('"').unwrap()])
    };
    let fields = page
        .split("<input ")
        .skip(1)
        .map(|input| (between(input, "name=\""), between(input, "value=\"")));
    (between(page, "action=\""), oauth_proto::wire::form::encode(fields))
}

#[test]
fn the_request_can_be_sent_as_a_form() {
    let pair = OpenIdPair::default();
    let authorization = pair.begin(pair.asking(JANE));
    let (action, form) = read_form(&authorization.page());
    assert_eq!(action, ENDPOINT);
    let Dispatched::CheckIdRequest(by_form) = pair.dispatch(&post(&form)).unwrap() else {
        panic!()
    };
    assert_eq!(*by_form, pair.check_id(&authorization.url().unwrap()).unwrap());
    assert_eq!(fields(&format!("{action}?{form}")).len(), 6);
}

#[test]
fn a_stored_pending_value_is_restored() {
    let pair = OpenIdPair::default();
    let discovered = pair.discover("https://jane.example/").unwrap();
    let stored: Discovered =
        serde_json::from_str(&serde_json::to_string(&discovered).unwrap()).unwrap();
    assert_eq!(discovered, stored);
    let association = pair.associate(&stored).unwrap();
    let authorize = Authorize::new(&discovered, RETURN_TO).with(|it| it.association = association);
    let authorization = pair.party.authorize(authorize, pair.moment()).unwrap();
    let cookie = serde_json::to_string(&authorization.pending).unwrap();
    assert!(cookie.len() < 1000, "{}", cookie.len());
    let check_id = pair.check_id(&authorization.url().unwrap()).unwrap();
    let kept: CheckIdRequest =
        serde_json::from_str(&serde_json::to_string(&check_id).unwrap()).unwrap();
    assert_eq!(check_id, kept);
    let callback = location(&pair.approve_request(kept, Approval::new(JANE)).unwrap());
    let pending: Pending = serde_json::from_str(&cookie).unwrap();
    assert_eq!(pending.expires_at(), Timestamp::from_secs(NOW + 3600));
    assert_eq!(
        pair.verify(pending, &callback).unwrap().claimed_id.as_deref(),
        Some("https://jane.example/")
    );
}
