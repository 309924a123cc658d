//! One leg after another, as one.

use crate::step::{Receive, Wake};
use crate::{Asleep, Error, Moment, Purpose, Response, Sent, Step};

/// A leg that goes on with what another one ends in.
pub(super) fn then<T: 'static, U: 'static>(
    step: Step<T>,
    moment: Moment,
    next: impl FnOnce(T, Moment) -> Result<Step<U>, Error> + Send + Sync + 'static,
) -> Result<Step<U>, Error> {
    match step {
        Step::Send(request, before) => Ok(Step::send(request, Then { before, next })),
        Step::Wait(until, before) => Ok(Step::wait(until, Then { before, next })),
        Step::Done(value) => next(value, moment),
    }
}

/// Two moments of one: the value of a moment must not be used for two things.
pub(super) fn divided(moment: Moment) -> (Moment, Moment) {
    let next = Moment::new(moment.now, moment.derive("sign_in next"));
    (moment, next)
}

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
        then(self.before.receive_unreported(response, moment)?, next, self.next)
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
        then(self.before.wake(moment)?, next, self.next)
    }

    fn purpose(&self) -> Purpose {
        self.before.purpose()
    }
}
