//! Steps that are combined into one: [`Step::map`] and [`Step::then`].

use super::step::{Receive, Wake};
use crate::{Asleep, Error, Moment, Purpose, Response, Sent, Step};

impl<T: 'static> Step<T> {
    /// Returns a step with another result. `end` makes it from the result of this step.
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::oauth2::Token;
    /// use oauth_proto::{Secret, Step};
    ///
    /// fn access_token(step: Step<Token>) -> Step<Secret> {
    ///     step.map(|token| token.access_token)
    /// }
    /// ```
    pub fn map<U: 'static>(self, end: impl FnOnce(T) -> U + Send + Sync + 'static) -> Step<U> {
        match self {
            Self::Send(request, before) => {
                let (uri, observer) = before.place();
                let next = |value| Ok(Step::Done(end(value)));
                Step::send_to(uri, request, AndThen { before, next }, &observer)
            }
            Self::Wait(until, before) => {
                let observer = before.observer();
                let next = |value| Ok(Step::Done(end(value)));
                Step::wait(until, AndThen { before, next }).observed_by(&observer)
            }
            Self::Done(value) => Step::Done(end(value)),
        }
    }

    /// Returns a step that continues with another one, like [`then`](Self::then). `next` gets no
    /// moment.
    pub(crate) fn and_then<U: 'static>(
        self,
        next: impl FnOnce(T) -> Result<Step<U>, Error> + Send + Sync + 'static,
    ) -> Result<Step<U>, Error> {
        match self {
            Self::Send(request, before) => {
                let (uri, observer) = before.place();
                Ok(Step::send_to(uri, request, AndThen { before, next }, &observer))
            }
            Self::Wait(until, before) => {
                let observer = before.observer();
                Ok(Step::wait(until, AndThen { before, next }).observed_by(&observer))
            }
            Self::Done(value) => next(value),
        }
    }

    /// Returns a step that continues with another one when this one is done.
    ///
    /// `next` gets the result and another moment. The entropy of each moment that the first step
    /// gets is divided, so no value is used twice. `moment` is used only if this step is done
    /// already.
    ///
    /// # Errors
    /// The errors of `next`, if this step is done already. If not, the returned step fails with
    /// them later.
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::oauth2::{Client, Introspection, Token};
    /// use oauth_proto::{Error, Moment, Step};
    ///
    /// fn introspected(
    ///     step: Step<Token>,
    ///     client: Client,
    ///     moment: Moment,
    /// ) -> Result<Step<Introspection>, Error> {
    ///     step.then(moment, move |token, moment| client.introspect(token.access_token, moment))
    /// }
    /// ```
    pub fn then<U: 'static>(
        self,
        moment: Moment,
        next: impl FnOnce(T, Moment) -> Result<Step<U>, Error> + Send + Sync + 'static,
    ) -> Result<Step<U>, Error> {
        match self {
            Self::Send(request, before) => {
                let (uri, observer) = before.place();
                Ok(Step::send_to(uri, request, Then { before, next }, &observer))
            }
            Self::Wait(until, before) => {
                let observer = before.observer();
                Ok(Step::wait(until, Then { before, next }).observed_by(&observer))
            }
            Self::Done(value) => next(value, moment),
        }
    }
}

/// Divides a moment into two, because a value of a moment must not be used twice.
#[allow(clippy::needless_pass_by_value, reason = "a moment must not be used again")]
pub(crate) fn divided(moment: Moment) -> (Moment, Moment) {
    // The first moment is derived, too: a step can divide its moment again.
    let first = Moment::new(moment.now, moment.derive("this leg"));
    (first, Moment::new(moment.now, moment.derive("next leg")))
}

/// Waits like the first step, and then continues with the next one.
struct Then<B, N> {
    before: B,
    next: N,
}

impl<T, U, N> Receive<U> for Then<Sent<T>, N>
where
    T: 'static,
    U: 'static,
    N: FnOnce(T, Moment) -> Result<Step<U>, Error> + Send + Sync + 'static,
{
    fn receive(self: Box<Self>, response: Response, moment: Moment) -> Result<Step<U>, Error> {
        let (moment, next) = divided(moment);
        self.before.receive_unreported(response, moment)?.then(next, self.next)
    }

    fn purpose(&self) -> Purpose {
        self.before.purpose()
    }
}

impl<T, U, N> Wake<U> for Then<Asleep<T>, N>
where
    T: 'static,
    U: 'static,
    N: FnOnce(T, Moment) -> Result<Step<U>, Error> + Send + Sync + 'static,
{
    fn wake(self: Box<Self>, moment: Moment) -> Result<Step<U>, Error> {
        let (moment, next) = divided(moment);
        self.before.wake(moment)?.then(next, self.next)
    }

    fn purpose(&self) -> Purpose {
        self.before.purpose()
    }
}

/// Waits like the first step, and continues with its result.
struct AndThen<B, N> {
    before: B,
    next: N,
}

impl<T, U, N> Receive<U> for AndThen<Sent<T>, N>
where
    T: 'static,
    U: 'static,
    N: FnOnce(T) -> Result<Step<U>, Error> + Send + Sync + 'static,
{
    fn receive(self: Box<Self>, response: Response, moment: Moment) -> Result<Step<U>, Error> {
        self.before.receive_unreported(response, moment)?.and_then(self.next)
    }

    fn purpose(&self) -> Purpose {
        self.before.purpose()
    }
}

impl<T, U, N> Wake<U> for AndThen<Asleep<T>, N>
where
    T: 'static,
    U: 'static,
    N: FnOnce(T) -> Result<Step<U>, Error> + Send + Sync + 'static,
{
    fn wake(self: Box<Self>, moment: Moment) -> Result<Step<U>, Error> {
        self.before.wake(moment)?.and_then(self.next)
    }

    fn purpose(&self) -> Purpose {
        self.before.purpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;

    #[test]
    fn consecutive_legs_get_different_moments() {
        let moment = |entropy| Moment::new(Timestamp::from_secs(1), [entropy; 32]);
        let (request, given) = (crate::Request::new(Vec::new()), |moment: &Moment| moment.entropy);
        let step = Step::exchange(request, Purpose::CallingApi, |_| Ok(Vec::new()));
        // The first ones are done at once, so all of them get their values from the moment of one
        // response.
        let next = move |mut all: Vec<[u8; 32]>, moment: Moment| {
            all.push(given(&moment));
            Ok(Step::Done(all))
        };
        let step = step
            .then(moment(1), next)
            .unwrap()
            .then(moment(2), next)
            .unwrap()
            .then(moment(3), next)
            .unwrap();
        let Step::Send(_, sent) = step else { panic!("expected a request") };
        let Ok(Step::Done(mut all)) = sent.receive(Response::new(Vec::new()), moment(4)) else {
            panic!("expected the end of the conversation")
        };
        all.push([4; 32]);
        for (at, one) in all.iter().enumerate() {
            assert!(all[at + 1..].iter().all(|other| other != one), "{all:?}");
        }
    }
}
