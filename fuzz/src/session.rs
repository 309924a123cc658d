//! Sessions that are used directly, and shared sessions in tasks that are polled, woken and
//! cancelled in any order. The server, the clock and the store behave arbitrarily.

use std::sync::Arc;
use std::time::Duration;

use arbitrary::Arbitrary;
use oauth_proto::oauth2::{
    AuthorizationServer, Client, Grant, NextAction, Session, SharedSession, StoredToken, Token,
    TokenPlacement, WithholdToken,
};
use oauth_proto::{DriveError, Error, Expired, Request, Response, Step, Timestamp, Unsupported};

use crate::session_environment::{
    API, Answer, Count, SessionEnvironment, TOKEN_ENDPOINT, Task, json, refusal, tokens,
};

#[derive(Arbitrary, Debug)]
pub struct Input {
    supplied: bool,
    lifetime: Option<u16>,
    refresh: bool,
    leeway: u8,
    unknown_lifetime: Option<u16>,
    reports: bool,
    heedless: bool,
    placement: u8,
    shared: bool,
    /// Whether other processes share the stored token.
    stored: bool,
    acts: Vec<Act>,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Act {
    Start(Kind),
    Poll(u8),
    Answer(u8, Answer),
    Cancel(u8),
    Clock(i16),
    Install(Option<u16>),
    /// Another process renews and stores the token.
    Elsewhere(Option<u16>),
    /// The user signs out.
    SignOut,
}

#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Get,
    Form,
    Json,
    Foreign,
    Withheld,
    /// Only the token, without a request to the API.
    Token,
}

type Ended = Result<Option<Response>, DriveError>;

pub fn run(input: Input) {
    let client = Client::new(AuthorizationServer::new(TOKEN_ENDPOINT).unwrap(), "client")
        .secret("client-secret");
    let token = (!input.supplied).then(|| token(&input, input.lifetime));
    let mut session = Session::new(&client, API, token).unwrap();
    session.grant = input.supplied.then(Grant::client_credentials);
    session.leeway = Duration::from_secs(input.leeway.into());
    session.token_placement = placement(input.placement);
    session.unknown_lifetime =
        input.unknown_lifetime.map(|lifetime| Duration::from_secs(lifetime.into()));
    session.return_renewals = input.reports;
    session.without_renewal_on_401 = input.heedless;
    if input.shared { shared(&input, session) } else { by_hand(&input, session) }
}

fn token(input: &Input, lifetime: Option<u16>) -> Token {
    let mut token = Token::bearer("access-0");
    token.refresh_token = input.refresh.then(|| "refresh-0".into());
    token.expires_at = lifetime.map(|seconds| Timestamp::from_secs(100_000 + u64::from(seconds)));
    token
}

fn placement(which: u8) -> TokenPlacement {
    match which % 6 {
        0 => TokenPlacement::Bearer,
        1 => TokenPlacement::Scheme("OAuth"),
        2 => TokenPlacement::Header("x-token"),
        3 => TokenPlacement::Form("access_token"),
        4 => TokenPlacement::AllowQuery("access_token"),
        _ => TokenPlacement::AllowBearerAndParameter("access_token"),
    }
}

fn request(kind: Kind) -> Request {
    let builder = match kind {
        Kind::Get | Kind::Token => http::Request::get(format!("{API}/a?b=c&access_token=old")),
        Kind::Form => {
            http::Request::post(API).header("content-type", "application/x-www-form-urlencoded")
        }
        Kind::Json => http::Request::put(API).header("content-type", "application/json"),
        Kind::Foreign => http::Request::get("https://api.example@b.example/"),
        Kind::Withheld => http::Request::get("https://b.example/").extension(WithholdToken),
    };
    let body: &[u8] = match kind {
        Kind::Form => b"a=b&access_token=old",
        Kind::Json => b"{}",
        _ => b"",
    };
    builder.body(body.to_vec()).unwrap()
}

