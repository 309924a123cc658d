//! OpenID 2.0 through the public API: our relying party and our provider.
#![cfg(feature = "openid2")]

#[path = "../common/openid2.rs"]
mod pair;

mod association;
mod authorize;
mod bounds;
#[cfg(feature = "conformance")]
#[path = "../common/broken_stores.rs"]
mod broken_stores;
mod discovery;
mod extensions;
mod laws;
mod openid1;
mod provider;
mod redeem;
#[cfg(feature = "conformance")]
mod store;
#[path = "../common/with.rs"]
mod with;

use with::With;
