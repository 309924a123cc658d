//! A user of Tornado's OpenIdMixin signs in at our OpenID provider.

use interop::our_openid2_provider::{EMAILS, NAME, OurOpenidProvider};
use interop::peer::Peer;
use serde_json::{Value, json};

const EVERYTHING: [&str; 4] = ["name", "email", "language", "username"];

fn sign_in(op: &OurOpenidProvider, ax: &[&str], told: Value) -> Value {
    let mut task = json!({ "endpoint": op.endpoint(), "ax": ax });
    task.as_object_mut().expect("an object").extend(told.as_object().expect("an object").clone());
    Peer::run("tornado_openid2.py").ask(&task)
}

#[test]
fn the_site_gets_the_whole_user() {
    let op = OurOpenidProvider::start();
    let expected = json!({
        "first_name": "Jane",
        "last_name": "Doe é ☃",
        "name": NAME,
        "email": EMAILS[0],
        "locale": "da",
        "username": "jane",
        "claimed_id": op.jane(""),
    });
    let answer = sign_in(&op, &EVERYTHING, json!({}));
    // An assertion is accepted once.
    assert_eq!(answer, json!({ "status": 200, "user": expected, "replayed": 401 }));
}

#[test]
fn the_site_gets_the_requested_attributes() {
    let op = OurOpenidProvider::start();
    let answer = sign_in(&op, &["email"], json!({ "select": "/id/jane#2" }));
    let user = &answer["user"];
    assert_eq!(
        (&user["email"], &user["claimed_id"]),
        (&json!(EMAILS[0]), &json!(op.jane("#2"))),
        "{answer:#}"
    );
    assert_eq!((user.get("username"), user.get("last_name")), (None, None), "{answer:#}");

    let answer = sign_in(&op, &[], json!({}));
    assert_eq!(
        (&answer["status"], &answer["user"]["claimed_id"]),
        (&json!(200), &json!(op.jane(""))),
        "{answer:#}"
    );
    assert_eq!(answer["user"].get("email"), None, "{answer:#}");
}

#[test]
fn a_user_who_denies_is_not_signed_in() {
    let op = OurOpenidProvider::start();
    assert_eq!(sign_in(&op, &EVERYTHING, json!({ "jane": "denies" }))["status"], 401);
}

#[test]
fn a_changed_answer_is_not_confirmed() {
    let op = OurOpenidProvider::start();
    for name in [
        "openid.claimed_id",
        "openid.identity",
        "openid.ax.value.email",
        "openid.sig",
        "openid.assoc_handle",
    ] {
        let answer = sign_in(&op, &EVERYTHING, json!({ "tampers": { name: op.jane("/link") } }));
        assert_eq!(
            (&answer["status"], &answer["user"]),
            (&json!(401), &Value::Null),
            "{name} {answer:#}"
        );
    }
}