fn shared(input: &Input, session: Session) {
    let environment = Arc::new(SessionEnvironment::default());
    environment.now.set(100_000);
    environment.reports.set(input.reports);
    environment.saved.borrow().insert("access-0".to_owned());
    let shared = share(input, session, &environment);
    let mut tasks: Vec<(Kind, Task<Ended>)> = Vec::new();
    for act in input.acts.iter().take(200) {
        match *act {
            Act::Start(kind) if tasks.len() < 4 => {
                tasks.push((kind, start(&shared, &environment, kind)))
            }
            Act::Poll(which) if !tasks.is_empty() => {
                let which = usize::from(which) % tasks.len();
                poll(&mut tasks, which);
            }
            Act::Cancel(which) if !tasks.is_empty() => {
                let which = usize::from(which) % tasks.len();
                tasks.swap_remove(which);
            }
            Act::Answer(which, answer) => drop(environment.answer(which.into(), answer)),
            Act::Clock(seconds) => {
                environment.now.set(environment.now.get().saturating_add_signed(seconds.into()))
            }
            Act::Install(lifetime) => {
                let token = token(input, lifetime);
                environment.grant(&token);
                environment.row.set(Some(StoredToken::new(token.clone())));
                shared.set_token(token);
            }
            Act::Elsewhere(lifetime) if input.stored && !input.supplied => {
                environment.renew_elsewhere(lifetime)
            }
            Act::SignOut if input.stored && !input.supplied => environment.row.set(None),
            Act::Start(_) | Act::Poll(_) | Act::Cancel(_) | Act::Elsewhere(_) | Act::SignOut => {}
        }
    }
    finish(&environment, &mut tasks);
    // From now on, all requests succeed, and the API accepts only the newest token.
    environment.now.set(1 << 40);
    environment.strict.set(true);
    tasks.push((Kind::Get, start(&shared, &environment, Kind::Get)));
    finish(&environment, &mut tasks);
    let session = shared.session();
    let has_refresh_token = session.token().is_some_and(|token| token.refresh_token.is_some());
    let renewable = session.grant.is_some() || has_refresh_token;
    let is_lost =
        if input.stored { environment.is_lost() } else { !environment.unsaved.borrow().is_empty() };
    assert!(!is_lost || !renewable, "{:?} is lost", environment.unsaved);
}

/// Makes a shared session whose tokens are saved in the environment, by one or several processes.
fn share(input: &Input, session: Session, environment: &Arc<SessionEnvironment>) -> SharedSession {
    let clock = environment.clone();
    let builder = SharedSession::builder_with(session, move || clock.moment());
    if input.reports {
        return builder.build().unwrap();
    }
    if !input.stored {
        let environment = environment.clone();
        let save = move |token| {
            let environment = environment.clone();
            async move { environment.save(token).await }
        };
        return builder.save(save).build().unwrap();
    }
    if !input.supplied {
        environment.row.set(Some(StoredToken::new(token(input, input.lifetime))));
    }
    let (loads, stores) = (environment.clone(), environment.clone());
    let load = move || {
        let environment = loads.clone();
        async move { environment.load().await }
    };
    let store = move |write| {
        let environment = stores.clone();
        async move { environment.store_if_unchanged(write).await }
    };
    builder.load(load).store_if_unchanged(store).build().unwrap()
}

/// Polls the woken futures and lets waiting requests succeed, until all tasks are done.
fn finish(environment: &SessionEnvironment, tasks: &mut Vec<(Kind, Task<Ended>)>) {
    for _ in 0..1000 {
        if let Some(which) = tasks.iter().position(|(_, task)| task.is_woken()) {
            poll(tasks, which);
        } else if !environment.answer(0, Answer::Good(Some(3600))) {
            break;
        }
    }
    assert!(tasks.is_empty(), "{} tasks wait for ever", tasks.len());
}

fn poll(tasks: &mut Vec<(Kind, Task<Ended>)>, which: usize) {
    let Some(ended) = tasks[which].1.poll() else { return };
    let (kind, _) = tasks.swap_remove(which);
    if kind == Kind::Foreign {
        let foreign = matches!(
            ended,
            Err(DriveError::Protocol { error: Error::Unsupported(Unsupported::Url { .. }), .. })
        );
        assert!(foreign, "{ended:?}");
    }
    if let Err(error) = &ended {
        let shown = format!("{error} {error:?}");
        assert!(
            !shown.contains("access-")
                && !shown.contains("refresh-")
                && !shown.contains("client-secret"),
            "{shown}"
        );
    }
}

fn start(shared: &SharedSession, environment: &Arc<SessionEnvironment>, kind: Kind) -> Task<Ended> {
    let (shared, environment, count) =
        (shared.clone(), environment.clone(), Arc::new(Count::default()));
    Task::new(async move {
        let send = |request: Request| {
            let (environment, count) = (environment.clone(), count.clone());
            async move { environment.send(request, &count, kind == Kind::Withheld).await }
        };
        let ended = if kind == Kind::Token {
            shared.token_async(send).await.map(|_| None)
        } else {
            shared.fetch_async(request(kind), send).await.map(Some)
        };
        match kind {
            Kind::Foreign => assert_eq!((count.api.get(), count.renewals.get()), (0, 0)),
            Kind::Withheld => assert_eq!((count.api.get(), count.renewals.get()), (1, 0)),
            Kind::Token => assert!(count.api.get() == 0 && count.renewals.get() <= 1),
            _ => assert!(ended.is_err() || count.api.get() >= 1),
        }
        ended
    })
}

