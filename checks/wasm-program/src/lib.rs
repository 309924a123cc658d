//! The URL that signs a user in, made in WebAssembly. In a browser the caller brings the time and
//! the randomness: `Date.now()` and `crypto.getRandomValues`.

use std::cell::RefCell;

use oauth_proto::oauth2::{Authorize, Client};
use oauth_proto::{Moment, Step, Timestamp, services};

thread_local! {
    static ENTROPY: RefCell<[u8; 32]> = const { RefCell::new([0; 32]) };
    static URL: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Returns the URL to which the browser is sent.
pub fn sign_in(moment: Moment) -> String {
    let server = services::GITHUB.authorization_server(None).expect("a row of the table");
    let client = Client::new(server, "client id");
    let client = client.redirect_uri("https://app.example/callback").expect("an absolute URL");
    match client.authorize(Authorize::scope("read:user"), moment) {
        Ok(Step::Done(authorization)) => authorization.url,
        other => panic!("expected a URL, got {other:?}"),
    }
}

/// Returns where the caller writes 32 random bytes.
#[unsafe(no_mangle)]
pub extern "C" fn entropy() -> *mut u8 {
    ENTROPY.with(|entropy| entropy.as_ptr().cast())
}

/// Makes the URL, `now` milliseconds after 1970, and returns where it begins.
#[unsafe(no_mangle)]
pub extern "C" fn make_url(now: f64) -> *const u8 {
    let entropy = ENTROPY.with(|entropy| std::mem::take(&mut *entropy.borrow_mut()));
    let now = Timestamp::from_secs((now / 1000.0) as u64);
    URL.with(|url| *url.borrow_mut() = sign_in(Moment::new(now, entropy)));
    URL.with(|url| url.borrow().as_ptr())
}

/// Returns the length of the URL in bytes.
#[unsafe(no_mangle)]
pub extern "C" fn url_length() -> usize {
    URL.with(|url| url.borrow().len())
}
