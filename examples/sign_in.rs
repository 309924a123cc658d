//! A web application signs users in with a service. This service is not in the table of services,
//! so the example has a row for it. For a service of the table, use its row, such as
//! `services::GITHUB`, and leave out `instance`.
//!
//! The last line that it prints: signed in: Jane Doe, jane at Photos

mod loopback;

use loopback::{CLIENT_ID, CLIENT_SECRET, REDIRECT_URI};
use oauth_proto::services::{Instance, Oauth2, Pending, ProfileMapping, Protocol, Service, SignIn};
use oauth_proto::{BoxError, Moment, OneTimeUse, Timestamp, UsedPendingIds, run};

/// The row of the service: its endpoints, and where its profile has the user's id and name.
const PHOTOS: Service = {
    let mut oauth2 = Oauth2::new("{base}/authorize", "{base}/token");
    oauth2.issuer = Some("{base}");
    let mut profile = ProfileMapping::new("/user/id");
    profile.name = Some("/user/name");
    profile.scope = "profile";
    let mut photos = Service::new("Photos", Protocol::Oauth2(oauth2));
    photos.instance = Instance::Base { default: None };
    photos.api = &["{base}"];
    photos.userinfo = Some("{base}/me");
    photos.profile = Some(profile);
    photos
};

fn main() -> Result<(), BoxError> {
    let service = loopback::photo_service()?;
    let mut send = loopback::transport();
    let used = UsedPendingIds::new(10_000);

    let photos =
        SignIn::new(&PHOTOS, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI)?.instance(&service.origin)?;

    // The user pressed the button: store the pending value for this browser, in the user's session
    // or in an encrypted cookie, and redirect the browser to the URL.
    let authorization = run(photos.authorize(Moment::from_os())?, &mut send)?;
    let stored = serde_json::to_string(&authorization.pending)?;
    println!("go to {}", authorization.url);

    // The browser is back. Pass the path and query that it requested. A callback must work only
    // once, so mark the pending value as used: here in memory, or in your database if you have
    // several processes.
    let callback = loopback::browser(&authorization.url)?;
    let pending: Pending = serde_json::from_str(&stored)?;
    let first_use = used.mark_used(pending.id(), pending.expires_at(), Timestamp::from_os());
    if first_use != OneTimeUse::First {
        return Err("this callback was used before".into());
    }
    let user = run(photos.redeem(pending, &callback, Moment::from_os())?, &mut send)?;

    // Find your own account by the service and the user's identifier there: names and addresses
    // change, and can be given to others.
    let name = user.name.as_deref().unwrap_or("a user without a name");
    println!("signed in: {name}, {} at {}", user.id, PHOTOS.name);
    Ok(())
}