/// Uses a session as its documentation shows: each request is sent once, or twice if the response
/// requires a new token.
fn by_hand(input: &Input, mut session: Session) {
    let mut now = 100_000;
    let mut issued = 0;
    let mut answers = input.acts.iter().filter_map(|act| match act {
        Act::Answer(_, answer) => Some(*answer),
        _ => None,
    });
    for act in input.acts.iter().take(100) {
        let kind = match *act {
            Act::Start(kind) if kind != Kind::Token => kind,
            Act::Clock(seconds) => {
                now = Timestamp::as_secs(Timestamp::from_secs(now))
                    .saturating_add_signed(seconds.into());
                continue;
            }
            Act::Install(lifetime) => {
                session.set_token(token(input, lifetime));
                continue;
            }
            _ => continue,
        };
        let mut answer = || answers.next().unwrap_or(Answer::Failed);
        let mut request = request(kind);
        let sent_token = match session.attach_token(&mut request, Timestamp::from_secs(now)) {
            Err(Error::Expired(Expired::Token)) => {
                assert!(
                    kind != Kind::Foreign && kind != Kind::Withheld && tokens(&request).is_empty()
                );
                let Some(token) =
                    renew(session.renew(crate::requests::moment(now, 1)), answer(), &mut issued)
                else {
                    continue;
                };
                session.set_token(token);
                session.attach_renewed_token(&mut request)
            }
            sent_token => sent_token,
        };
        let Ok(sent_token) = sent_token else { continue };
        carries(&session, &request, kind);
        let response = respond(answer());
        let verdict =
            session.check_response(sent_token, &response, crate::requests::moment(now, 2));
        let again = match verdict {
            Ok(NextAction::Renew(step, again)) => {
                let Some(token) = renew(Ok(step), answer(), &mut issued) else { continue };
                session.set_token(token);
                again
            }
            Ok(NextAction::Retry(_)) => panic!("expected no other renewal"),
            Ok(NextAction::Done | NextAction::Reauthorize) | Err(_) => continue,
        };
        assert!(response.status() == 401 && kind != Kind::Withheld && !input.heedless);
        if let Ok(sent_token) = session.retry(&mut request, again) {
            carries(&session, &request, kind);
            // The request was already repeated with a new token, so it is not repeated again.
            let verdict = session.check_response(
                sent_token,
                &respond(answer()),
                crate::requests::moment(now, 3),
            );
            assert!(matches!(verdict, Ok(NextAction::Done)));
        }
    }
}

/// Asserts that the request is for the session's API, and has only the token of the session.
fn carries(session: &Session, request: &Request, kind: Kind) {
    assert!(kind != Kind::Foreign);
    let expected = session
        .token()
        .filter(|_| kind != Kind::Withheld)
        .map(|token| token.access_token.expose().to_owned());
    assert_eq!(tokens(request), expected.into_iter().collect());
}

fn renew(step: Result<Step<Token>, Error>, answer: Answer, issued: &mut u32) -> Option<Token> {
    *issued += 1;
    let body = format!(r#"{{"access_token":"access-{issued}","token_type":"bearer"}}"#);
    let response = match answer {
        Answer::Good(_) => json(200, &body),
        Answer::Refused(_) => json(400, r#"{"error":"invalid_grant"}"#),
        Answer::Garbage => json(200, "{"),
        Answer::Failed => return None,
    };
    let mut response = Some(response);
    let send = |request: Request| {
        assert_eq!(request.uri(), TOKEN_ENDPOINT);
        response.take().ok_or("asked twice")
    };
    match oauth_proto::run_with(
        step.ok()?,
        send,
        || crate::requests::moment(1, 3),
        |_| panic!("renewals do not wait"),
    ) {
        Err(error @ DriveError::Transport { .. }) => panic!("{error}"),
        ended => ended.ok(),
    }
}

fn respond(answer: Answer) -> Response {
    match answer {
        Answer::Refused(challenge) => refusal(challenge),
        _ => Response::new(Vec::new()),
    }
}
