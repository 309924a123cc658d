//! The configuration of a relying party, and discovery.

use std::time::Duration;

use super::super::allowed::Allowed;
use super::super::association::AssociationKind;
use super::super::identifier;
use super::super::options::Options;
use super::super::realm::Realm;
use super::discovered::Discovered;
use super::discovery::{self, DiscoveryResult};
use crate::core::event::Observer;
use crate::wire::without_secrets;
use crate::{Error, Event, Step, Unsupported};

/// The default of [`RelyingParty::nonce_window`].
const WINDOW: Duration = Duration::from_secs(300);

/// A relying party: a site that users sign in to with an OpenID.
///
/// ```no_run
/// use oauth_proto::openid2::server::store::MemoryStore;
/// use oauth_proto::openid2::{Authorize, Options, RelyingParty};
/// use oauth_proto::{Moment, run};
/// # fn send(_: oauth_proto::Request) -> Result<oauth_proto::Response, std::io::Error> {
/// #     unimplemented!()
/// # }
///
/// let party = RelyingParty::new("https://rp.example/", Options::default())?;
/// let store = MemoryStore::default(); // remembers nonces; in production, use your own store
///
/// // The user typed an identifier. Find its provider.
/// let discovered = run(party.discover("jane.example")?, send)?;
/// // The association checks the response. Without it, the provider is asked. Keep it by its
/// // endpoint and handle until it expires. Use the newest one of an endpoint for the next users; a
/// // response to an earlier user can name an older one. If the provider gives no association,
/// // remember that for a while. If the request fails, you can continue without an association.
/// let association =
///     run(party.associate(&discovered, Moment::from_os())?, send).unwrap_or_default();
///
/// let mut authorize = Authorize::new(&discovered, "https://rp.example/openid");
/// authorize.association = association.clone();
/// let authorization = party.authorize(authorize, Moment::from_os())?;
/// println!("remember the pending value, and go to {}", authorization.url()?);
///
/// // The user is back. `uri` is the URL that the browser requested.
/// # let uri = "";
/// let mut pending = authorization.pending;
/// pending.association = association;
/// let assertion = run(party.redeem(pending, uri, Moment::from_os())?, send)?.confirm(&store)?;
/// println!("this is {:?}", assertion.claimed_id);
/// // `assertion.invalidated_handle` names an association that the provider no longer accepts.
/// // Remove it.
/// # Ok::<(), oauth_proto::DriveError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RelyingParty {
    pub(super) realm: Realm,
    pub(super) allowed: Allowed,
    pub(super) kinds: Vec<AssociationKind>,
    pub(super) observer: Observer,
    /// The largest accepted difference between the time of an assertion and the current time, in
    /// both directions. Nonces are remembered for one minute more. Default: five minutes.
    pub nonce_window: Duration,
}

impl RelyingParty {
    /// Makes a relying party with a realm: the URL, often the root of a site, that users are asked
    /// to trust (§9.2). Every `return_to` must be in it. The realm must be an https URL, or an http
    /// URL whose host is this machine. [`authorize`](Self::authorize) checks that.
    ///
    /// To test with a provider on the same machine, set
    /// [`Options::dangerous_allow_internal_hosts`](field@Options::dangerous_allow_internal_hosts).
    ///
    /// # Errors
    /// [`Unsupported::Url`] if `realm` is not a valid realm.
    pub fn new(realm: &str, options: Options) -> Result<Self, Error> {
        let reason = "a realm must be an http or https URL without fragment, and may have `*.` \
            before its host";
        let realm = Realm::parse(realm)
            .ok_or_else(|| Unsupported::Url { url: without_secrets(realm), reason })?;
        Ok(Self {
            realm,
            allowed: options.allowed(),
            nonce_window: WINDOW,
            kinds: options.kinds_or(&[AssociationKind::DhSha256, AssociationKind::DhSha1]),
            observer: Observer::default(),
        })
    }

    /// Calls a function for each [`Event`] of this relying party. Functions are called in the order
    /// in which they were added.
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::openid2::{Options, RelyingParty};
    ///
    /// let party = RelyingParty::new("https://rp.example/", Options::default())?
    ///     .on_event(|event| println!("{event}"));
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    pub fn on_event(mut self, hook: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.observer.push(hook);
        self
    }

    /// Discovers the provider of an identifier that a user typed (§7.2, §7.3). The step fetches the
    /// URL of the identifier. The response is an XRDS document, or names the URL of one in a header
    /// or a `meta` element, or is a page with links to the provider. At most five redirects are
    /// followed for each document.
    ///
    /// An identifier without a scheme is read as https. With
    /// [`Options::dangerous_allow_http`](field@Options::dangerous_allow_http) or
    /// [`Options::dangerous_allow_internal_hosts`](field@Options::dangerous_allow_internal_hosts)
    /// it is read as http, like in the specification. A page without TLS is used only if it
    /// redirects to a page with TLS, unless an option allows more.
    ///
    /// # Security
    /// Your HTTP client fetches URLs that users type. It must refuse hosts of your own network,
    /// have a timeout, and read at most a megabyte.
    ///
    /// # Errors
    /// [`Unsupported::Identifier`] if the text is not an identifier, or if its host is on this
    /// machine or in this machine's network. The step fails with the same error if the document
    /// cannot be read, is not on https after redirects, or names no provider.
    pub fn discover(&self, identifier: &str) -> Result<Step<Discovered>, Error> {
        let spoken_in_the_clear = self.allowed.plain_http || self.allowed.internal_hosts;
        let identifier =
            identifier::parse(identifier, if spoken_in_the_clear { "http" } else { "https" })?;
        let step = discovery::discover(
            &identifier,
            self.allowed,
            Box::new(|found| {
                let DiscoveryResult { found, claimed, reason } = found?;
                let nothing = || Unsupported::Identifier {
                    identifier: without_secrets(claimed.as_str()),
                    reason,
                    response: None,
                };
                Ok(Step::Done(found.into_iter().next().ok_or_else(nothing)?))
            }),
        )?;
        Ok(step.observed_by(&self.observer))
    }
}
