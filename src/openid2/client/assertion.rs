//! What has been verified of a user, OpenID Authentication 2.0 §11.5: signed fields and nothing else.

use std::fmt;

use super::super::extensions::{Extension, ResponseExtension};
use super::super::message::{Message, Version};
use super::super::server::store::{AsyncStore, RememberNonce, Store};
use crate::{Error, Forged, OneTimeUse};

/// An assertion of which all is checked but whether it comes for the first time (§11.3).
///
/// That is for your storage to tell: [`remember`](Self::remember) asks a [`Store`], [`remember_async`](Self::remember_async)
/// an [`AsyncStore`]. Or ask what you have, and hand its answer here:
///
/// ```
/// use oauth_proto::Error;
/// use oauth_proto::openid2::{Assertion, UnconfirmedAssertion, MemoryStore, Store};
///
/// fn accept(checked: UnconfirmedAssertion, store: &MemoryStore) -> Result<Assertion, Error> {
///     let one_time_use = match store.remember_nonce(checked.nonce()) {
///         Ok(one_time_use) => one_time_use,
///         Err(never) => match never {},
///     };
///     checked.answer(one_time_use)
/// }
/// ```
#[must_use = "an assertion counts once its nonce has been remembered"]
#[derive(Debug)]
pub struct UnconfirmedAssertion {
    nonce: RememberNonce,
    assertion: Assertion,
}

impl UnconfirmedAssertion {
    pub(super) fn new(nonce: RememberNonce, assertion: Assertion) -> Self {
        Self { nonce, assertion }
    }

    /// What to remember, and to look whether it was there.
    pub fn nonce(&self) -> &RememberNonce {
        &self.nonce
    }

    /// The assertion, if a blocking store has not seen its nonce.
    ///
    /// ```
    /// use oauth_proto::openid2::{Assertion, UnconfirmedAssertion, Store};
    ///
    /// fn accept<E>(checked: UnconfirmedAssertion, store: &impl Store<Error = E>) -> Result<Assertion, Box<dyn std::error::Error>>
    /// where
    ///     E: std::error::Error + 'static,
    /// {
    ///     Ok(checked.remember(store)??) // the store's error, and the protocol's
    /// }
    /// ```
    ///
    /// # Errors
    /// The store's. Within, those of [`answer`](Self::answer).
    pub fn remember<S: Store>(self, store: &S) -> Result<Result<Assertion, Error>, S::Error> {
        let one_time_use = store.remember_nonce(&self.nonce)?;
        Ok(self.answer(one_time_use))
    }

    /// As [`remember`](Self::remember), with an asynchronous store.
    ///
    /// # Errors
    /// As [`remember`](Self::remember).
    pub async fn remember_async<S: AsyncStore>(self, store: &S) -> Result<Result<Assertion, Error>, S::Error> {
        let one_time_use = store.remember_nonce(&self.nonce).await?;
        Ok(self.answer(one_time_use))
    }

    /// The assertion, if nobody has seen it before.
    ///
    /// # Errors
    /// [`Forged::Replayed`] when somebody has.
    pub fn answer(self, one_time_use: OneTimeUse) -> Result<Assertion, Error> {
        match one_time_use {
            OneTimeUse::First => Ok(self.assertion),
            OneTimeUse::Replay => Err(Forged::Replayed.into()),
        }
    }
}

/// What a provider asserts of a user, and was entitled to.
///
/// Its key in your tables is [`claimed_id`](Self::claimed_id). Whatever can be had from here was signed.
///
/// ```
/// use oauth_proto::openid2::{Assertion, ax};
///
/// fn email(assertion: &Assertion) -> Option<String> {
///     assertion.extension::<ax::FetchResponse>()?.first(ax::EMAIL).map(str::to_owned)
/// }
/// ```
#[derive(Clone)]
pub struct Assertion {
    version: Version,
    endpoint: String,
    claimed: Option<(String, String)>,
    message: Message,
    invalidated: Option<String>,
}

impl Assertion {
    pub(super) fn new(
        version: Version,
        endpoint: String,
        claimed: Option<(String, String)>,
        mut message: Message,
        invalidated: Option<String>,
    ) -> Self {
        // Told from the rest by it, though not every provider signs it.
        if version == Version::V2_0 {
            message.set("ns", super::super::message::NS_2_0);
        }
        Self { version, endpoint, claimed, message, invalidated }
    }

    /// Who the user is: the key for what you keep of them (§11.5). `None` where the answer is about nobody. It may have a
    /// fragment, which tells the owners of a recycled URL apart.
    pub fn claimed_id(&self) -> Option<&str> {
        self.claimed.as_ref().map(|(claimed_id, _)| claimed_id.as_str())
    }

    /// The claimed identifier as it is shown to people: without its fragment (§11.5.1).
    pub fn display_id(&self) -> Option<&str> {
        self.claimed_id().map(|claimed_id| claimed_id.split('#').next().unwrap_or_default())
    }

    /// What the provider knows the user by.
    pub fn local_id(&self) -> Option<&str> {
        self.claimed.as_ref().map(|(_, local_id)| local_id.as_str())
    }

    /// The provider's endpoint.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The version of the protocol.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The handle of an association that the provider no longer knows (§11.4.2.2): drop it from where you keep it.
    pub fn invalidated(&self) -> Option<&str> {
        self.invalidated.as_deref()
    }

    /// A field of the protocol's, without `openid.`, if it was signed.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.message.get(name)
    }

    /// Returns what an extension's response says, of its signed fields: [`ax::FetchResponse`](crate::openid2::ax::FetchResponse),
    /// [`sreg::Response`](crate::openid2::sreg::Response), and so on. `None` where there is no response of the extension, or
    /// its namespace was not signed.
    pub fn extension<E: ResponseExtension>(&self) -> Option<E> {
        let found = E::NAMESPACES.iter().find_map(|namespace| self.message.extension(namespace, E::ALIAS_1_1))?;
        E::read(&found)
    }

    /// Returns the signed fields of any extension by its type URI. `None` where its namespace was not signed.
    pub fn raw_extension(&self, namespace: &str) -> Option<Extension> {
        self.message.extension(namespace, None)
    }
}

impl fmt::Debug for Assertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assertion")
            .field("claimed_id", &self.claimed_id())
            .field("endpoint", &self.endpoint)
            .field("namespaces", &self.message.namespaces().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
